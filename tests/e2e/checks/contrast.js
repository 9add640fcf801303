// Text whose contrast with what is painted behind it is below AA: 4.5, or 3 where it is large.
() => {
  const size = { width: 1, height: 1 };
  const canvas = Object.assign(document.createElement("canvas"), size).getContext("2d", { willReadFrequently: true });
  const painted = (colours) => {
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const luminance = ([red, green, blue]) => 0.2126 * linear(red / 255) + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255);
  const ratioOf = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const backgroundsOf = (node) => (node ? [...backgroundsOf(node.parentElement), getComputedStyle(node).backgroundColor] : ["white"]);
  const hasText = (node) => [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
  const isSeen = (node) =>
    node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !node.closest(".visually-hidden, :disabled, .skip");

  const mistakes = [];
  for (const node of document.querySelectorAll("body *")) {
    if (!hasText(node) || !isSeen(node)) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(node);
    const ratio = ratioOf(painted(backgroundsOf(node)), painted([...backgroundsOf(node), color]));
    const large = parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) mistakes.push(`${ratio.toFixed(2)}: ${node.textContent.trim().slice(0, 40)} (${node.className})`);
  }
  return mistakes;
}
