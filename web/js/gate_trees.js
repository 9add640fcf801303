/** Trees of gates as they are edited and told: nodes with a key, their places in the server's words, and outlines that can be compared. Pure. */

/** What a requirement is told, or a group (`k`), is in `parameters`. @typedef {{key: number, type: string, of?: Node[], parameters: Object<string, *>}} Node */

export const GROUPS = ["all", "any", "at_least"];
export const isGroup = ({ type }) => GROUPS.includes(type);

let keys = 0;

/** @param {string} type @param {Object<string, *>} [parameters] @returns {Node} */
export const newNode = (type, parameters = {}) => ({ key: ++keys, type, parameters });
/** @param {string} type @param {Node[]} [of] @param {{k?: number}} [parameters] @returns {Node} */
export const newGroup = (type, of = [], parameters = {}) => ({ ...newNode(type, { k: 1, ...parameters }), of });

/** A tree of the server as nodes, always below a group. @param {?object} tree @returns {Node} */
export function nodesOf(tree) {
  const node = tree && toNode(tree);
  if (!node) return newGroup("all");
  return isGroup(node) ? node : newGroup("all", [node]);
}

function toNode({ type, of, ...parameters }) {
  if (type === "not") return newGroup(type, [toNode(of)]);
  return of ? newGroup(type, of.map(toNode), parameters) : newNode(type, parameters);
}

/** The node that is sent: a group of one stands for that one. Null when nothing is asked for. @param {Node} root @returns {?Node} */
export function sentNode(root) {
  if (!root.of.length) return null;
  return root.type !== "at_least" && root.of.length === 1 ? root.of[0] : root;
}

/** @param {?Node} node @returns {?object} */
export function treeOf(node) {
  if (!node) return null;
  const { type, of, parameters } = node;
  if (type === "not") return { type, of: treeOf(of[0]) };
  if (of) return { type, ...(type === "at_least" && { k: parameters.k }), of: of.map(treeOf) };
  return { type, ...parameters };
}

/** Every node, from the top. @param {Node} node @returns {Node[]} */
export const everyNode = (node) => [node, ...(node.of ?? []).flatMap(everyNode)];

/** The node that a path of the server names, and what of it: `all[1].not.min_age.years`. @param {?Node} root as it was sent @returns {?{node: Node, parameter: ?string}} */
export function nodeAt(root, path) {
  const places = root ? placesIn(root, root.type) : [];
  const [place, node] = places.filter(([known]) => path === known || path.startsWith(`${known}.`) || path.startsWith(`${known}[`)).at(-1) ?? [];
  return node ? { node, parameter: /^\.(\w+)$/.exec(path.slice(place.length))?.[1] ?? null } : null;
}

const placesIn = (node, place) => [[place, node], ...(node.of ?? []).flatMap((branch, index) => placesIn(branch, `${node.type === "not" ? place : `${place}[${index}]`}.${branch.type}`))];

/** How many levels there are from a node down; a requirement alone is one. */
export const depthOf = (node) => 1 + Math.max(0, ...(node.of ?? []).map(depthOf));

/** What a line has lines below it for; a requirement that must not be so is one line. */
const branchesOf = ({ type, of }) => (type !== "not" ? of ?? [] : of.of ? [of] : []);

/**
 * A tree in lines, for reading and comparing.
 * @param {?object} tree of the server @param {(node: object) => string} say a node in words @returns {{depth: number, text: string}[]}
 */
export function outlineOf(tree, say, depth = 0) {
  if (!tree) return [];
  const branches = branchesOf(tree);
  return [{ depth, text: say(tree) }, ...branches.flatMap((branch) => outlineOf(branch, say, depth + 1))];
}

/**
 * Two outlines as one: what stayed, what came and what went.
 * @param {{depth: number, text: string}[]} before @param {{depth: number, text: string}[]} after
 * @returns {{depth: number, text: string, change: "same"|"added"|"removed"}[]}
 */
export function comparedOutlines(before, after) {
  const same = (a, b) => a.depth === b.depth && a.text === b.text;
  const longest = Array.from({ length: before.length + 1 }, () => new Array(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) longest[i][j] = same(before[i], after[j]) ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
  }
  const lines = [];
  for (let i = 0, j = 0; i < before.length || j < after.length; ) {
    if (i < before.length && j < after.length && same(before[i], after[j])) lines.push({ ...after[j++], change: "same" }), i++;
    else if (j === after.length || (i < before.length && longest[i + 1][j] >= longest[i][j + 1])) lines.push({ ...before[i++], change: "removed" });
    else lines.push({ ...after[j++], change: "added" });
  }
  return lines;
}
