"use strict";
// Who asks. `login.fetch` is `fetch` for everything but the login: it says who asks, has people log
// in where the device wants that, and asks for the password again where limits are changed.

const login = { state: {} };

{
  const SHORTEST = 10;

  const toHex = (bytes) => Array.from(bytes, (byte) => (256 + byte).toString(16).slice(1)).join("");
  const fromHex = (hex) => Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
  const utf8 = (string) => new TextEncoder().encode(string);
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const mask = (key, other) => toHex(key.map((byte, at) => byte ^ other[at]));

  async function errorOf(answer) {
    try {
      return record((await answer.clone().json()).error);
    } catch {
      return { code: "refused", status: answer.status };
    }
  }

  function send(path, options) {
    const headers = { "X-CSRF": login.state.csrf ?? "", ...options.headers };
    return fetch(path, { cache: "no-store", ...options, headers });
  }

  const post = (path, body) => send(path, { method: "POST", body: JSON.stringify(body) });

  async function refresh() {
    const answer = await fetch("api/login", { cache: "no-store" });
    login.state = record(await answer.json());
    showAccount();
    return login.state;
  }

  // --- Proofs -------------------------------------------------------------------------------------

  // The HMAC over the device's nonce and a text, in hex, by a key.
  const proofOf = (key, text) =>
    toHex(hmacWith(key)(Uint8Array.of(...fromHex(login.state.nonce), ...utf8(text))));

  const keyOf = (password, salt) => pbkdf2(utf8(password), salt, login.state.iterations);

  async function logIn({ password }) {
    const key = keyOf(password, fromHex(login.state.salt));
    return post("api/login", { nonce: login.state.nonce, proof: proofOf(key, "login") });
  }

  async function setPassword({ password, code }) {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const key = keyOf(password, salt);
    const plain = utf8(code.toLowerCase().replace(/[^a-z0-9]/g, ""));
    const masked = mask(key, fromHex(proofOf(plain, "claim")));
    const check = proofOf(key, "claim");
    return post("api/claim", { nonce: login.state.nonce, salt: toHex(salt), masked, check });
  }

  const confirmed = (path, options) => ({ password }) => {
    const proof = proofOf(keyOf(password, fromHex(login.state.salt)), "confirm");
    const headers = { ...options.headers, "X-Nonce": login.state.nonce, "X-Proof": proof };
    return send(path, { ...options, headers });
  };

  // --- Asking -------------------------------------------------------------------------------------

  // Tries until the device has looked at the proof: somebody else may have used its nonces up.
  async function tryProof(attempt, given) {
    for (let tries = 0; ; tries += 1) {
      await refresh();
      const answer = await attempt(given);
      const error = answer.ok ? {} : await errorOf(answer);
      if (tries === 8 || !["nonce", "throttled"].includes(error.code)) return { answer, error };
      put(byId["login-error"], sayCode(words.login, error));
      await later(1000 * (number(error.wait_s) ?? 0));
    }
  }

  const REFUSED = ["nonce", "throttled", "wrong_password", "wrong_code", "no_claim_code", "refused"];

  // Has somebody type until `attempt` gives an answer that is no refusal; null if they go away.
  function askPassword(kind, attempt, mayLeave) {
    const dialog = byId.login;
    const form = dialog.querySelector("form");
    const field = form.elements;
    const isNew = kind === "claim";
    put(byId["login-title"], words.login[kind]);
    put(byId["login-hint"], words.login[kind + "_hint"]);
    put(byId["login-error"], "");
    field.code.parentNode.hidden = !(isNew && login.state.claim_code);
    field.again.parentNode.hidden = !isNew;
    field.leave.hidden = !mayLeave;
    field.password.autocomplete = isNew ? "new-password" : "current-password";
    form.reset();
    return new Promise((resolve) => {
      const end = (answer) => {
        form.reset();
        dialog.close();
        resolve(answer);
      };
      field.leave.onclick = () => end(null);
      dialog.oncancel = (event) => {
        event.preventDefault();
        if (mayLeave) end(null);
      };
      form.onsubmit = async (event) => {
        event.preventDefault();
        const [password, again, code] = [field.password, field.again, field.code].map((f) => f.value);
        const wrong = isNew && (password.length < SHORTEST ? "short" : password !== again && "differ");
        put(byId["login-error"], wrong ? say(words.login[wrong], { count: SHORTEST }) : words.login.busy);
        if (wrong) return;
        field.send.disabled = true;
        await later(30);
        const { answer, error } = await tryProof(attempt, { password, code }).catch(() => ({
          error: { code: "silent" },
        }));
        field.send.disabled = false;
        if (answer && !REFUSED.includes(error.code)) return end(answer);
        put(byId["login-error"], sayCode({ ...words, ...words.login }, error));
        field.password.select();
      };
      if (!dialog.open) dialog.showModal();
      field.password.focus();
    });
  }

  let asked = null;

  // Resolves once the device answers this browser: true, or false where somebody went away.
  function ensure() {
    asked ??= askOwner(false).finally(() => (asked = null));
    return asked;
  }

  async function askOwner(must) {
    const { claimed, open } = await refresh();
    if (login.state.in || (open && !must)) return true;
    const first = !claimed;
    const answer = await askPassword(first ? "claim" : "login", first ? setPassword : logIn, must);
    await refresh();
    return answer !== null && (login.state.in || askOwner(must));
  }

  function claim() {
    asked ??= askOwner(true).finally(() => (asked = null));
    return asked;
  }

  async function leave() {
    await send("api/logout", { method: "POST" });
    await refresh();
    return ensure();
  }

  async function fetchKnown(path, options = {}) {
    for (let tries = 0; ; tries += 1) {
      const answer = await send(path, options);
      const { code } = answer.ok || tries === 3 ? {} : await errorOf(answer);
      if (code === "confirm") return (await askPassword("confirm", confirmed(path, options), true)) ?? answer;
      if (code === "csrf") await refresh();
      else if (code !== "login" || !(await (login.state.open ? claim() : ensure()))) return answer;
    }
  }

  // --- The button ---------------------------------------------------------------------------------

  function showAccount() {
    const { claimed } = login.state;
    byId.account.hidden = claimed && !login.state.in;
    put(byId.account, claimed ? words.login.leave : words.login.claim);
  }

  byId.account.onclick = () => (login.state.claimed ? leave() : claim());

  Object.assign(login, { fetch: fetchKnown, ensure, claim, leave, show: showAccount });
}
