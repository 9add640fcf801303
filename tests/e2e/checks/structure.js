// Controls without a name, ids used twice, references to nothing, images without alt, a page without one heading and one main.
() => {
  const shown = (node) => node.checkVisibility();
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const textOf = (ids) => (ids ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim();
  const labelsOf = (node) => [...(node.labels ?? [])].map((label) => label.textContent.trim()).join(" ");
  const nameOf = (node) =>
    node.getAttribute("aria-label") || textOf(node.getAttribute("aria-labelledby")) || labelsOf(node) || node.textContent.trim();

  const named = all("button, a[href], input, select, textarea, nav, aside, dialog, [role=log], [role=region]");
  const mistakes = named.filter((node) => !nameOf(node)).map((node) => `no name: ${node.outerHTML.slice(0, 120)}`);

  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  mistakes.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `id twice: ${id}`));
  for (const kind of ["aria-labelledby", "aria-describedby", "aria-controls", "for"]) {
    const references = [...document.querySelectorAll(`[${kind}]`)].flatMap((node) => node.getAttribute(kind).split(" "));
    mistakes.push(...references.filter((id) => !document.getElementById(id)).map((id) => `${kind} to nothing: ${id}`));
  }

  mistakes.push(...all("img:not([alt])").map(({ src }) => `no alt: ${src}`));
  if (!document.querySelector("dialog[open]") && all("h1").length !== 1) mistakes.push(`${all("h1").length} h1`);
  if (all("main").length !== 1) mistakes.push(`${all("main").length} main`);
  if (!document.documentElement.lang) mistakes.push("no lang");
  return mistakes;
}
