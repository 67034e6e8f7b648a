"use strict";
// Asks the device for `api/status` about once a second, as long as somebody looks, and shows the
// answer or says in words why there is none. The build drops lines that hold only a comment.

const POLL_MS = 1000;
const SLOWEST_MS = 8000;
const DEADLINE_MS = 5000;

let status_now = null;
let heard_ms = 0;
let failure = { code: "connecting" };

// --- Showing ------------------------------------------------------------------------------------

function showWarnings(status) {
  const warnings = list(status.warnings).map((warning) => sayCode(words.warnings, warning));
  const sentences = warnings.filter(Boolean);
  const made = rows(byId["warning-list"], "warning-row", sentences.length);
  sentences.forEach((sentence, index) => put(made[index], sentence));
  byId.warnings.hidden = sentences.length === 0;
}

// Echoes, noise and late replies cost no reading.
function showDevice(status) {
  const { ok, echo, noise, late, ...failures } = record(status.readings);
  const failed = Object.values(failures).reduce((sum, count) => sum + (number(count) ?? 0), 0);
  const counts = { ok: short.format(ok), failed: short.format(failed) };
  const parts = [
    number(status.uptime_s) !== null && say(words.running, status),
    number(ok) !== null && say(words.readings, counts),
    number(record(status.meter).poll_ms) !== null && say(words.meter_rate, status.meter),
    number(status.setpoints) !== null &&
      say(words.setpoints, { count: short.format(status.setpoints) }),
  ];
  put(byId.device, parts.filter(Boolean).join(" · "));
}

// The age stands outside of the live region: a screen reader is told once, not each second.
function showConnection() {
  const silent = failure !== null && failure.code !== "connecting";
  putClass(document.body, silent ? "is-silent" : failure ? "" : "is-live");
  put(byId.connection, failure ? sayCode(words, failure) : words.live);
  const age_s = (performance.now() - heard_ms) / 1000;
  put(byId.silence, silent && status_now ? say(words.silent_for, { age_s }) : "");
}

function show() {
  showConnection();
  if (status_now === null) return;
  const name = text(record(status_now.site).name) || "Amprail";
  put(byId.name, name);
  if (document.title !== name) document.title = name;
  showWarnings(status_now);
  showGrid(status_now);
  showChargers(status_now);
  showDevice(status_now);
  byId.main.hidden = false;
}

// --- Asking -------------------------------------------------------------------------------------

function read(body) {
  try {
    const next = JSON.parse(body);
    if (!isRecord(next)) return { code: "unreadable" };
    status_now = next;
    heard_ms = performance.now();
    return null;
  } catch {
    return { code: "unreadable" };
  }
}

// What went wrong as a code with its numbers, or null.
async function ask() {
  const giveUp = new AbortController();
  const deadline = setTimeout(() => giveUp.abort(), DEADLINE_MS);
  try {
    const answer = await fetch("api/status", { cache: "no-store", signal: giveUp.signal });
    const body = await answer.text(); // Always to its end, or the connection stays open.
    if (answer.status === 401) return { code: "connecting" };
    return answer.ok ? read(body) : { code: "refused", status: answer.status };
  } catch {
    return { code: "silent" };
  } finally {
    clearTimeout(deadline);
  }
}

let timer;
let asking = false;
let wait_ms = POLL_MS;

// Never two requests at once; none while nobody looks, or while somebody says who they are: between
// a claim and its cookie a request would be refused.
async function poll() {
  clearTimeout(timer);
  if (byId.login.open) timer = setTimeout(poll, POLL_MS);
  if (byId.login.open) return;
  if (asking || document.hidden) return;
  asking = true;
  if (failure?.code === "connecting") await login.ensure().catch(() => null);
  failure = await ask();
  asking = false;
  wait_ms = failure ? Math.min(wait_ms * 2, SLOWEST_MS) : POLL_MS;
  timer = setTimeout(poll, wait_ms);
  show();
}

// --- Language -----------------------------------------------------------------------------------

function speak(language) {
  useLanguage(language);
  document.documentElement.lang = language;
  putWords(document);
  login.show();
  for (const button of byId.languages.children) {
    button.setAttribute("aria-pressed", button.lang === language);
  }
  show();
}

function choose(language) {
  speak(language);
  try {
    localStorage.setItem("language", language);
  } catch {
    return; // Kept for this visit only.
  }
}

for (const language of Object.keys(WORDS)) {
  const button = document.createElement("button");
  button.type = "button";
  button.lang = language;
  button.textContent = WORDS[language].language;
  button.addEventListener("click", () => choose(language));
  byId.languages.append(button);
}
speak(firstLanguage());
setInterval(showConnection, 1000);
document.addEventListener("visibilitychange", poll);
window.addEventListener("online", poll);
poll();
