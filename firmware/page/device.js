"use strict";
// For when something is wrong: counters and the log; and the Wi-Fi, where there is one.

// --- Counters and log ---------------------------------------------------------------------------

async function openDevice() {
  const log = (await call("api/log")).value ?? {};
  const { value = {} } = await call("api/status");
  const { uptime_s, heap, setpoints, requests, failures, restarts, readings, meter, loop } = value;
  const shown = { uptime_s, reset: log.reset, ...heap, setpoints, requests, failures, restarts };
  Object.assign(shown, readings, meter, loop);
  byId.counts.replaceChildren(
    ...Object.entries(shown).flatMap(([name, count]) => [
      make("dt", { word: "counts." + name }),
      make(
        "dd",
        {},
        /_m?s$/.test(name) || number(count) === null
          ? valueText(name, count)
          : short.format(count),
      ),
    ]),
  );
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

let wifi_form;

async function openWifi() {
  const wifi = await readWifi();
  if (!wifi) return;
  const given = { fixed: null, password: "", ...wifi.settings };
  wifi_form = fillForm(byId["wifi-form"], WIFI_FIELDS, given, "api/wifi", openWifi);
}

// Shows it; nothing where there is none.
async function readWifi() {
  const { value } = await call("api/wifi");
  if (!value?.state) return null;
  const { state, problem, weak, networks } = value;
  const ssid = value.settings?.ssid;
  tell(byId["wifi-state"], "wifi." + (weak ? "weak" : (problem ?? state)), { ...value, ssid });
  byId.networks.replaceChildren(
    ...list(networks).map((one) => {
      const choose = () => {
        const [name, password] = wifi_form.rows;
        name.input.value = one.ssid;
        password.input.focus();
      };
      const about = make("small", {}, one.rssi_dbm + " dBm");
      return make("li", {}, make("button", { onclick: choose }, text(one.ssid) + " ", about));
    }),
  );
  return value;
}

byId.scan.onclick = async () => {
  const { error } = await call("api/wifi/scan", "POST");
  announce(error ?? { code: "find_networks" });
  for (let wifi = { scan: "running" }; wifi?.scan === "running"; wifi = await readWifi()) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
};
