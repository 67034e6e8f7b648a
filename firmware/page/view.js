"use strict";
// The grid connection and the chargers, drawn from one status of the device.

// A surplus below this is taken for the age of the cars' figures and not drawn.
const EXPORT_MA = 1000;

const byId = {};
for (const node of document.querySelectorAll("[id]")) byId[node.id] = node;

// --- Touching the document only where something changed -----------------------------------------

function put(node, content) {
  if (node.shown !== content) node.textContent = node.shown = content;
}

function putClass(node, name) {
  if (node.shownClass !== name) node.className = node.shownClass = name;
}

// Places a node from one percentage to another; without the second it is a mark.
function putAt(node, from, to = null) {
  const hidden = from === null || (to !== null && to <= from);
  const left = hidden ? "" : from.toFixed(2) + "%";
  const width = hidden || to === null ? "" : (to - from).toFixed(2) + "%";
  if (node.shownAt === left + width) return;
  node.shownAt = left + width;
  node.hidden = hidden;
  node.style.left = left;
  node.style.width = width;
}

const tell = (node, key, numbers) => put(node, key ? wordOf(key, numbers) : "");

function putWords(parent) {
  for (const node of parent.querySelectorAll("[data-word]")) tell(node, node.dataset.word);
}

// An element with its properties (`word`: a key, or that and its numbers) or attributes, and what is
// in it.
function make(tag, about = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (name === "word") tell(node, ...[value].flat());
    else if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const tapOf = (word, onclick, about) =>
  make("button", { type: "button", word, onclick, ...about });

function hide(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

function press(button, pressed) {
  if (button.ariaPressed !== String(pressed)) button.ariaPressed = pressed;
}

// Said once by a screen reader, and shown for some seconds.
let saying;
function announce(coded) {
  clearTimeout(saying);
  put(byId.said, coded && sayCode({ ...words, ...words.errors }, coded));
  if (coded) saying = setTimeout(announce, 8000);
}

// As many rows as there are entries, made once from a template and used again.
function rows(parent, template, count) {
  while (parent.children.length > count) parent.lastElementChild.remove();
  while (parent.children.length < count) {
    const row = byId[template].content.firstElementChild.cloneNode(true);
    row.found = {};
    row.find = (selector) => (row.found[selector] ??= row.querySelector(selector));
    putWords(row);
    parent.append(row);
  }
  return parent.children;
}

// --- The grid connection ------------------------------------------------------------------------

function carsOn(phase, status) {
  const drawn = list(status.chargers).map((charger) => three(record(charger).phase_ma)[phase]);
  return drawn.reduce((sum, ma) => sum + (ma ?? 0), 0);
}

// House and cars of one phase: what the chargers measure is the cars', the rest is the house's.
function phaseOf(phase, status) {
  const grid = record(status.grid);
  const cars = carsOn(phase, status);
  const total = three(grid.phase_ma)[phase];
  const rest = total === null ? null : total - cars;
  const noSurplus = rest !== null && rest < 0 && rest > -EXPORT_MA && total >= 0;
  return {
    total,
    cars,
    house: noSurplus ? 0 : rest,
    budget: three(status.budget_ma)[phase],
    jump: three(grid.largest_jump_ma)[phase],
    largest: number(record(status.site).largest_consumer_ma),
  };
}

// One scale for all phases, in steps of a quarter of the limit so that it stands still.
function scaleOf(phases, limit) {
  const step = (limit > 0 ? limit : 16000) / 4;
  const highest = Math.max(...phases.map((phase) => phase.total ?? phase.cars));
  const lowest = Math.min(...phases.map((phase) => Math.min(phase.total ?? 0, phase.house ?? 0)));
  const low = lowest > -EXPORT_MA ? 0 : Math.floor(lowest / step) * step;
  const high = Math.max(step * 4.5, Math.ceil(highest / step + 0.2) * step);
  return (ma) =>
    ma === null ? ma : Math.min(100, Math.max(0, (100 * (ma - low)) / (high - low)));
}

function showMark(node, at, content) {
  putAt(node, at);
  put(node, content);
  putClass(node, at > 20 ? "before" : "");
}

// Raises and cuts end so far below the target (design, section 4).
const aimOf = (target, limit) =>
  target === null ? target : Math.max(0, target - Math.max(500, limit / 100));

function showScale({ scale, target, limit }) {
  const target_text =
    target === null ? "" : wordOf("target", { target_ma: target, aim_ma: aimOf(target, limit) });
  const limit_text = limit === null ? "" : wordOf("limit", { limit_ma: limit });
  showMark(byId["mark-target"], scale(target), target_text);
  showMark(byId["mark-zero"], scale(0), "0");
  showMark(byId["mark-limit"], scale(limit), limit_text);
  put(byId.marks, [target_text, limit_text].filter(Boolean).join(", "));
}

function verdict(phase, { target, limit }) {
  if (phase.total === null) return "";
  if (limit !== null && phase.total > limit) return "above_limit";
  if (target !== null && phase.total > target) return "above_target";
  return phase.total <= -EXPORT_MA / 2 ? "feeding_in" : "";
}

// A surplus of the house lies left of zero; the cars take theirs from it first, so their part
// starts where the house ends and reaches to the needle, which is what the meter reads.
function showBar(row, phase, { scale, target, limit }) {
  const house = phase.house ?? 0;
  const end = phase.total ?? phase.cars;
  const cars_from = scale(Math.min(house, end));
  putAt(row.find(".track .house"), scale(0), scale(Math.max(0, Math.min(house, end))));
  putAt(row.find(".track .sun"), scale(Math.min(end, 0)), scale(0));
  putAt(row.find(".track .cars"), cars_from, phase.cars > 0 ? scale(end) : cars_from);
  putAt(row.find(".beyond"), scale(limit), 100);
  putAt(row.find(".aim"), scale(aimOf(target, limit)), scale(target));
  putAt(row.find(".zero"), scale(0) || null);
  putAt(row.find(".track .target"), scale(target));
  putAt(row.find(".track .limit"), scale(limit));
  putAt(row.find(".needle"), scale(phase.total));
}

function showParts(row, { house, cars, budget, jump, largest }) {
  const sun = house < 0;
  const about = row.find(".detail .house");
  putClass(about, sun ? "house is-sun" : "house");
  tell(about, sun ? "surplus" : "house", { amount: measured(sun ? -house : house) });
  const of = budget === null ? "" : "_of";
  const amount = of ? bare(cars) : measured(cars);
  tell(row.find(".detail .cars"), "cars" + of, { amount, most: measured(budget) });
  const key = jump === null ? "" : largest === null ? "jump" : "jump_of";
  tell(row.find(".jump"), key, { amount: measured(jump), setting: amperes(largest) });
}

function showPhase(row, phase, name, marks) {
  const found = verdict(phase, marks);
  putClass(row, "phase is-" + found.replace("_", "-"));
  put(row.find("h3"), name);
  put(row.find(".figure b"), measured(phase.total));
  tell(row.find(".verdict"), found);
  showParts(row, phase);
  showBar(row, phase, marks);
}

// A hint only: a coarse meter of a steady load may stand still. Control goes by what the chargers
// measure, which is `trouble`.
const UNCHANGED_S = 300;
const UNCHANGED_MA = 500;

function isUnchanged(status) {
  const flows = three(record(status.grid).phase_ma).some((ma) => Math.abs(ma) > UNCHANGED_MA);
  return flows && number(record(status.meter).unchanged_s) >= UNCHANGED_S;
}

const isStatic = (status) => status.grid === null || record(status.site).meter === null;

function meterText(status) {
  const { ok, age_ms, trouble } = record(status.grid);
  const { unchanged_s } = record(status.meter);
  const shares = three(status.budget_ma).filter((ma) => ma !== null);
  const share_ma = shares.length ? Math.max(...shares) : null;
  const age_s = number(age_ms) === null ? null : age_ms / 1000;
  const age = age_s < 9.95 ? exact.format(age_s) + "\u00a0s" : duration(age_s);
  let key = isUnchanged(status) ? "unchanged" : "age";
  if (!ok) key = shares.length ? "lost" : "lost_unknown";
  if (["frozen", "contradicted"].includes(trouble)) key = trouble;
  if (age_s === null) key = "never";
  if (isStatic(status)) key = "none";
  return wordOf("meter_" + key, { age, age_s, share_ma, unchanged_s });
}

function showGrid(status) {
  const phases = [0, 1, 2].map((phase) => phaseOf(phase, status));
  const target = number(record(status.grid).target_ma);
  const limit = number(record(status.site).limit_ma);
  const marks = { scale: scaleOf(phases, limit), target, limit };
  put(byId.meter, meterText(status));
  putClass(byId.meter, isStatic(status) || record(status.grid).ok ? "" : "is-lost");
  showScale(marks);
  const made = rows(byId.phases, "phase-row", 3);
  phases.forEach((phase, index) => showPhase(made[index], phase, "L" + (index + 1), marks));
  showUnmeasured(list(status.chargers).map(record));
}

function showUnmeasured(chargers) {
  const charging = chargers.filter((charger) => ["C", "D"].includes(charger.state));
  const count = charging.filter((charger) => !Array.isArray(charger.phase_ma)).length;
  tell(byId.unmeasured, count && "unmeasured", { count });
}

// --- The chargers -------------------------------------------------------------------------------

const stateOf = (charger) => (own(words.states, text(charger.state)) ? charger.state : "?");

const nameOf = (charger) => text(charger.name) || wordOf("charger_number", charger);

function showCurrents(row, charger, drawn) {
  const set = number(charger.set_ma);
  const most = number(charger.max_ma);
  const part = (ma) => (most > 0 ? Math.min(100, Math.max(0, (100 * ma) / most)) : 0);
  put(row.find(".set b"), measured(set));
  tell(row.find(".most"), most > 0 && "most", charger);
  putAt(row.find(".gauge .told"), 0, part(set ?? 0));
  putAt(row.find(".gauge .drawn"), 0, part(Math.max(...drawn)));
  row.found.figures ??= row.querySelectorAll(".measured b");
  drawn.forEach((ma, phase) => put(row.found.figures[phase], bare(ma)));
}

function showCharger(row, charger) {
  const state = stateOf(charger);
  const drawn = three(charger.phase_ma);
  const unmeasured = drawn.every((ma) => ma === null) ? " is-unmeasured" : "";
  putClass(row, "charger state-" + (state === "?" ? "none" : state) + unmeasured);
  put(row.find("h3 bdi"), nameOf(charger));
  put(row.find(".letter"), state);
  put(row.find(".state .word"), words.states[state]);
  tell(row.find(".energy"), state !== "A" && charger.wh > 0 && "energy", charger);
  showReason(row, charger);
  showCurrents(row, charger, drawn);
  showTaps(row, charger, state);
}

// Numbers of a reason that run go on running until the next answer.
function showReason(row, charger) {
  const reason = { ...record(charger.reason) };
  const past_s = (performance.now() - charger.heard_ms) / 1000;
  if (number(reason.left_s) !== null)
    reason.left_s = Math.max(0, Math.ceil(reason.left_s - past_s));
  if (number(reason.age_s) !== null) reason.age_s += past_s;
  put(row.find(".reason"), sayCode(words.reasons, reason));
}

function showRunning(status) {
  [...byId.chargers.children].forEach((row, index) => showReason(row, status.chargers[index]));
}

// --- What a tap does to a charger ---------------------------------------------------------------

function showTaps(row, charger, state) {
  const { paused, priority } = charger;
  const pause = row.find(".pause");
  const first = row.find(".priority");
  hide(row.find(".taps"), typeof paused !== "boolean" || !charger.id);
  hide(pause, state === "A" && !paused);
  showTap(pause, paused ? words.resume : words.pause, charger, "pause", { paused: !paused });
  const level = [0, 1].includes(priority) ? "" : " " + signed(text(priority));
  showTap(first, words.priority + level, charger, "priority", { priority: priority > 0 ? 0 : 1 });
  press(first, priority > 0);
}

function showTap(button, content, charger, what, value) {
  put(button, content);
  const label = content + ": " + nameOf(charger);
  if (button.ariaLabel !== label) button.ariaLabel = label;
  button.onclick = async () => {
    const { error } = await call("api/chargers/" + charger.id + "/" + what, "POST", value);
    announce(error);
    if (!error) Object.assign(charger, value);
    show();
  };
}

function showChargers(status) {
  const chargers = list(status.chargers).map(record);
  const made = rows(byId.chargers, "charger-row", chargers.length);
  const counts = {};
  chargers.forEach((charger, index) => {
    const state = stateOf(charger);
    counts[state] = (counts[state] || 0) + 1;
    showCharger(made[index], charger);
  });
  const states = Object.keys(words.states).filter((state) => counts[state]);
  const summary = states.map((state) => words.states[state] + "\u00a0" + counts[state]);
  put(byId.summary, summary.join(" · ") || words.no_chargers);
  byId.columns.hidden = chargers.length === 0;
}
