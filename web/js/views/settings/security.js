/** Settings, security: the addresses and second factors of the signed-in person, and the devices that are spared them. */

import { distrustAllDevices, distrustDevice, listTrustedDevices } from "../../api.js";
import { fill, h } from "../../dom.js";
import { addPasskey, listFactors, newRecoveryCodes, removePasskey, removeTotp, renamePasskey, unseenRecoveryCodes } from "../../identity.js";
import { listAddresses } from "../../mail_steps.js";
import { passkeysWork } from "../../passkeys.js";
import { dateOf, plural } from "../../words.js";
import { askForm, askYes } from "../dialogs.js";
import { withProof } from "../proof.js";
import { complain, toast } from "../toasts.js";
import { addressesPanel } from "./addresses.js";
import { setUpApp } from "./authenticator_app.js";
import { button, entry, named, panel } from "./panels.js";
import { showCodes } from "./recovery_codes.js";

export const security = { name: "security", title: "Security", about: "How you prove that it is you, beyond your password.", parts: ["factors"], show };

const NAME = { name: "name", label: "Name", required: true, maxlength: 64, autocomplete: "off", hint: "What you call the device, as in “Work phone”." };

/** Several answers may be on their way at once; only what was asked for last is shown. */
let asked = 0;

async function show(box) {
  const turn = ++asked;
  if (!box.children.length) box.replaceChildren(h("p", { role: "status" }, "Loading …"));
  try {
    // Addresses may be asked for a few times a minute only; their panel is missing then, and the rest is there.
    const known = await Promise.all([listFactors(), listTrustedDevices(), listAddresses().catch(() => [])]);
    if (turn === asked) fill(box, known, () => panelsOf(known, () => show(box)));
  } catch (problem) {
    if (turn === asked) fill(box, problem.message, () => [h("p.form-mistake", { role: "alert" }, problem.message)]);
  }
}

function panelsOf([factors, devices, addresses], again) {
  const of = (type) => factors.filter((factor) => factor.type === type);
  return [addressesPanel(addresses, again), appPanel(of("totp")[0], again), passkeyPanel(of("webauthn"), again), codesPanel(of("recovery_codes")[0], again), devicesPanel(devices, again)];
}

/** Do something that needs a fresh proof, then show what there is now; new codes are shown whenever there are some. */
const change = (act, again) => async () => {
  try {
    const done = await withProof(act);
    if (done !== undefined) await again();
    return done;
  } catch (problem) {
    complain(problem);
    return undefined;
  }
};

/** The first factor comes with recovery codes, which are shown this once. */
const withNewCodes = (act, again) => async () => {
  if ((await change(act, again)()) === undefined) return;
  const codes = await unseenRecoveryCodes().catch(() => []);
  if (codes.length) showCodes(codes);
};

const sinceWords = ({ created_at, last_used_at }) =>
  `Added ${dateOf(created_at)}${last_used_at ? `, last used ${dateOf(last_used_at)}` : ", not used yet"}`;

function appPanel(app, again) {
  const about = app ? `It is set up. ${sinceWords(app)}.` : "An app on your phone shows a new code every half minute.";
  const remove = () => askYes("Remove the authenticator app?", lossWords(), "Remove it", async () => void (await change(async () => ((await removeTotp()), true), again)()));
  return panel("Authenticator app", about, app ? [button("Remove", remove, "button.button.danger")] : [button("Set up", withNewCodes(setUpApp, again))]);
}

const lossWords = () => "You will no longer be able to sign in with it. If it is your last second factor, your password alone will be enough.";

function passkeyPanel(passkeys, again) {
  const add = () => askForm("Add a passkey", "Your phone, computer or security key will ask for your finger, face or PIN.", [{ ...NAME, value: nameOfDevice() }], {
    label: "Go on",
    submit: ({ name }) => void withNewCodes(() => addPasskey(name.trim()), again)(),
  });
  const about = passkeys.length ? "Each signs you in, with or without your password." : "Sign in with your finger, face or PIN, or with a security key.";
  const list = passkeys.length > 0 && h("ul.entries", {}, passkeys.map((passkey) => passkeyEntry(passkey, again)));
  return panel("Passkeys", about, passkeysWork() ? [button("Add a passkey", add)] : [], list, !passkeysWork() && h("p", {}, "This browser knows no passkeys."));
}

const nameOfDevice = () => /iPhone|iPad|Android|Mac|Windows|Linux/.exec(navigator.userAgent)?.[0] ?? "";

function passkeyEntry(passkey, again) {
  const { id, name } = passkey;
  const rename = () => askForm("Rename the passkey", null, [{ ...NAME, value: name }], {
    label: "Save",
    submit: ({ name: chosen }) => void change(() => renamePasskey(id, chosen.trim()), again)(),
  });
  const remove = () => askYes(`Remove “${name}”?`, lossWords(), "Remove it", async () => void (await change(async () => ((await removePasskey(id)), true), again)()));
  return entry("passkey", name, sinceWords(passkey), named(button("Rename", rename), `Rename ${name}`), named(button("Remove", remove, "button.button.danger"), `Remove ${name}`));
}

function codesPanel(codes, again) {
  if (!codes) return null;
  const renew = async () => {
    const fresh = await change(newRecoveryCodes, again)();
    if (fresh) showCodes(fresh);
  };
  const ask = () => askYes("Make new recovery codes?", "The codes that you have now will no longer work.", "Make new codes", renew);
  const left = `${plural(codes.unused_code_count, "code")} of ${codes.total_code_count} left. Each works once, when your phone or passkey is lost.`;
  return panel("Recovery codes", left, [button("Make new codes", ask)]);
}

function devicesPanel(devices, again) {
  const undo = (act, words) => () => act().then(() => (toast(words), again()), complain);
  const all = devices.length > 1 && button("Trust none", undo(distrustAllDevices, "No device is trusted any more."));
  const list = devices.map((device) =>
    entry("phone", deviceWords(device.user_agent), `Trusted until ${dateOf(device.expires_at)}, last used ${dateOf(device.last_used_at)}`,
      button("Stop trusting", undo(() => distrustDevice(device.id), "The device is no longer trusted."))));
  const about = devices.length ? "On these you are not asked for a second factor." : "No device is trusted: you are always asked for your second factor, if you have one.";
  return panel("Trusted devices", about, all ? [all] : [], list.length > 0 && h("ul.entries", {}, list));
}

/** "Chrome on Linux", as far as a browser says what it is. */
function deviceWords(agent) {
  const browser = [["Edg", "Edge"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]].find(([sign]) => agent.includes(sign))?.[1];
  const system = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent)?.[0];
  return [browser ?? "A browser or app", system].filter(Boolean).join(" on ");
}
