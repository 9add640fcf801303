/** One message: who, when, what, how far on its way, and what may be done with it. */

import { deleteMessage, editMessage, outbox } from "../conversation.js";
import { fill, h, iconButton } from "../dom.js";
import { currentCommunity, may, state } from "../state.js";
import { avatar, botBadge, linked, momentOf, nameOf, timeOf } from "../words.js";
import { askYes } from "./dialogs.js";

export const buildMessage = () =>
  h("li.message", { tabindex: "-1" }, h("div.message-side"), h("div.message-main", {}, h("div.message-head"), h("div.body", { dir: "auto" }), h("div.delivery")), h("div.message-actions"));

/** Bring the node to the present state of its message; parts that did not change are left alone, an open edit box too. */
export function updateMessage(node, message, first) {
  const [side, main, actions] = node.children;
  const [head, body, delivery] = main.children;
  const failed = Boolean(message.failed);
  node.classList.toggle("first", first);
  node.classList.toggle("pending", Boolean(message.waiting) && !failed);
  node.classList.toggle("failed", failed);
  node.classList.toggle("deleted", Boolean(message.deleted));
  fill(side, [first, message.author.id, message.created_at], () => [first ? avatar(message.author, nameOf(message.author)) : sideTime(message)]);
  fill(head, [first, nameOf(message.author), message.author.bot, message.created_at], () => headOf(message, first));
  if (!body.classList.contains("editing")) {
    fill(body, [message.body, message.deleted, message.edited_at], () => bodyOf(message));
  }
  fill(delivery, [message.waiting, message.failed, failed || isOnline()], () => deliveryOf(message));
  fill(actions, [message.id, message.deleted, mayDelete(message)], () => actionsOf(node, message));
}

const timeElement = (message, kind = "time") => {
  const at = new Date(message.created_at);
  return h(kind, { datetime: message.created_at, title: momentOf(at) }, timeOf(at));
};
const sideTime = (message) => timeElement(message, "time.side-time");

/** Screen readers hear the author of every message; eyes see it once per group. */
function headOf(message, first) {
  const name = nameOf(message.author);
  if (!first) return [h("span.visually-hidden", {}, `${name}: `)];
  return [h("span.author", {}, name), botBadge(message.author), timeElement(message)];
}

function bodyOf({ body, deleted, edited_at: edited }) {
  if (deleted) return [document.createTextNode("This message was deleted.")];
  return [...linked(body), edited && h("span.edited", { title: momentOf(new Date(edited)) }, " (edited)")];
}

const isOnline = () => state.connection.state === "online";

function deliveryOf({ waiting, failed, nonce }) {
  if (!waiting) return [];
  if (!failed) return [h("span", {}, isOnline() ? "Sending …" : "Waits for the connection")];
  return [
    h("span", {}, `Not sent. ${failed}`),
    h("button.link-button", { type: "button", onclick: () => outbox.retry(nonce) }, "Try again"),
    h("button.link-button", { type: "button", onclick: () => discard(nonce) }, "Discard"),
  ];
}

/** The message goes, and its button with it: the focus goes where one writes. */
function discard(nonce) {
  outbox.discard(nonce);
  document.getElementById("message-box")?.focus();
}

const isMine = ({ author }) => author.id === state.user.id;
const mayDelete = (message) => isMine(message) || may(currentCommunity(), "message.delete_any");

function actionsOf(node, message) {
  node.querySelector(".message-actions").hidden = !message.id || message.deleted || !mayDelete(message);
  if (!message.id || message.deleted) return [];
  return [
    isMine(message) && iconButton("edit", "Edit message", () => startEdit(node, current(message)), { class: "icon-button edit-action" }),
    mayDelete(message) && iconButton("delete", "Delete message", () => askDelete(current(message))),
  ];
}

const askDelete = (message) =>
  askYes("Delete this message?", `“${excerpt(message.body)}” will be gone for everyone.`, "Delete message", () => deleteMessage(message.id));

const excerpt = (body) => (body.length > 120 ? `${body.slice(0, 120)} …` : body);

function startEdit(node, message) {
  const body = node.querySelector(".body");
  const text = h("textarea", { "aria-label": "Edit your message", rows: 1, value: message.body });
  const mistake = h("span", { role: "alert" });
  const stop = () => {
    body.classList.remove("editing");
    body.shownVersion = null;
    fill(body, [message.id], () => bodyOf(current(message)));
    document.getElementById("message-box")?.focus();
  };
  const save = async () => {
    const changed = text.value.trim();
    if (!changed || changed === message.body) return stop();
    try {
      await editMessage(message.id, changed);
      stop();
    } catch (problem) {
      mistake.textContent = problem.message;
    }
  };
  text.addEventListener("keydown", (event) => {
    if (event.key === "Escape") stop();
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  body.classList.add("editing");
  const button = (label, onclick) => h("button.link-button", { type: "button", onclick }, label);
  body.replaceChildren(h("div.edit-box", {}, text, h("div.edit-foot", {}, button("Save", save), button("Cancel", stop), mistake)));
  text.focus();
  text.setSelectionRange(text.value.length, text.value.length);
}

const current = (message) => state.timelines.get(message.room)?.find(message.id) ?? message;
