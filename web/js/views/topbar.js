/** The bar on top: the state of the connection in words, colours, keys, the account. */

import { signOut } from "../api.js";
import { fill, h, icon, iconButton, set } from "../dom.js";
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
  const showConnection = connectionOf(document.getElementById("connection"));
  watch(["connection"], showConnection);
  setInterval(() => state.connection.retryAt && showConnection(), 1000);
  watch(["user"], accountOf(document.getElementById("account")));
}

/** The words in the live region change with the state only; the seconds beside them are not read out each time. */
function connectionOf(box) {
  const words = box.querySelector(".connection-text");
  const seconds = h("span", { "aria-hidden": "true" });
  const again = h("button", { type: "button", onclick: reconnectNow }, "Try now");
  box.append(seconds, again);
  return () => {
    const { state: name, retryAt, reason } = state.connection;
    box.dataset.state = name;
    if (words.textContent !== WORDS[name]) words.textContent = WORDS[name];
    box.title = name === "refused" && reason ? reason : "";
    seconds.textContent = `in ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))} s`;
    seconds.hidden = !retryAt;
    const leaving = again === document.activeElement;
    again.hidden = name !== "reconnecting" && name !== "refused";
    if (leaving && again.hidden) document.getElementById("stage").focus();
  };
}

function accountOf(box) {
  const theme = iconButton("moon", "", () => (chooseTheme(isDark() ? "light" : "dark"), showTheme(theme)));
  const me = h("button.me", { type: "button", "aria-haspopup": "dialog", onclick: showMe });
  box.replaceChildren(theme, me);
  return () => {
    showTheme(theme);
    const { user } = state;
    const name = user && nameOf(user);
    set(me, { "aria-label": name && `Your account, ${name}` });
    fill(me, [user?.id, name], () => (user ? [avatar(user, name, "small"), h("span", {}, name)] : []));
  };
}

function showTheme(button) {
  const dark = isDark();
  const label = dark ? "Use light colours" : "Use dark colours";
  set(button, { "aria-label": label, title: label });
  fill(button, dark, () => [icon(dark ? "sun" : "moon")]);
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
