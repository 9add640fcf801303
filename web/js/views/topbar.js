/** The bar on top: the state of the connection in words, colours, keys, the account. */

import { signOut } from "../api.js";
import { h, icon, iconButton } from "../dom.js";
import { reconnectNow } from "../live.js";
import { settingsAddress } from "../router.js";
import { state, watch } from "../state.js";
import { avatar, nameOf } from "../words.js";
import { openDialog } from "./dialogs.js";
import { askStatus } from "./presence.js";
import { sectionOf } from "./settings.js";
import { chooseTheme, isDark } from "./settings/appearance.js";

const WORDS = { online: "Live", connecting: "Connecting", reconnecting: "Reconnecting", offline: "Offline", refused: "Disconnected" };
const KEYS = [
  ["Enter", "Send the message"],
  ["Shift + Enter", "Start a new line"],
  ["↑", "Edit your last message, when the box is empty"],
  ["Esc", "Cancel what you are doing"],
  ["Ctrl/⌘ or Alt + ↑ ↓", "Go to the previous or next room"],
  ["↑ ↓", "Walk through the messages, when the list has the focus"],
];

export function mountTopbar() {
  watch(["connection"], showConnection);
  setInterval(() => state.connection.retryAt && showConnection(), 1000);
  watch(["user"], showAccount);
}

/** The words in the live region change with the state only; the seconds beside them are not read out each time. */
function showConnection() {
  const { state: name, retryAt, reason } = state.connection;
  const box = document.getElementById("connection");
  const words = box.querySelector(".connection-text");
  box.dataset.state = name;
  if (words.textContent !== WORDS[name]) words.textContent = WORDS[name];
  box.querySelectorAll(".connection-more").forEach((old) => old.remove());
  box.title = name === "refused" && reason ? reason : "";
  const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
  if (name === "reconnecting" && retryAt) box.append(h("span.connection-more", { "aria-hidden": "true" }, `in ${seconds} s`));
  if (retryAt || name === "refused") box.append(h("button.connection-more", { type: "button", onclick: reconnectNow }, "Try now"));
}

function showAccount() {
  const box = document.getElementById("account");
  if (!state.user) return box.replaceChildren();
  const name = nameOf(state.user);
  const me = h("button.me", { type: "button", "aria-haspopup": "dialog", "aria-label": `Your account, ${name}`, onclick: showMe },
    avatar(state.user, name, "small"), h("span", {}, name));
  box.replaceChildren(themeButton(), me);
}

function themeButton() {
  const dark = isDark();
  const label = dark ? "Use light colours" : "Use dark colours";
  return iconButton(dark ? "sun" : "moon", label, (event) => {
    chooseTheme(dark ? "light" : "dark");
    const next = themeButton();
    event.currentTarget.replaceWith(next);
    next.focus();
  });
}

function showMe() {
  const { user } = state;
  const card = h("div.member-card", {}, avatar(user, nameOf(user), "large"), h("div", {}, h("strong", {}, nameOf(user)), h("p", {}, `@${user.username}`), h("p", {}, user.email)));
  const keys = h("dl.keys", {}, KEYS.flatMap(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)]));
  const status = h("button.button", { type: "button", onclick: () => (dialog.close(), askStatus()) }, "Set your status");
  const settings = h("a.button", { href: settingsAddress(sectionOf("").name), onclick: () => dialog.close() }, "Settings");
  const leave = h("button.button", { type: "button", onclick: () => (dialog.close(), signOut()) }, "Sign out");
  const close = h("button.button.primary", { type: "button", onclick: () => dialog.close(), autofocus: true }, "Close");
  const dialog = openDialog("Your account", card, h("div.stack", {}, status, settings), h("h3", {}, icon("keys"), " Keyboard"), keys, h("div.actions", {}, leave, close));
}
