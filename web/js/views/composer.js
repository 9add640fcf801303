/** The box to write in: Enter sends, drafts stay, and a line tells who else is typing. */

import { tellTyping, write } from "../conversation.js";
import { keepDraft, readDraft } from "../drafts.js";
import { h, icon } from "../dom.js";
import { state, titleOf } from "../state.js";
import { listOf, nameOf } from "../words.js";
import { editLastOwn } from "./log.js";
import { owedRules } from "./owed_rules.js";

const LONGEST = 4000;
const WARN_FROM = 3600;

/** @param {string} roomId @returns {{element: Element, refresh: () => void}} */
export function composer(roomId) {
  const { community } = state.rooms.get(roomId);
  const place = { community, id: roomId };
  const text = h("textarea", { id: "message-box", rows: 1, autocomplete: "off", dir: "auto", value: readDraft(state.user.id, place) });
  const label = h("label.visually-hidden", { for: "message-box" });
  const button = h("button.send", { type: "submit", "aria-label": "Send", title: "Send" }, icon("send"));
  const typing = h("span.typing", { role: "status" });
  const count = h("span", {});
  const form = h("form.composer-box", {}, label, text, button);
  const hint = h("span.keys-hint", {}, "Enter sends, Shift + Enter starts a new line");
  const owed = owedRules();
  const element = h("div.composer", {}, owed, form, h("p.composer-note", { hidden: true }), h("div.composer-foot", {}, typing, count, hint));

  const check = () => {
    const length = [...text.value.trim()].length;
    button.disabled = !length || length > LONGEST;
    count.textContent = length > WARN_FROM ? `${length} of ${LONGEST} characters` : "";
    count.className = length > LONGEST ? "over" : "";
    hint.hidden = Boolean(count.textContent || typing.textContent);
  };
  text.addEventListener("input", () => {
    check();
    keepDraft(state.user.id, place, text.value);
    if (text.value.trim()) tellTyping(roomId);
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) form.requestSubmit();
    else if (event.key !== "ArrowUp" || text.value || event.ctrlKey || event.altKey || event.metaKey || !editLastOwn()) return;
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.disabled) return;
    write(roomId, text.value.trim());
    text.value = "";
    keepDraft(state.user.id, place, "");
    check();
    text.focus();
  });
  const refresh = () => {
    const room = state.rooms.get(roomId);
    const closed = Boolean(room.archived_at);
    const owes = !closed && owesRules(room);
    owed.hidden = !owes;
    form.hidden = closed || owes;
    element.querySelector(".composer-note").hidden = !closed;
    element.querySelector(".composer-note").textContent = "This room is archived: it can be read, but nothing in it can be changed.";
    label.textContent = text.placeholder = room.kind === "direct" ? `Write to ${titleOf(room)}` : `Write in ${titleOf(room)}`;
    typing.textContent = typingWords(roomId);
    check();
  };
  refresh();
  return { element, refresh };
}

const owesRules = ({ community }) => Boolean(state.communities?.find(({ id }) => id === community)?.owes_rules);

function typingWords(roomId) {
  const now = Date.now();
  const ids = [...(state.typing.get(roomId) ?? [])].filter(([, until]) => until > now).map(([id]) => id);
  if (!ids.length) return "";
  const names = ids.map((id) => (state.people.has(id) ? nameOf(state.people.get(id)) : "Somebody"));
  return `${listOf(names)} ${ids.length === 1 ? "is" : "are"} typing …`;
}
