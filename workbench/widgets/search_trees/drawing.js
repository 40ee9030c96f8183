// One search tree as SVG: the marks of all k, of which those of one are there.

const SMALLEST = 0.72; // how far a tree shrinks to fit the window; smaller names could not be read
const SEAT = 19, VALUE = 26, BETWEEN = 4; // pixels: radius of a node's circle, width of a value beside it, gap
const CHARACTER = 7.4; // width of a letter of a name in bold
const EDGE = 44; // from the outermost node to the margin, where a narrow window takes away the room beside a tree

class Drawing {
  constructor(tree, view) {
    Object.assign(this, { tree, view, groups: new Map() });
    this.svg = svg("svg", { role: "figure" });
    this.back = svg("g", {});
    this.marks = svg("g", {});
    this.notes = svg("g", {});
    this.svg.append(this.back, this.marks, this.notes);
    this.title = element("div", { class: "title" });
    this.box = element("div", { class: "plot" }, [this.title, this.svg]);
    this.svg.addEventListener("keydown", (event) => this.key(event));
  }

  fit(room) {
    const { bottom, top, left, right, width: full } = this.tree, height = top - bottom;
    const wide = this.box.clientWidth || 800;
    // Where the window is too narrow for the whole layout, the room beside the tree goes first, then the size, and what
    // is wider still is scrolled.
    let [from, to] = [0, full];
    let needed = full + left + right;
    if (wide < needed) {
      const [first, last, stretch] = this.extent();
      [from, to] = [first - EDGE / stretch, last + EDGE / stretch];
      needed = stretch * (to - from) + left + right;
    }
    this.scale = Math.min(1, Math.max(SMALLEST, Math.min((room - this.title.offsetHeight) / height, wide / needed)));
    this.width = Math.max(wide / this.scale, needed);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.svg.setAttribute("height", `${height * this.scale}`);
    this.svg.style.minWidth = `${Math.floor(this.width * this.scale)}px`;
    this.left = left;
    this.x = (x) => this.left + ((x - from) * (this.width - this.left - right)) / (to - from);
    this.y = (y) => top - y;
  }

  // First and last place of a node across, and how far they must be stretched for names and values to stay apart.
  extent() {
    const of = (name) => [...this.tree.fixed, ...this.tree.frames[0].traces].find((trace) => trace.name === name);
    const nodes = of("nodes"), names = of("names");
    const apart = [
      ...neighbours(nodes, () => 2 * SEAT + VALUE + 2 * BETWEEN),
      ...neighbours(names, (one, other) => ((letters(one) + letters(other)) * CHARACTER) / 2 + 2 * BETWEEN),
    ];
    const least = Math.max(...apart.map(([distance, wanted]) => wanted / distance), 0.1);
    return [Math.min(...nodes.x), Math.max(...nodes.x), Math.min(1, least)];
  }

  show(at) {
    const frame = this.tree.frames[at], { fixed, order } = this.tree;
    this.title.textContent = plain(frame.title)[0];
    this.svg.setAttribute("aria-label", frame.words);
    this.back.replaceChildren(...frame.shapes.map((shape) => this.shape(shape)));
    this.notes.replaceChildren(...frame.annotations.map((note) => this.note(note)));
    const traces = [...fixed, ...frame.traces].filter((trace) => !trace.showlegend).sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    const names = new Set(traces.map((trace) => trace.name));
    for (const [name, group] of this.groups) if (!names.has(name)) { group.remove(); this.groups.delete(name); }
    let next = null;
    for (const trace of traces.reverse()) {
      if (!this.groups.has(trace.name)) this.groups.set(trace.name, svg("g", { class: trace.name.replaceAll(" ", "-") }));
      const group = this.groups.get(trace.name);
      if (group.nextSibling !== next || !group.parentNode) this.marks.insertBefore(group, next);
      next = group;
      this.draw(group, trace);
    }
    this.choose(this.view.chosen);
  }

  draw(group, trace) {
    const parts = [];
    if (trace.mode.includes("lines")) parts.push(...this.lines(trace));
    if (trace.mode.includes("markers") && trace.marker.opacity !== 0)
      trace.x.forEach((x, index) => parts.push(["marker", { ...trace.marker, angle: this.angle(trace, index) }, index, this.x(x), this.y(trace.y[index])]));
    if (trace.mode.includes("text")) trace.x.forEach((x, index) => parts.push(["text", trace, index]));
    while (group.childElementCount > parts.length) group.lastChild.remove();
    parts.forEach(([kind, ...rest], index) => {
      const old = group.children[index];
      const fresh = kind === "text" ? this.text(...rest, old) : kind === "path" ? update(old, "path", rest[0]) : marker(...rest, old);
      if (!old) group.append(fresh);
      else if (old !== fresh) old.replaceWith(fresh);
    });
    if (trace.name === "nodes") this.listen(group, trace);
    if (trace.name.endsWith(" edges")) this.listenToEdges(group, trace);
  }

