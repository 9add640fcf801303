/** Recovery codes, shown once: to copy, to download, to write down. */

import { h } from "../../dom.js";
import { openDialog } from "../dialogs.js";
import { copy } from "./secrets.js";

/** @param {string[]} codes */
export function showCodes(codes) {
  const readable = codes.map((code) => `${code.slice(0, 5)}-${code.slice(5)}`);
  const text = `${readable.join("\n")}\n`;
  const kept = h("button.button.primary", { type: "button", onclick: () => dialog.close() }, "I have kept them");
  const dialog = openDialog("Your recovery codes",
    h("p.about", {}, "Keep them where you find them without your phone. Each works once. They are not shown again."),
    h("ul.codes", { "aria-label": "Recovery codes" }, readable.map((code) => h("li", {}, code))),
    h("div.actions", {}, h("button.button", { type: "button", onclick: () => copy(text) }, "Copy"), download(text), kept));
}

const download = (text) =>
  h("a.button", { href: `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`, download: "portcullis-recovery-codes.txt" }, "Download");
