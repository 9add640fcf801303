/** What sections of the settings are made of: panels with a title, entries of a list, buttons. No requests. */

import { h, icon } from "../../dom.js";

export const button = (label, onclick, kind = "button.button") => h(kind, { type: "button", onclick }, label);

export const panel = (title, about, buttons, ...more) =>
  h("section.panel", { "aria-label": title }, h("div.panel-head", {}, h("div", {}, h("h2", {}, title), h("p", {}, about)), h("div.panel-buttons", {}, buttons)), ...more);

export const entry = (name, title, note, ...buttons) =>
  h("li.entry", {}, icon(name), h("span.text", {}, h("strong", {}, title), h("small", {}, note)), h("div.panel-buttons", {}, buttons));

/** Say of a button what it is about, where its words alone do not. @param {Element} element @param {string} label */
export function named(element, label) {
  element.setAttribute("aria-label", label);
  return element;
}
