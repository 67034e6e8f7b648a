"use strict";
// All settings, in the order in which somebody sets a site up.

const ORDER =
  "name limit_ma largest_consumer_ma supply_ma without_meter_ma meter pv minimum rotation_s " +
  "driver url user password token phases max_ma fallback_ma";

let settings = null;
// What was found and is not saved yet.
let proposed = {};

function inOrder(fields) {
  const place = ({ key }) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);
  return fields.filter(({ key }) => key !== "id").sort((one, other) => place(one) - place(other));
}

async function loadSettings() {
  const { value, error } = await call("api/settings");
  if (value) settings = value;
  announce(error);
  return !error;
}

async function openSettings() {
  if (!(await loadSettings())) return;
  put(byId.trouble, text(settings.error));
  const given = { ...settings.site, ...proposed };
  fillForm(byId.site, inOrder(settings.fields.site), given, "api/site", changed);
  byId.lines.replaceChildren(...settings.chargers.map(lineRow));
}

// Both the settings and what is shown of them are asked for again.
async function changed() {
  proposed = {};
  forgetStatus();
  await openSettings();
  announce({ code: "saved" });
}

// Sends one thing; says how it went, and gives the error.
async function save(path, value, method = "PUT", options = {}) {
  const { error } = await call(path, method, value, options);
  announce(error ?? { code: "saved" });
  if (!error) forgetStatus();
  return error;
}

// --- The chargers -------------------------------------------------------------------------------

function freeId() {
  let id = 1;
  while (settings.chargers.some((one) => one.id === id)) id += 1;
  return id;
}

function lineRow(line) {
  const which = line.error ? "line" + line.line : line.id;
  const remove = tapOf("remove", async () => {
    if (!(await save("api/chargers/" + which, undefined, "DELETE"))) changed();
  });
  if (line.error) return make("li", { className: "bad" }, text(line.error) + " ", remove);
  const form = make("form", { noValidate: true });
  const about = make("small", {}, text(line.driver) + " " + text(line.url));
  const details = make("details", {}, make("summary", {}, nameOf(line) + " ", about), form);
  details.ontoggle = () => {
    if (form.firstChild) return;
    fillForm(form, inOrder(settings.fields.charger), line, "api/chargers/" + line.id, changed, [
      remove,
    ]);
  };
  return make("li", {}, details);
}

byId.new.onclick = () => {
  const row = lineRow({ id: freeId() });
  byId.lines.append(row);
  row.firstChild.open = true;
  row.firstChild.firstChild.focus();
};

byId.restore.onchange = async () => {
  const [file] = byId.restore.files;
  if (file && !(await save("api/backup", file, "PUT", { proof: true }))) changed();
  byId.restore.value = "";
};
