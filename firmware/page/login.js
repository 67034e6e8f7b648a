"use strict";
// Asks the device. `call` says who asks, has people log in where the device wants that, and asks for
// the password again where limits are changed. The password itself never leaves this page.

const SHORTEST = 10;

// What the device says of the login.
let access = {};

const toHex = (bytes) => Array.from(bytes, (byte) => (256 + byte).toString(16).slice(1)).join("");
const fromHex = (hex) => Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
const utf8 = (string) => new TextEncoder().encode(string);
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// --- One request --------------------------------------------------------------------------------

// As `fetch`, which cannot say how much has gone.
const upload = (path, { method, headers, body, progress }) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    for (const name in headers) request.setRequestHeader(name, headers[name]);
    request.upload.onprogress = progress;
    request.onload = () => resolve(new Response(request.response, { status: request.status }));
    request.onerror = reject;
    request.send(body);
  });

// {value} of the device's answer, or {error} with a code.
async function send(path, options = {}) {
  try {
    const headers = { "X-CSRF": access.csrf ?? "", ...options.headers };
    const way = options.progress ? upload : fetch;
    const answer = await way(path, { cache: "no-store", ...options, headers });
    const raw = await answer.text(); // Always to its end, or the connection stays open.
    const refused = { code: "refused", status: answer.status };
    try {
      const found = JSON.parse(raw || "{}");
      if (answer.ok) return { value: found };
      const error = record(record(found).error);
      const unsaid = text(error.code || "http_").startsWith("http_");
      return { error: unsaid ? refused : { ...refused, ...error } };
    } catch {
      return { error: answer.ok ? { code: "unreadable" } : refused };
    }
  } catch {
    return { error: { code: "silent" } };
  }
}

const post = (path, value) => send(path, { method: "POST", body: JSON.stringify(value) });

// What the device says of the login is asked for again; gives the error.
async function refresh() {
  const { value, error } = await send("api/login");
  if (error) return error;
  const { in: was_in } = access;
  access = record(value);
  const { claimed } = access;
  if (access.in && !was_in && status_now) readOthers();
  byId.account.hidden = claimed && !access.in;
  byId.change.hidden = !access.in;
  tell(byId.account, claimed ? "login.leave" : "login.claim");
}

// --- Proofs -------------------------------------------------------------------------------------

// The key of the last password, while something lasts for which the device asks again and again.
let held;
let holds = false;

function hold(on) {
  holds = on;
  held = undefined;
}

function keyOf(password, salt) {
  const key = isText(password) ? pbkdf2(utf8(password), salt, access.iterations) : held;
  if (holds) held = key;
  return key;
}

// The HMAC over the device's nonce and a text, by a key.
const proof = (key, said) => hmacWith(key)(Uint8Array.of(...fromHex(access.nonce), ...utf8(said)));

const proofBy = (password, said) => toHex(proof(keyOf(password, fromHex(access.salt)), said));

const logIn = ({ password }) =>
  post("api/login", { nonce: access.nonce, proof: proofBy(password, "login") });

// The key of a new password goes masked by what both sides know: the code on the label, or the old key.
function setPassword({ password, code }, old) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const key = keyOf(password, salt);
  const said = old ? "password" : "claim";
  const known = old ?? utf8(code.toLowerCase().replace(/[^a-z0-9]/g, ""));
  const mask = proof(known, old ? "mask" : said);
  return post("api/" + said, {
    nonce: access.nonce,
    salt: toHex(salt),
    masked: toHex(key.map((byte, at) => byte ^ mask[at])),
    check: toHex(proof(key, said)),
    proof: old && toHex(proof(old, said)),
  });
}

// --- Asking for it ------------------------------------------------------------------------------

// Tries until the device has looked at the proof: somebody else may have used its nonces up.
async function tryProof(attempt, given) {
  for (let tries = 0; ; tries += 1) {
    const error = await refresh();
    const found = error ? { error } : await attempt(given);
    const { code, wait_s } = found.error ?? {};
    if (tries === 8 || !["nonce", "throttled"].includes(code)) return found;
    put(byId["login-error"], sayCode(words.login, found.error));
    await later(1000 * (number(wait_s) ?? 0));
  }
}

