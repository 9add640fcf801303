/** Settings, appearance: the colours of this device. The choice is kept here and set before the first paint by theme.js. */

import { h } from "../../dom.js";

const KEY = "portcullis.theme";
const CHOICES = [
  ["", "As the device", "Light by day and dark by night, if the device does so."],
  ["light", "Light", "Dark letters on paper."],
  ["dark", "Dark", "Light letters on slate."],
];

export const appearance = { name: "appearance", title: "Appearance", about: "How Portcullis looks on this device.", show };

/** Whether the page is dark now, by choice or by the system's preference. */
export const isDark = () =>
  (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

/** @param {string} theme "light", "dark", or "" for what the system prefers */
export function chooseTheme(theme) {
  if (theme) {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(KEY, theme);
  } else {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem(KEY);
  }
}

function show(box) {
  const chosen = localStorage.getItem(KEY) ?? "";
  const choices = CHOICES.map(([value, title, about]) => choiceOf(value, title, about, value === chosen));
  box.replaceChildren(h("fieldset.choices", {}, h("legend", {}, "Colours"), choices));
}

function choiceOf(value, title, about, checked) {
  const input = h("input", { type: "radio", name: "theme", value, checked, onchange: () => chooseTheme(value) });
  return h("label.choice", {}, input, h("span", {}, h("strong", {}, title), h("small", {}, about)));
}
