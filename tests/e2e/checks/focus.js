// What has the focus, and whether one can see that it has.
() => {
  const element = document.activeElement;
  const marked = (node) => {
    const { boxShadow, outlineColor } = getComputedStyle(node);
    return boxShadow !== "none" || outlineColor !== "rgba(0, 0, 0, 0)";
  };
  return {
    name: `${element.tagName} ${element.id} ${element.getAttribute("aria-label") ?? element.textContent}`,
    visible: element === document.body || marked(element) || marked(element.parentElement),
  };
}
