"use strict";
// What each phase carried in the last hour or day: the house, the cars on top of it, the highest
// current, target and limit. A row of `api/history` is the time at its end, then in 0.1 A the means
// of L1 to L3, their highest, and the cars' means.

const SPANS = { hour: 3600, day: 86400 };
let span = "hour";
let plotted_ms = -Infinity;

// A path through places; a gap where one is not known.
function line(places) {
  let path = "";
  let joined = false;
  for (const [x, y] of places) {
    if (y !== null) path += (joined ? "L" : "M") + x.toFixed(1) + " " + y.toFixed(1);
    joined = y !== null;
  }
  return path;
}

// The area between two lines, where both are known.
function area(lower, upper) {
  let path = "";
  for (let from = 0, to = 0; to <= lower.length; to += 1) {
    if (to < lower.length && upper[to][1] !== null) continue;
    if (to > from) {
      path += line([...lower.slice(from, to), ...upper.slice(from, to).reverse()]) + "Z";
    }
    from = to + 1;
  }
  return path;
}

function showPlots(rows_now, end_s, limit, target) {
  const all = rows_now.flatMap((row) => row.slice(1)).concat(limit);
  const high = Math.max(...all) * 1.08 + 1;
  const low = Math.min(...all, 0);
  const place = (row, value) => [
    600 - (600 * (end_s - row[0])) / SPANS[span],
    value === null ? null : 100 - (100 * (value - low)) / (high - low),
  ];
  const made_rows = rows(byId.plots, "plot-row", 3);
  for (let phase = 0; phase < 3; phase += 1) {
    const of = (value) => rows_now.map((row) => place(row, value(row)));
    const mean = (row) => number(row[1 + phase]);
    const cars = (row) => number(row[7 + phase]);
    const house = of((row) => (mean(row) === null ? null : mean(row) - cars(row)));
    const level = (value) => line([0, end_s].map((at_s) => place([at_s], value)));
    const paths = {
      house: area(
        of(() => 0),
        house,
      ),
      cars: area(house, of(mean)),
      high: line(of((row) => number(row[4 + phase]))),
      target: level(target),
      limit: level(limit),
    };
    const sum = rows_now.reduce((total, row) => total + cars(row), 0);
    showPlot(made_rows[phase], "L" + (phase + 1), paths, {
      most_ma: 100 * Math.max(...rows_now.map((row) => row[4 + phase])),
      cars_ma: (100 * sum) / rows_now.length,
    });
  }
}

function showPlot(row, name, paths, numbers) {
  for (const key in paths) row.find("path." + key).setAttribute("d", paths[key]);
  put(row.find("h3"), name);
  tell(row.find(".most"), "plot_most", numbers);
  tell(row.find(".ends span"), span + "_ago");
  row.find("svg").setAttribute("aria-label", name + ": " + row.find(".most").shown);
}

// Asks for it when there may be something new.
async function plot(anew) {
  const now_ms = performance.now();
  if (!access.in || (!anew && now_ms - plotted_ms < SPANS[span] * 9)) return;
  plotted_ms = now_ms;
  for (const button of byId.spans.children) press(button, button.id === span);
  const asked = span;
  const answer = await call("api/history?span=" + asked);
  const found = list(answer.value?.rows).filter(Array.isArray);
  if (span !== asked || !found.length) return;
  const limit = (number(status_now.site?.limit_ma) ?? 0) / 100;
  showPlots(found, number(status_now.uptime_s) ?? 0, limit, number(answer.value.target));
}

for (const name in SPANS) {
  byId.spans.append(tapOf(name, () => plot((span = name)), { id: name }));
}
