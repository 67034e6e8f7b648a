"use strict";
// Forms made from the device's own table of settings: a field has a key, a kind, and its range,
// unit and default. Currents are typed in A and kept in mA.

const scaleOfField = (field) => (field.key.endsWith("_ma") ? 1000 : 1);
const measure = (field, value) => [scaleOfField(field) > 1 ? "_ma" : "", value];
const isWord = (field) => ["text", "module", "url", "phases"].includes(field.kind);

function typedOf(field, value) {
  if (typeof value === "object") return value && JSON.stringify(value);
  if (typeof value !== "number") return value ?? "";
  return String(value / scaleOfField(field)).replace(".", exact.format(0.1)[1]);
}

// Fields that only go with one value of another one.
const ONLY = { map: ["type", "own"], generic: ["driver", "generic"] };

function inputFor(field, value) {
  const typed = typedOf(field, value);
  if (field.kind === "flag") return make("input", { type: "checkbox", checked: value });
  if (field.values) {
    const values = [...new Set([value, ...field.values])].filter((one) => one !== undefined);
    return make(
      "select",
      {},
      ...values.map((one) => make("option", { value: one, selected: one === value }, one)),
    );
  }
  if (field.kind !== "whole" && !isWord(field)) return make("textarea", { value: typed });
  const secret = {
    type: "password",
    autocomplete: "new-password",
    placeholder: value ? "•••" : "",
  };
  return make("input", field.secret ? secret : { value: typed, autocomplete: "off" });
}

// The value of what was typed; throws a coded error.
function valueOf(field, typed, before) {
  if (typed === "" && field.secret && before) return before;
  if (typed === "" && field.null) return null;
  if (typed === "" && field.required) throw { code: "missing" };
  if (typed === "" && !isWord(field)) return undefined;
  if (field.values) return field.values.find((one) => String(one) === typed) ?? typed;
  if (isWord(field)) return typed || field.default;
  if (field.kind !== "whole") {
    try {
      return JSON.parse(typed);
    } catch {
      throw { code: "json" };
    }
  }
  const value = Math.round(Number(typed.replace(",", ".")) * scaleOfField(field));
  if (value >= field.low && value <= field.high) return value;
  throw { code: "range", low: measure(field, field.low), high: measure(field, field.high) };
}

// A row of a form: its node, and `read()`, which gives the value or throws a coded error with `row`.
function fieldRow(field, value, path) {
  const { key, kind, low, high } = field;
  const word = "fields." + (field.word ?? key);
  if (field.fields && !own(ONLY, key)) return groupRow(field, value, path, word);
  const input = inputFor(field, value === undefined ? field.default : value);
  const error = make("span", { className: "error", role: "alert" });
  const help = make("small", {}, make("span", { word: word + "|1" }), " ");
  if (kind === "whole") {
    const range = { low: measure(field, low), high: measure(field, high), unit: text(field.unit) };
    help.append(make("span", { word: ["between", range] }), " ");
  }
  if (isText(field.default) && field.default) {
    const usual = { value: measure(field, field.default) };
    help.append(make("span", { word: ["usually", usual] }));
  }
  const unit = scaleOfField(field) > 1 ? "A" : text(field.unit);
  const entry = make("span", { className: "entry" }, input, unit);
  const node = make("label", {}, make("b", { word: word + "|0" }), entry, error, help);
  const row = { key, path, node, input };
  row.refuse = (coded) => {
    input.ariaInvalid = Boolean(coded);
    tell(error, coded && "errors." + coded.code, coded);
  };
  row.read = () => {
    row.refuse("");
    if (kind === "flag") return input.checked;
    if (node.hidden) return undefined;
    try {
      return valueOf(field, input.value.trim(), value);
    } catch (coded) {
      throw { ...coded, row };
    }
  };
  return row;
}

// A group of fields; one that may be null has a box that says whether it is there.
function groupRow(field, value, path, word) {
  const input = make("input", { type: "checkbox", checked: value !== null, hidden: !field.null });
  const inside = make("div");
  const form = formOf(inside, field.fields, value ?? {}, path + ".");
  const title = make("label", {}, input, make("span", { word: word + "|0" }));
  const node = make("fieldset", {}, make("legend", {}, title), inside);
  input.onchange = () => (inside.hidden = !input.checked);
  input.onchange();
  const read = () => (input.checked ? form.read() : null);
  return { key: field.key, path, node, input, rows: form.rows, refuse() {}, read };
}

// Fills `parent`. `read()` gives all values, those that have no field as they were.
function formOf(parent, table, given, prefix = "") {
  const all = table.map((field) => fieldRow(field, given[field.key], prefix + field.key));
  parent.onchange = () => {
    for (const { key, node } of all) {
      const [other, value] = own(ONLY, key) ?? [];
      if (other) node.hidden = all.find((row) => row.key === other)?.input.value !== value;
    }
  };
  parent.onchange();
  parent.replaceChildren(...all.map((row) => row.node));
  const read = () => {
    const values = { ...given };
    for (const row of all) values[row.key] = row.read(); // JSON leaves out what is undefined.
    return values;
  };
  const rows_all = all.flatMap((row) => [row, ...(row.rows ?? [])]);
  return { rows: rows_all, read };
}

// Says an error beside its field, or for all where none is its own.
function refuse(form, error) {
  const key = text(error.key);
  const row = error.row ?? form.rows.findLast(({ path }) => (key + ".").startsWith(path + "."));
  announce(row ? { code: "not_yet" } : error);
  if (!row) return;
  row.refuse(error);
  row.input.focus();
}

// Sends what a form holds; true where the device has taken it.
async function submit(form, path, change = (values) => values) {
  let error;
  try {
    for (const row of form.rows) row.refuse("");
    error = await save(path, change(form.read()));
  } catch (coded) {
    if (!coded.row) throw coded;
    error = coded;
  }
  if (error) refuse(form, error);
  return !error;
}

// Makes a form that is sent to `path`, with more buttons behind that for it.
function fillForm(node, table, given, path, done, buttons = [], change = undefined) {
  const inside = make("div");
  const form = formOf(inside, table, given);
  node.replaceChildren(
    inside,
    make("p", { className: "taps" }, make("button", { word: "save" }), ...buttons),
  );
  node.onsubmit = async (event) => {
    event.preventDefault();
    if (await submit(form, path, change)) done();
  };
  return form;
}
