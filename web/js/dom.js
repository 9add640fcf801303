/** Building and updating the page. Text only ever becomes text nodes: nothing here, or anywhere, parses HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element: `h("button.icon-button", {type: "button", onclick}, "Send")`. Children that are null or false are left out.
 * @param {string} kind tag and classes @param {object} [props] attributes and `on...` listeners @param {...*} children
 */
export function h(kind, props = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  set(element, props);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Set attributes, listeners and the live `value`; false and null take an attribute away. @returns {Element} */
export function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

/** A symbol of icons.svg; decoration only, so the control around it carries the label. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export const iconButton = (name, label, onclick, props = {}) =>
  h("button.icon-button", { type: "button", "aria-label": label, title: label, onclick, ...props }, icon(name));

/**
 * Make `container` show exactly `items`, in order, reusing the nodes of known keys so that focus and reading positions stay.
 * What else stands in the container stays at its end.
 * @template T
 * @param {Element} container @param {T[]} items
 * @param {{key: (item: T) => string, build: (item: T) => Element, update?: (node: Element, item: T) => void}} how
 */
export function keyed(container, items, { key, build, update }) {
  const known = container.keyedNodes ?? new Map();
  const wanted = (container.keyedNodes = new Map());
  for (const item of items) {
    const node = known.get(key(item)) ?? build(item);
    wanted.set(key(item), node);
    update?.(node, item);
  }
  for (const [name, node] of known) if (!wanted.has(name)) node.remove();
  arrange(container, [...wanted.values()]);
}

/** Put nodes in order around the one that has the focus: one that is moved loses it. */
function arrange(container, nodes) {
  const held = nodes.findIndex((node) => node.contains(document.activeElement));
  line(container, nodes.slice(0, Math.max(held, 0)), container.firstChild);
  line(container, nodes.slice(Math.max(held, 0)), nodes[held] ?? container.firstChild);
}

/** Let nodes follow each other from where `next` stands. */
function line(container, nodes, next) {
  for (const node of nodes) {
    if (node === next) next = next.nextSibling;
    else container.insertBefore(node, next);
  }
}

/** Rebuild the inside of `node` only when `version` differs from what it shows. A focus in there goes to what holds the node. */
export function fill(node, version, children) {
  const text = JSON.stringify(version);
  if (node.shownVersion === text) return;
  node.shownVersion = text;
  const held = node !== document.activeElement && node.contains(document.activeElement);
  node.replaceChildren(...children().filter(Boolean));
  if (held) node.closest("[tabindex]")?.focus();
}
