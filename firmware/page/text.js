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

const WORDS = JSON.parse(document.getElementById("words").textContent);
let words;
let exact;
let short;

function storedLanguage() {
  try {
    return localStorage.getItem("language");
  } catch {
    return null;
  }
}

function firstLanguage() {
  const wanted = [storedLanguage(), ...navigator.languages.map((tag) => tag.slice(0, 2)), "en"];
  return wanted.find((language) => Object.hasOwn(WORDS, language));
}

function useLanguage(language) {
  words = WORDS[language];
  exact = new Intl.NumberFormat(language, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  short = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
}

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

// The unit is told by the end of the name, as everywhere in the firmware.
function valueText(name, value) {
  if (name.endsWith("phase")) return [1, 2, 3].includes(value) ? "L" + value : "L?";
  if (name.endsWith("_ma")) return amperes(number(value));
  if (name.endsWith("_ms")) return number(value) === null ? "–" : short.format(value) + "\u00a0ms";
  if (name.endsWith("_s")) return duration(number(value));
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
