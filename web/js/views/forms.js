/** Forms: labelled fields, one clear sentence per mistake, focus on the first of them. What is sent is the caller's business. */

import { h, set } from "../dom.js";

/**
 * @typedef {{name: string, label: string, hint?: string, type?: string, options?: [string, string][], required?: boolean,
 *   missing?: string, check?: (value: string) => ?string} & Object<string, *>} Field
 */

/**
 * A form that checks its fields, then calls `submit(values)`; a rejected promise is shown, at its fields where it names them.
 * @param {Field[]} fields @param {{label: string, submit: (values: object) => Promise<void>, extra?: Element[]}} how
 */
export function formOf(fields, { label, submit, extra = [] }) {
  const general = h("p.form-mistake", { role: "alert", hidden: true });
  const rows = fields.map(fieldOf);
  const button = h("button.button.primary", { type: "submit" }, label);
  const form = h("form.form", { novalidate: true }, general, rows.map(({ row }) => row), h("div.actions", {}, extra, button));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    show(rows, general, mistakesOf(rows));
    if (rows.some(({ input }) => input.hasAttribute("aria-invalid"))) return;
    button.disabled = true;
    try {
      await submit(Object.fromEntries(rows.map(({ input }) => [input.name, input.type === "checkbox" ? input.checked : input.value])));
    } catch (problem) {
      show(rows, general, problem.errors ?? {}, problem);
    } finally {
      button.disabled = false;
    }
  });
  return form;
}

function fieldOf({ name, label, hint, type = "text", options, check, missing = `${label} is missing.`, ...attributes }) {
  const id = `field-${name}`;
  const input = options
    ? h("select", { id, name, required: attributes.required }, options.map(([value, text]) => h("option", { value, selected: value === attributes.value }, text)))
    : h(type === "textarea" ? "textarea" : "input", { id, name, type: type === "textarea" ? null : type, ...attributes });
  const mistake = h("p.mistake", { id: `${id}-mistake`, hidden: true });
  const note = hint && h("p.hint", { id: `${id}-hint` }, hint);
  if (note) input.setAttribute("aria-describedby", note.id);
  if (type === "checkbox") return { input, mistake, hintId: note?.id, check, missing, row: h("div.field.tick", {}, h("label", { for: id }, input, label), note, mistake) };
  const control = type === "password" ? withReveal(input) : input;
  return { input, mistake, hintId: note?.id, check, missing, row: h("div.field", {}, h("label", { for: id }, label), control, note, mistake) };
}

function withReveal(input) {
  const button = h("button", { type: "button", "aria-pressed": "false", "aria-label": "Show password" }, "Show");
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    set(button, { "aria-pressed": String(shown) });
  });
  return h("div.password", {}, input, button);
}

function mistakesOf(rows) {
  const mistakes = {};
  for (const { input, missing, check } of rows) {
    const value = input.value.trim();
    const sentence = input.required && !value ? missing : value && check?.(input.value);
    if (sentence) mistakes[input.name] = [sentence];
  }
  return mistakes;
}

function show(rows, general, mistakes, problem = null) {
  for (const { input, mistake, hintId } of rows) {
    const sentence = mistakes[input.name]?.join(" ") ?? "";
    mistake.textContent = sentence;
    mistake.hidden = !sentence;
    set(input, { "aria-invalid": sentence ? "true" : null, "aria-describedby": (sentence ? mistake.id : hintId) ?? null });
  }
  const named = rows.find(({ input }) => input.hasAttribute("aria-invalid"));
  general.hidden = !problem || Boolean(named);
  general.textContent = general.hidden ? "" : problem.message;
  named?.input.focus();
}
