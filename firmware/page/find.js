"use strict";
// Finding meters and chargers, and the test of the wiring: one search at a time, and what it finds
// is taken over by a tap.

let searching;

async function openFind() {
  if (!(await loadSettings())) return;
  const known = settings.chargers.filter((line) => line.url);
  const { charger } = byId["find-wiring"].elements;
  charger.replaceChildren(
    ...known.map((line) => make("option", { value: line.id }, nameOf(line))),
  );
  const { subnet } = byId["find-chargers"].elements;
  const [near] = /\d+\.\d+\.\d+(?=\.)/.exec(known[0]?.url ?? location.host) ?? [""];
  subnet.value ||= near;
  watchSearch();
}

const FOUND = { meters: foundMeter, chargers: foundCharger, wiring: foundWiring };

for (const what in FOUND) {
  const form = byId["find-" + what];
  form.onsubmit = async (event) => {
    event.preventDefault();
    const { charger, subnet } = form.elements;
    const [near, port] = (subnet?.value ?? "").trim().split(":");
    const asked = { id: charger && Number(charger.value), subnet: near, port: port && Number(port) };
    const { error } = await call("api/find/" + what, "POST", asked);
    announce(error);
    if (!error) watchSearch();
  };
}

async function watchSearch() {
  clearTimeout(searching);
  const { value } = await call("api/find");
  if (value?.what) showSearch(value);
  if (value?.ended === false) searching = setTimeout(watchSearch, 1000);
}

function showSearch({ what, done, of, found, ended, error }) {
  const place = byId["find-" + what].nextElementSibling;
  if (place.count !== found.length || !found.length) {
    place.count = found.length;
    place.bar = make("progress", { ariaLabel: words.find[what] });
    place.said = make("p", { role: "status" });
    place.end = tapOf("find.end", () => call("api/find", "DELETE"));
    const results = found.map((one) => make("li", {}, ...FOUND[what](one)));
    place.all = tapOf("find.all", async () => {
      for (const add of place.querySelectorAll("li button:enabled:not([hidden])"))
        await add.onclick();
    });
    const results_node = make("ul", {}, ...results);
    place.replaceChildren(place.bar, place.said, place.end, place.all, results_node);
  }
  place.all.hidden = what !== "chargers" || found.length < 2;
  place.bar.hidden = place.end.hidden = ended;
  place.bar.max = of || 1;
  place.bar.value = done;
  const said = error ? "failed" : !ended ? "goes" : found.length ? "ended" : "nothing_" + what;
  tell(place.said, "find." + said, { count: found.length, error, done, of });
}

const titled = (title, about) =>
  make("p", {}, make("b", {}, text(title)), " ", make("small", {}, text(about)));
const bad = (sentence) => make("p", { className: "bad" }, text(sentence));

function foundMeter({ baud, parity, stop, address, types, trouble }) {
  const choice = make(
    "select",
    { ariaLabel: wordOf("fields.type|0") },
    ...types.map((type) => make("option", {}, type)),
  );
  choice.hidden = types.length < 2;
  const use = tapOf("find.use", () =>
    useMeter({ type: choice.value, baud, parity, stop, address }),
  );
  return [
    titled(types[0], baud + " 8" + parity + stop + ", " + address),
    bad(trouble),
    choice,
    use,
  ];
}

// The rest of the settings stays as it is; without a limit there is nothing to save yet.
async function useMeter(found) {
  await call("api/find", "DELETE");
  const { site } = settings;
  const meter = { ...site?.meter, ...found };
  if (found.type !== "own") delete meter.map;
  if (site?.limit_ma) return (await save("api/site", { ...site, meter })) ?? loadSettings();
  proposed = { meter };
  location.hash = "settings";
}

function foundCharger({ driver, name, url, locked }) {
  const add = tapOf("find.add", async () => {
    const id = freeId();
    const line = { id, driver, url, name: text(name).slice(0, 32) };
    if (await save("api/chargers/" + id, line)) return;
    added();
    settings.chargers.push(line);
  });
  const added = () => {
    add.disabled = true;
    tell(add, "find.there");
  };
  if (settings.chargers.some((line) => line.url === url)) added();
  add.hidden = !driver;
  return [titled(name || driver, driver + " " + url), bad(locked ? words.find.locked : ""), add];
}

function foundWiring(one) {
  const line = settings.chargers.find(({ id }) => id === one.id);
  const numbers = { ...one, state: words.states["ABCDEF"[one.state]] };
  const change = tapOf(["find.phases", one], () =>
    save("api/chargers/" + line.id, { ...line, phases: one.phases }),
  );
  change.hidden = !one.differs || one.code !== "told";
  return [make("p", { word: ["wiring." + one.code, numbers] }), change];
}
