// Search trees for every number of thoughts k, redrawn here: a key asks no server.
//
// `data` holds the marks of each tree as plotly has them (analyses/drawing/tree), those that move with k once a k. Marks
// keep their elements while k moves, so that style sheets move them over. The server is told of k once it rests.

const NAMESPACE = "http://www.w3.org/2000/svg";
const TOLD_AFTER = 200; // milliseconds in which k has not moved
const STEP = 1200; // milliseconds between two steps of Play at speed 1
const SMALLEST = 0.72; // how far a tree shrinks to fit the window; smaller names could not be read
const DASHES = { solid: "", dot: "2 3", dash: "6 4" };
const views = new WeakMap();

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!views.has(parentElement)) views.set(parentElement, new TreeView(parentElement));
  const view = views.get(parentElement);
  Object.assign(view, { setStateValue, setTriggerValue });
  view.take(data);
  return () => setTimeout(() => view.root.isConnected || view.leave()); // new data may come in the same place
}

class TreeView {
  constructor(parent) {
    this.root = parent.querySelector(".trees");
    this.tip = element("div", { class: "tip", role: "status" });
    this.resize = () => {
      const size = `${this.root.clientWidth} ${window.innerHeight}`; // not its height, which the trees themselves set
      if (size === this.size) return;
      this.size = size;
      this.fit();
    };
  }

  take(data) {
    const same = this.data?.revision === data.revision, set = this.data?.k !== data.k;
    this.data = data; // whose k is that of the page's last whole run
    if (!same) this.build();
    if (!same || set) this.show((this.moving || !set) && data.ks.includes(this.k) ? this.k : data.k);
    window.addEventListener("resize", this.resize);
    this.watcher ??= new ResizeObserver(this.resize);
    this.watcher.observe(this.root);
  }

  leave() {
    this.pause();
    clearTimeout(this.moving);
    window.removeEventListener("resize", this.resize);
    this.watcher?.disconnect();
  }

  // What does not move with k.

  build() {
    const { data } = this;
    for (const [name, colour] of Object.entries(data.palette)) this.root.style.setProperty(`--${name}`, colour);
    this.view = data.views.find((each) => each.name === this.view?.name) ?? data.views[0];
    this.head = element("div", { class: "head", "aria-live": "polite" });
    this.plots = element("div", { class: "plots" });
    this.root.replaceChildren(this.head, this.axis(), this.plots, this.legend(), this.tip);
    this.chosen = data.chosen;
    this.drawings = [];
    this.plots.replaceChildren(
      ...this.view.trees.map((index) => {
        const drawing = new Drawing(data.trees[index], this);
        this.drawings.push(drawing);
        return drawing.box;
      }),
    );
    this.fit(false);
  }

  axis() {
    const { data } = this;
    const row = (name, cells, attributes = {}) => element("tr", attributes, [element("th", { scope: "row" }, [name]), ...cells]);
    this.steps = data.ks.map((k) =>
      element("button", { role: "radio", "data-k": k, "aria-label": `k = ${k}` }, [`${k}`], { click: () => this.move(k) }),
    );
    const rows = [row("Thoughts k", this.steps.map((step) => element("td", {}, [step])))];
    for (const { name, colour, values } of data.rows) {
      const cells = values.map((value, k) => {
        const share = `linear-gradient(to right, color-mix(in srgb, ${colour} 26%, transparent) ${100 * value}%, transparent 0)`;
        return element("td", { "data-k": k, style: `background: ${share}` }, [written(value)], { click: () => this.move(data.ks[k]) });
      });
      rows.push(row(name, cells));
    }
    const marks = data.right.map((right, k) =>
      element("td", { "data-k": k, class: right ? "right" : "wrong" }, [right ? "✓" : "✗"], { click: () => this.move(data.ks[k]) }),
    );
    rows.push(row("Answer", marks));
    this.playing ??= element("button", { class: "play", "aria-pressed": "false" }, ["▶ Play"], { click: () => this.play() });
    this.speed ??= element("select", { "aria-label": "Speed" }, [0.5, 1, 2, 4].map((speed) => element("option", { value: speed }, [`${speed}×`])));
    if (!this.speed.dataset.set) this.speed.value = this.speed.dataset.set = "1";
    const tabs = data.views.length < 2 ? [] : data.views.map((view) =>
      element("button", { class: "tab", "aria-pressed": `${view.name === this.view.name}` }, [view.name], {
        click: () => { this.view = view; this.build(); this.show(this.k); },
      }),
    );
    this.table = element("table", { role: "radiogroup", "aria-label": "Thoughts k" }, rows, { keydown: (event) => this.key(event) });
    this.link ??= element("button", {}, ["Copy link"], { click: () => this.copyLink() });
    const controls = element("div", { class: "controls" }, [element("span", {}, [this.playing, this.speed, this.link]), element("span", { class: "tabs" }, tabs)]);
    return element("div", { class: "axis" }, [this.table, controls]);
  }

