"use strict";
// Updates: what runs, another version from a file, and the key of the owner, who signs them.

// While it lasts, the device answers little else.
let updating = false;

// Shows it; nothing where there is none.
async function readUpdate() {
  const { value } = await call("api/update");
  if (!value?.slot) return null;
  const { version, slot, other, key, trial, resets } = value;
  showPairs(byId.versions, "update.", { version, slot, other, key });
  tell(byId.trial, trial && "update.trial");
  const about = (one) =>
    Object.entries(one)
      .filter(([, said]) => said !== "")
      .map(
        ([name, said]) =>
          resetText(name) + " " + (name.endsWith("_s") ? duration(number(said)) : resetText(said)),
      );
  byId.resets.replaceChildren(
    ...list(resets).map((one) =>
      make("li", {}, isRecord(one) ? about(one).join(", ") : text(one)),
    ),
  );
  return value;
}

// The device may have to start again first, without its page; and does so with the new version.
async function install({ bundle, older }) {
  let { value, error } = await call("api/update");
  if (value?.ready === false) ({ error } = await call("api/update", "POST"));
  while (!error && value.ready === false) {
    await later(1000);
    value = (await call("api/update")).value ?? value;
  }
  if (!error) {
    const progress = ({ loaded, total }) => (byId.sent.value = loaded / total);
    const path = "api/update" + (older.checked ? "?older=1" : "");
    const options = { proof: true, progress };
    ({ value, error } = await call(path, "PUT", bundle.files[0], options));
  }
  announce(error ?? { ...value, code: "installed" });
  if (error) return;
  // What runs may go on for a minute; who is logged in, the new version does not know.
  do await later(1000);
  while ((await refresh()) || access.in);
  location.reload();
}

byId.install.onsubmit = async (event) => {
  event.preventDefault();
  const field = byId.install.elements;
  updating = field.send.disabled = true;
  byId.sent.value = byId.sent.hidden = 0;
  hold(true);
  await install(field);
  hold(false);
  updating = field.send.disabled = false;
  byId.sent.hidden = true;
};

byId.key.onchange = async () => {
  const [file] = byId.key.files;
  if (file && !(await save("api/update/key", file))) readUpdate();
  byId.key.value = "";
};