const REFUSED = "nonce throttled wrong_password wrong_code no_claim_code refused silent";
const isRefused = ({ error }) => REFUSED.includes(error?.code);

// Has somebody type until `attempt` is no more refused; what it gives, or null if they go away.
async function askPassword(kind, attempt, mayLeave) {
  if (held) {
    const found = await tryProof(attempt, {});
    if (!isRefused(found)) return found;
  }
  const dialog = byId.login;
  const form = dialog.firstElementChild;
  const { code, password, again, send: button, leave: back } = form.elements;
  const isNew = kind[0] === "c" && kind !== "confirm";
  const fail = (sentence) => put(byId["login-error"], sentence);
  tell(byId["login-title"], "login." + kind);
  tell(byId["login-hint"], "login." + kind + "_hint");
  fail("");
  code.parentNode.hidden = !(kind === "claim" && access.claim_code);
  again.parentNode.hidden = !isNew;
  back.hidden = !mayLeave;
  password.autocomplete = (isNew ? "new" : "current") + "-password";
  return new Promise((resolve) => {
    const end = (found) => {
      form.reset();
      dialog.close();
      resolve(found);
    };
    back.onclick = () => end(null);
    dialog.oncancel = (event) => {
      event.preventDefault();
      if (mayLeave) end(null);
    };
    form.onsubmit = async (event) => {
      event.preventDefault();
      const given = { password: password.value, code: code.value };
      const short = given.password.length < SHORTEST;
      const wrong = isNew && (short ? "short" : again.value !== given.password && "differ");
      fail(wordOf("login." + (wrong || "busy"), { count: SHORTEST }));
      if (wrong) return;
      button.disabled = true;
      await later(30);
      const found = await tryProof(attempt, given);
      button.disabled = false;
      if (!isRefused(found)) return end(found);
      fail(sayCode({ ...words, ...words.login }, found.error));
      password.select();
    };
    if (!dialog.open) dialog.showModal();
    password.focus();
  });
}

let asked = null;

// Resolves once the device answers this browser: true, or false where somebody went away. `must`:
// also where the device answers without.
function ensure(must) {
  asked ??= askOwner(must).finally(() => (asked = null));
  return asked;
}

async function askOwner(must) {
  if (await refresh()) return false;
  if (access.in || (access.open && !must)) return true;
  const found = await (access.claimed
    ? askPassword("login", logIn, must)
    : askPassword("claim", setPassword, must));
  await refresh();
  return found !== null && (access.in || askOwner(must));
}

// `options.proof`: the device wants the password, and what is sent is too long to be sent in vain.
async function call(path, method = "GET", value = undefined, options = {}) {
  const body = value === undefined || value instanceof Blob ? value : JSON.stringify(value);
  const attempt = (headers) => send(path, { ...options, method, body, headers });
  const prove = ({ password }) =>
    attempt({ "X-Proof": proofBy(password, "confirm"), "X-Nonce": access.nonce });
  for (let tries = 0; ; tries += 1) {
    const first = options.proof && (await ensure()) && access.claimed;
    const found = first ? { error: { code: "confirm" } } : await attempt();
    const code = tries === 8 ? "" : found.error?.code;
    if (code === "confirm") return (await askPassword(code, prove, true)) ?? found;
    if (code === "csrf") await refresh();
    else if (code === "no_memory") await later(2000);
    else if (code !== "login" || !(await ensure(access.open))) return found;
  }
}

// --- The buttons --------------------------------------------------------------------------------

byId.account.onclick = async () => {
  const { claimed } = access;
  if (claimed) await post("api/logout");
  ensure(!claimed);
};

byId.change.onclick = async () => {
  hold(true);
  const proven = await askPassword("confirm", logIn, true);
  const old = held;
  hold(false);
  const set = (given) => setPassword(given, old);
  const found = proven && (await askPassword("change", set, true));
  if (found) announce(found.error ?? { code: "saved" });
  refresh();
};