  legend() {
    const seen = new Map();
    for (const index of this.view.trees)
      for (const trace of [...this.data.trees[index].fixed, ...this.data.trees[index].frames.flatMap((frame) => frame.traces)])
        if (trace.showlegend && !seen.has(trace.name)) seen.set(trace.name, trace);
    const items = [...seen.values()].map((trace) => {
      const swatch = svg("svg", { width: 24, height: 16 });
      if (trace.mode === "markers") swatch.append(marker({ ...trace.marker, size: Math.min(trace.marker.size, 12) }, 0, 12, 8));
      else swatch.append(svg("path", { d: "M2 8H22", ...stroke(trace), "stroke-opacity": trace.opacity ?? 1 }));
      return element("span", {}, [swatch, trace.name]);
    });
    const { scale } = this.data.trees[this.view.trees[0]];
    const bar = element("i", { style: `background: linear-gradient(to right, ${scale.colours.map(([at, colour]) => `${colour} ${100 * at}%`)})` });
    return element("div", { class: "legend" }, [element("span", { class: "scale" }, [scale.least, bar, scale.most, ` ${scale.title}`]), ...items]);
  }

  // What moves with k.

  show(k) {
    this.k = k;
    const at = this.data.ks.indexOf(k);
    this.steps.forEach((step, index) => {
      step.setAttribute("aria-checked", `${index === at}`);
      step.tabIndex = index === at ? 0 : -1;
    });
    for (const cell of this.table.querySelectorAll("td")) cell.classList.toggle("now", cell.cellIndex === at + 1);
    this.head.replaceChildren(...this.data.heads.map((head) => heading(head[at])));
    for (const drawing of this.drawings) drawing.show(at);
  }

  move(k) {
    if (k === this.k) return;
    this.show(k);
    clearTimeout(this.moving);
    this.moving = setTimeout(() => {
      this.moving = undefined;
      this.setStateValue("k", k);
    }, TOLD_AFTER);
  }

  key(event) {
    const { ks } = this.data, at = ks.indexOf(this.k);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: ks.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.move(ks[Math.max(0, Math.min(to, ks.length - 1))]);
    this.steps[ks.indexOf(this.k)].focus();
  }

  play() {
    if (this.clock) return this.pause();
    this.playing.textContent = "❚❚ Pause";
    this.playing.setAttribute("aria-pressed", "true");
    const step = () => {
      const { ks } = this.data;
      this.move(ks[(ks.indexOf(this.k) + 1) % ks.length]);
      this.clock = setTimeout(step, STEP / this.speed.value);
    };
    this.clock = setTimeout(step, STEP / this.speed.value);
  }

  async copyLink() {
    const link = new URL(window.location.href);
    link.searchParams.set("k", this.k); // which the address may not hold yet
    await navigator.clipboard.writeText(link.href);
    this.link.textContent = "Copied";
    setTimeout(() => (this.link.textContent = "Copy link"), 1500);
  }

  pause() {
    clearTimeout(this.clock);
    this.clock = undefined;
    if (!this.playing) return;
    this.playing.textContent = "▶ Play";
    this.playing.setAttribute("aria-pressed", "false");
  }

  // Clicks. Where facts can be added, the first of two nodes waits for the second.

  clickNode(node) {
    if (!this.data.edits) {
      this.chosen = node;
      this.setTriggerValue("clicked", { node });
    } else if (this.chosen === node) this.chosen = undefined;
    else if (this.chosen === undefined || this.chosen === null) this.chosen = node;
    else {
      this.setTriggerValue("clicked", { add: [this.chosen, node] });
      this.chosen = undefined;
    }
    for (const drawing of this.drawings) drawing.choose(this.chosen);
  }

  clickEdge(edge) {
    if (this.data.edits) this.setTriggerValue("clicked", { drop: edge });
  }

  point(event, lines) {
    if (!lines) return void (this.tip.style.display = "none");
    this.tip.replaceChildren(...lines.map((line, index) => element(index ? "div" : "b", {}, [line])));
    const { left, top, width } = this.root.getBoundingClientRect();
    const at = event.currentTarget.getBoundingClientRect();
    Object.assign(this.tip.style, { display: "block", left: `${Math.min(at.right - left + 8, width - 250)}px`, top: `${at.top - top}px` });
  }

  fit(draw = true) {
    if (!this.drawings) return;
    const top = this.plots.getBoundingClientRect().top + (this.root.closest("[data-testid=stMain]")?.scrollTop ?? 0);
    const room = window.innerHeight - top - (this.root.querySelector(".legend")?.offsetHeight || 44) - 12;
    for (const drawing of this.drawings) drawing.fit(room);
    if (draw) this.show(this.k);
  }
}

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
    const { bottom, top } = this.tree, height = top - bottom;
    const width = this.box.clientWidth || 800;
    this.scale = Math.min(1, Math.max(SMALLEST, (room - this.title.offsetHeight) / height));
    this.width = width / this.scale;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.svg.setAttribute("height", `${height * this.scale}`);
    this.left = this.tree.left;
    this.x = (x) => this.left + (x * (this.width - this.left - this.tree.right)) / this.tree.width;
    this.y = (y) => top - y;
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

function heading({ before, words, right, way, after }) {
  const mark = element("span", { class: `badge ${right ? "right" : "wrong"}` }, [right ? "✓ right" : "✗ wrong"]);
  return element("p", {}, [before, element("b", {}, [words]), " ", mark, " ", element("span", { class: "badge" }, [way]), element("span", { class: "after" }, [after])]);
}

const each = (value, index) => (Array.isArray(value) ? value[index] : value);
const dash = (name = "solid") => DASHES[name] ?? name.replaceAll("px", "");
const stroke = ({ line }) => ({ fill: "none", stroke: line.color, "stroke-width": line.width, "stroke-dasharray": dash(line.dash), "stroke-linecap": line.dash ? "butt" : "round" });
const written = (value) => (value === null ? "" : value >= 0.995 ? "1.0" : value.toFixed(2).replace(/^0/, ""));

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
