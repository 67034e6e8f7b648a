"use strict";
// What the device sends, made safe to use, and said in the reader's language. Whatever it sends is
// text, never markup, and everything in it may be missing.

// --- Reading what may not be there --------------------------------------------------------------

const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isText = (value) => typeof value === "string" || typeof value === "number";

const number = (value) => (Number.isFinite(value) ? value : null);
const list = (value) => (Array.isArray(value) ? value : []);
const record = (value) => (isRecord(value) ? value : {});
const text = (value) => (isText(value) ? String(value).slice(0, 200) : "");
const three = (value) => [0, 1, 2].map((phase) => number(list(value)[phase]));
const own = (names, key) => (Object.hasOwn(names, key) ? names[key] : undefined);

// --- Words and numbers --------------------------------------------------------------------------

// The build makes a page a language, with `words` in it.
const { lang } = document.documentElement;
const numbersWith = (least) =>
  new Intl.NumberFormat(lang, { minimumFractionDigits: least, maximumFractionDigits: 1 });
const exact = numbersWith(1);
const short = numbersWith(0);

// A true minus sign, and none before a zero. What was measured always has its one decimal.
const signed = (formatted) => formatted.replace(/^-(?=[0.,]*$)/, "").replace("-", "\u2212");
const inAmperes = (ma, format) => signed(format.format(ma / 1000));
const bare = (ma) => (ma === null ? "–" : inAmperes(ma, exact));
const measured = (ma) => (ma === null ? "–" : inAmperes(ma, exact) + "\u00a0A");
const amperes = (ma) => (ma === null ? "–" : inAmperes(ma, short) + "\u00a0A");

function duration(seconds) {
  if (seconds === null) return "–";
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (seconds < 120) return Math.floor(seconds) + "\u00a0s";
  if (minutes < 120) return minutes + "\u00a0min";
  if (hours < 48) return hours + "\u00a0h " + (minutes % 60) + "\u00a0min";
  return Math.floor(hours / 24) + "\u00a0d " + (hours % 24) + "\u00a0h";
}

// The unit is told by the end of the name, as everywhere in the firmware. A value may bring its own
// name: ["limit_ma", 63000].
function valueText(name, value) {
  if (Array.isArray(value)) return valueText(text(value[0]), value[1]);
  if (name.endsWith("phase")) return [1, 2, 3].includes(value) ? "L" + value : "L?";
  if (name.endsWith("_ma")) return amperes(number(value));
  if (name.endsWith("_ms")) return number(value) === null ? "–" : short.format(value) + "\u00a0ms";
  if (name.endsWith("_s")) return duration(number(value));
  if (name.endsWith("wh")) return exact.format((number(value) ?? 0) / 1000) + "\u00a0kWh";
  return text(value) || "–";
}

// Fills the names in braces; `numbers` may hold anything.
const say = (sentence, numbers) =>
  sentence.replace(/\{(\w+)\}/g, (_, name) => valueText(name, own(numbers, name)));

// The sentence of {"code": ..., numbers}; an unknown code is shown as it is.
function sayCode(sentences, coded) {
  const numbers = record(coded);
  const sentence = own(sentences, text(numbers.code));
  return typeof sentence === "string" ? say(sentence, numbers) : text(numbers.code);
}

// The words of "key" or "key.key", and of several parts with a bar between them the one of "key|0".
function wordOf(key, numbers = {}) {
  const [path, part] = key.split("|");
  const found = path.split(".").reduce((inner, name) => own(record(inner), name), words);
  if (typeof found !== "string") return path.split(".").pop();
  return say(part === undefined ? found : (found.split("|")[part] ?? ""), numbers);
}
