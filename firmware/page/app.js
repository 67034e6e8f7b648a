"use strict";
// Asks the device about once a second, as long as somebody looks, for what has changed, and shows
// the answer or says in words why there is none; leads through the first steps and the views.

const POLL_MS = 1000;
const SLOWEST_MS = 8000;
const DEADLINE_MS = 5000;
// How often all is asked for, for what `api/changes` leaves out.
const WHOLE_MS = 30000;

let status_now = null;
let heard_ms = 0;
let whole_ms = -Infinity;
let knows_changes = true;
let failure = { code: "connecting" };

// --- Showing ------------------------------------------------------------------------------------

function showWarnings(status) {
  const warnings = list(status.warnings).map((warning) => sayCode(words.warnings, warning));
  const sentences = warnings.filter(Boolean);
  const shown = rows(byId["warning-list"], "warning-row", sentences.length);
  sentences.forEach((sentence, index) => put(shown[index], sentence));
  hide(byId.warnings, sentences.length === 0);
}

// The age stands outside of the live region: a screen reader is told once, not each second.
function showConnection() {
  const silent = failure !== null && failure.code !== "connecting";
  putClass(document.body, silent ? "is-silent" : failure ? "" : "is-live");
  put(byId.connection, failure ? sayCode(words, failure) : words.live);
  const age_s = (performance.now() - heard_ms) / 1000;
  tell(byId.silence, silent && status_now && "silent_for", { age_s });
}

function show() {
  showConnection();
  if (status_now === null) return;
  const name = text(record(status_now.site).name) || "Amprail";
  put(byId.name, name);
  if (document.title !== name) document.title = name;
  showSteps(status_now);
  if (view === "live") {
    showWarnings(status_now);
    showGrid(status_now);
    showChargers(status_now);
    plot(false);
  }
  byId.main.hidden = false;
}

// --- Asking -------------------------------------------------------------------------------------

const heardNow = (chargers) =>
  list(chargers).map((charger) => ({ ...record(charger), heard_ms: performance.now() }));

const same = (one, other) => one.id === other.id && (one.id || one.name === other.name);

// Puts what has changed into what is known; false where only the whole status will do.
function take(changes) {
  const restarted = changes.uptime_s < status_now.uptime_s;
  const { settings: number_now = changes.settings } = status_now;
  if (restarted || number_now !== changes.settings) return false;
  const { chargers, ...rest } = changes;
  Object.assign(status_now, rest);
  for (const charger of heardNow(chargers)) {
    const at = status_now.chargers.findIndex((one) => same(one, charger));
    if (at < 0) return false;
    status_now.chargers[at] = charger;
  }
  return true;
}

async function read(signal) {
  const now = performance.now();
  if (knows_changes && status_now && now - whole_ms < WHOLE_MS) {
    const since = number(status_now.cycle) ?? "";
    const { value, error } = await call("api/changes?since=" + since, "GET", undefined, { signal });
    if (error?.status === 404) knows_changes = false;
    else if (error) return error;
    else if (isRecord(value) && take(value)) return null;
  }
  const { value, error } = await call("api/status", "GET", undefined, { signal });
  if (error) return error;
  if (!isRecord(value)) return { code: "unreadable" };
  status_now = { ...value, chargers: heardNow(value.chargers) };
  whole_ms = now;
  return null;
}

// What went wrong as a code with its numbers, or null.
async function ask() {
  const giveUp = new AbortController();
  const deadline = setTimeout(() => giveUp.abort(), DEADLINE_MS);
  const error = await read(giveUp.signal);
  clearTimeout(deadline);
  if (error === null) heard_ms = performance.now();
  return error;
}

let timer;
let asking = false;
let wait_ms = POLL_MS;