  lines(trace) {
    const segments = [[]];
    trace.x.forEach((x, index) => {
      if (x === null) segments.push([]);
      else segments.at(-1).push(`${this.x(x).toFixed(1)} ${this.y(trace.y[index]).toFixed(1)}`);
    });
    const drawn = segments.filter((points) => points.length).map((points) => `M${points.join("L")}`);
    const look = { ...stroke(trace), "stroke-opacity": trace.opacity ?? 1 };
    const hits = trace.name.endsWith(" edges") && this.view.data.edits ? drawn.map((d) => ["path", { d, class: "hit" }]) : [];
    return [["path", { d: drawn.join(""), ...look }], ...hits];
  }

  angle({ marker, x, y }, index) {
    if (marker.symbol !== "arrow" || !index) return 0;
    const across = this.x(x[index]) - this.x(x[index - 1]), down = this.y(y[index]) - this.y(y[index - 1]);
    return (Math.atan2(down, across) * 180) / Math.PI;
  }

  text(trace, index, old) {
    const beside = trace.textposition === "middle right";
    const [words, bold] = plain(trace.text[index]);
    const shift = beside ? trace.marker.size[index] / 2 + 4 : 0;
    const text = update(old, "text", {
      x: this.x(trace.x[index]) + shift,
      y: this.y(trace.y[index]),
      "text-anchor": beside ? "start" : "middle",
      "font-size": trace.textfont.size,
      "font-weight": bold ? 700 : 400,
      fill: each(trace.textfont.color, index),
    });
    if (text.textContent !== words) text.textContent = words;
    return text;
  }

  shape({ type, x0, x1, y0, y1, line, fillcolor }) {
    const [left, right] = [x0, x1].map((share) => this.left + share * (this.width - this.left - this.tree.right));
    if (type === "line") return svg("path", { d: `M${left} ${this.y(y0)}H${right}`, stroke: line.color, "stroke-width": line.width, "stroke-dasharray": DASHES[line.dash] });
    const [top, bottom] = [this.y(y0), this.y(y1)].sort((a, b) => a - b);
    return svg("rect", { x: left, y: top, width: right - left, height: bottom - top, fill: fillcolor });
  }

  note({ text, x, y, xref, xshift = 0, xanchor, font, bgcolor }) {
    const at = { x: (xref === "paper" ? this.left : this.x(x)) + xshift, "text-anchor": { left: "start", right: "end" }[xanchor] ?? "middle", "font-size": font.size, fill: font.color };
    const lines = text.split("<br>").map(plain);
    return svg("text", { ...at, y: this.y(y), class: bgcolor ? "on-paper" : "" }, lines.map(([words, bold], index) =>
      svg("tspan", { x: at.x, dy: index ? 14 : -7 * (lines.length - 1), "font-weight": bold ? 700 : 400 }, [words])));
  }

  listen(group, trace) {
    [...group.children].forEach((circle, index) => {
      const node = trace.customdata[index][0], lines = trace.hovertext[index].split("<br>").map((line) => plain(line)[0]);
      for (const [name, value] of Object.entries({ role: "button", "data-node": node, "aria-label": lines.slice(0, 2).join(", ") })) circle.setAttribute(name, value);
      circle.tabIndex = index === (this.reached ?? 0) ? 0 : -1;
      circle.onclick = () => this.view.clickNode(node);
      circle.onpointerenter = circle.onfocus = (event) => this.view.point(event, lines);
      circle.onpointerleave = circle.onblur = (event) => this.view.point(event);
    });
  }

  listenToEdges(group, trace) {
    const edges = trace.customdata.filter((edge, index) => edge && trace.customdata[index - 1]?.join() !== edge.join());
    [...group.querySelectorAll(".hit")].forEach((hit, index) => {
      hit.onclick = () => this.view.clickEdge(edges[index]);
      hit.onpointerenter = (event) => this.view.point(event, [`${edges[index].map((node) => this.tree.names[node]).join(" → ")}: click to drop this fact`]);
      hit.onpointerleave = (event) => this.view.point(event);
    });
  }

  choose(node) {
    for (const circle of this.groups.get("nodes")?.children ?? [])
      circle.classList.toggle("chosen", `${node}` === circle.dataset.node);
  }

  key(event) {
    const circles = [...this.groups.get("nodes").children], at = circles.indexOf(event.target);
    if (at < 0) return;
    if (event.key === "Enter" || event.key === " ") circles[at].onclick();
    const to = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1 }[event.key];
    if (!circles[to] && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (!circles[to]) return;
    this.reached = to;
    circles.forEach((circle, index) => (circle.tabIndex = index === to ? 0 : -1));
    circles[to].focus();
  }
}

// [distance, distance that is wanted] of marks beside each other, `wanted` of their texts.
function neighbours({ x, y, text = [] }, wanted) {
  const rows = new Map();
  y.forEach((height, index) => rows.set(height, [...(rows.get(height) ?? []), index]));
  return [...rows.values()].flatMap((row) => {
    row.sort((one, other) => x[one] - x[other]);
    return row.slice(1).map((index, place) => [x[index] - x[row[place]], wanted(text[row[place]], text[index])]);
  });
}

const letters = (text) => plain(text)[0].length;
