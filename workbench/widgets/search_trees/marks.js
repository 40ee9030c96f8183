// Marks of plotly as SVG elements, which are kept while they move.

const NAMESPACE = "http://www.w3.org/2000/svg";
const DASHES = { solid: "", dot: "2 3", dash: "6 4" };

function marker({ symbol, size, color, colorscale, cmin = 0, cmax = 1, line, angle = 0 }, index, x, y, old) {
  const fill = colorscale ? shade(colorscale, (each(color, index) - cmin) / (cmax - cmin)) : each(color, index);
  const radius = each(size, index) / 2, kind = each(symbol, index) ?? "circle";
  const rim = line ? { stroke: each(line.color, index) ?? "none", "stroke-width": each(line.width, index) ?? 0, "stroke-dasharray": dash(each(line.dash, index)) } : {};
  if (kind === "arrow") return update(old, "path", { d: radius ? `M0 0L${-2 * radius} ${-0.75 * radius}V${0.75 * radius}Z` : "", fill, transform: `translate(${x} ${y}) rotate(${angle})` });
  const look = kind.endsWith("-open") ? { ...rim, fill: "none" } : { ...rim, fill };
  if (kind.startsWith("square")) return update(old, "rect", { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius, ...look });
  const { fill: disc, ...rest } = look;
  const circle = update(old, "circle", { cx: x, cy: y, ...rest });
  circle.style.r = `${radius}px`;
  circle.style.fill = disc;
  return circle;
}

const each = (value, index) => (Array.isArray(value) ? value[index] : value);
const dash = (name = "solid") => DASHES[name] ?? name.replaceAll("px", "");
const stroke = ({ line }) => ({ fill: "none", stroke: line.color, "stroke-width": line.width, "stroke-dasharray": dash(line.dash), "stroke-linecap": line.dash ? "butt" : "round" });

// Plotly's text without its markup: only <b> occurs, and what a file holds is escaped.
function plain(text) {
  const bold = text.startsWith("<b>");
  return [new DOMParser().parseFromString(text.replaceAll(/<\/?b>/g, ""), "text/html").documentElement.textContent, bold];
}

function shade(scale, at) {
  const share = Math.max(0, Math.min(1, at)), upper = Math.max(1, scale.findIndex(([place]) => place >= share));
  const [from, to] = [scale[upper - 1], scale[upper]], part = (share - from[0]) / (to[0] - from[0]);
  const mix = [1, 3, 5].map((start) => {
    const [low, high] = [from, to].map(([, colour]) => parseInt(colour.slice(start, start + 2), 16));
    return Math.round(low + part * (high - low));
  });
  return `rgb(${mix})`;
}

function update(old, tag, attributes) {
  const node = old?.tagName === tag ? old : document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) if (node.getAttribute(name) !== `${value}`) node.setAttribute(name, value);
  return node;
}

function svg(tag, attributes, children = []) {
  const node = update(undefined, tag, attributes);
  node.append(...children);
  return node;
}

function element(tag, attributes = {}, children = [], events = {}) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const [name, listener] of Object.entries(events)) node.addEventListener(name, listener);
  node.append(...children.map((child) => child ?? ""));
  return node;
}