// Never two requests at once; none while nobody looks, or while somebody says who they are: between
// a claim and its cookie a request would be refused.
async function poll() {
  clearTimeout(timer);
  const waits = updating || byId.login.open;
  if (waits) timer = setTimeout(poll, POLL_MS);
  if (waits || asking || document.hidden) return;
  asking = true;
  if (failure?.code === "connecting") await ensure();
  const first = status_now === null;
  failure = await ask();
  asking = false;
  wait_ms = failure ? Math.min(wait_ms * 2, SLOWEST_MS) : POLL_MS;
  timer = setTimeout(poll, wait_ms);
  if (first && status_now) begin();
  show();
}

// The settings have changed: all is asked for again, and at once.
function forgetStatus() {
  whole_ms = -Infinity;
  poll();
}

// --- Views --------------------------------------------------------------------------------------

const VIEWS = {
  live: () => {},
  settings: () => openSettings(byId.site.replaceChildren()), // Nobody types into an old one.
  find: openFind,
  wifi: openWifi,
  update: readUpdate,
  device: openDevice,
};
let view = "live";

for (const name in VIEWS)
  byId.views.append(make("a", { href: "#" + name, word: "views." + name }));

// "#find-meters" is the view "find" and a place in it.
function go() {
  const [name, part] = location.hash.slice(1).split("-");
  view = own(VIEWS, name) ? name : "live";
  for (const link of byId.views.children) {
    const shown = link.hash === "#" + view;
    byId[link.hash.slice(1)].hidden = !shown;
    link.ariaCurrent = shown ? "page" : null;
  }
  announce();
  VIEWS[view]();
  show();
  if (part) own(byId, name + "-" + part)?.scrollIntoView();
  else scrollTo(0, 0);
}

// Once somebody is let in.
async function begin() {
  byId.views.hidden = false;
  await readOthers();
  go();
}

// Not every device has them, and nobody is told before it is known who asks.
async function readOthers() {
  has_wifi = access.in && (await readWifi());
  byId.views.children[3].hidden = !has_wifi;
  byId.views.children[4].hidden = !(access.in && (await readUpdate()));
  fillSteps();
}

// --- The first steps ----------------------------------------------------------------------------

let has_wifi = null;
let leads = null;

// Where each is taken, and whether it is done.
const STEPS = {
  wifi: ["wifi", () => has_wifi.state === "connected"],
  meter: ["find-meters", (status) => status.grid?.ok],
  numbers: ["settings", (status) => status.site?.limit_ma > 0],
  chargers: ["find-chargers", (status) => status.chargers.length],
  look: ["live", (status) => status.chargers.some(({ state }) => state !== "?")],
};

function showSteps(status) {
  leads ??= !STEPS.numbers[1](status) || !STEPS.chargers[1](status);
  hide(byId.first, !leads);
  if (!leads) return;
  let next = true;
  for (const link of byId.steps.querySelectorAll("a")) {
    const done = STEPS[link.id.slice(5)][1](status);
    putClass(link.parentNode, done ? "" : next ? "is-next" : "is-open");
    tell(link.nextSibling, done ? "steps.done" : next ? "steps.next" : "");
    next &&= done;
  }
}

function fillSteps() {
  byId.steps.replaceChildren();
  for (const id in STEPS) {
    if (id === "wifi" && !has_wifi) continue;
    const link = make("a", { id: "step-" + id, href: "#" + STEPS[id][0], word: "steps." + id });
    byId.steps.append(make("li", {}, link, make("span")));
  }
  show();
}

byId["first-end"].onclick = () => {
  leads = false;
  location.hash = "";
  show();
};

// --- Start --------------------------------------------------------------------------------------

// The device sends the page in the language of the cookie, or else of the browser.
for (const name in words.languages) {
  const onclick = () => {
    document.cookie = "language=" + name + "; Max-Age=99999999; SameSite=Strict";
    location.reload();
  };
  const button = make("button", { lang: name, onclick }, words.languages[name]);
  press(button, name === lang);
  byId.languages.append(button);
}
putWords(document);
setInterval(() => {
  showConnection();
  if (status_now && view === "live") showRunning(status_now);
}, 1000);
document.addEventListener("visibilitychange", poll);
window.addEventListener("online", poll);
window.addEventListener("hashchange", go);
poll();
