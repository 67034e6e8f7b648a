"use strict";
// For when something is wrong: counters and the log; and the Wi-Fi, where there is one.

// --- Counters and log ---------------------------------------------------------------------------

function showPairs(node, group, pairs) {
  const shown = (name, value) =>
    /_m?s$/.test(name) || number(value) === null ? valueText(name, value) : short.format(value);
  node.replaceChildren(
    ...Object.entries(pairs).flatMap(([name, value]) => [
      make("dt", { word: group + name }),
      make("dd", {}, shown(name, value)),
    ]),
  );
}

const resetText = (cause) => wordOf("resets." + text(cause));

async function openDevice() {
  const log = (await call("api/log")).value ?? {};
  const { value = {} } = await call("api/status");
  const { uptime_s, heap, setpoints, requests, failures, restarts, readings, meter, loop } = value;
  const shown = { uptime_s, reset: resetText(log.reset), ...heap, setpoints, requests, failures, restarts };
  Object.assign(shown, readings, meter, loop);
  showPairs(byId.counts, "counts.", shown);
  byId.log.replaceChildren(...list(log.lines).map((one) => make("li", {}, text(one))));
  byId.log.scrollTop = 1e6;
}

// --- Wi-Fi --------------------------------------------------------------------------------------

const addressField = (key) => ({ key, word: "ip_" + key, kind: "text", required: true });
const WIFI_FIELDS = [
  { key: "ssid", kind: "text", required: true },
  { key: "password", kind: "text", secret: true },
  { key: "fixed", null: true, fields: ["address", "netmask", "gateway", "dns"].map(addressField) },
];

const fillWifi = (given) =>
  fillForm(byId["wifi-form"], WIFI_FIELDS, { fixed: null, password: "", ...given }, "api/wifi", openWifi);

async function openWifi() {
  const wifi = await readWifi();
  if (wifi) fillWifi(wifi.settings);
}

// Shows it; nothing where there is none.
async function readWifi() {
  const { value } = await call("api/wifi");
  if (!value?.state) return null;
  const { state, problem, weak, networks, settings: given, access_point } = value;
  const about = { ...value, ssid: given?.ssid };
  const said = wordOf("wifi." + (weak ? "weak" : (problem ?? state)), about);
  put(byId["wifi-state"], said + (access_point ? " " + wordOf("wifi.own", access_point) : ""));
  const found = JSON.stringify(networks);
  if (byId.networks.shown === found) return value;
  byId.networks.shown = found;
  byId.networks.replaceChildren(
    ...list(networks).map(({ ssid, rssi_dbm }) => {
      const onclick = () => fillWifi({ ...given, ssid, password: "" }).rows[1].input.focus();
      const strength = make("small", {}, rssi_dbm + " dBm");
      return make("li", {}, make("button", { onclick }, text(ssid) + " ", strength));
    }),
  );
  return value;
}

byId.scan.onclick = async () => {
  const { error } = await call("api/wifi/scan", "POST");
  announce(error ?? { code: "find_networks" });
};

setInterval(() => view === "wifi" && !document.hidden && readWifi(), 2000);
