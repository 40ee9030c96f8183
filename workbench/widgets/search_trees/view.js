// Search trees for every number of thoughts k, redrawn here: a key asks no server.
//
// This file, with those beside it, is one module. `data` holds the marks of each tree as plotly has them (analyses/drawing/tree), those that move with k once a k. Marks
// keep their elements while k moves, so that style sheets move them over. The server is told of k once it rests.

const TOLD_AFTER = 200; // milliseconds in which k has not moved
const STEP = 1200; // milliseconds between two steps of Play at speed 1
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
      // Not its height, which the trees themselves set; its place, which what is drawn above it moves.
      const size = `${this.root.clientWidth} ${window.innerHeight} ${Math.round(this.top())}`;
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
    this.keepInLink();
    window.addEventListener("resize", this.resize);
    this.watcher ??= new ResizeObserver(this.resize);
    this.watcher.observe(this.root);
    const page = this.root.closest("[data-testid=stMainBlockContainer]");
    if (page) this.watcher.observe(page);
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
    // The answers of all k lie on each other, so that the tree below stands still whichever is seen.
    this.heads = data.ks.map((_, at) => element("div", {}, data.heads.map((head) => heading(head[at]))));
    this.head = element("div", { class: "head", "aria-live": "polite" }, this.heads);
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
    const pictures = ["PNG", "SVG"].map((kind) =>
      element("button", { "aria-label": `Picture as ${kind}`, title: `What is seen, as ${kind}` }, [kind], { click: () => savePicture(this, kind.toLowerCase()) }),
    );
    const controls = element("div", { class: "controls" }, [element("span", {}, [this.playing, this.speed, this.link]), element("span", {}, pictures), element("span", { class: "tabs" }, tabs)]);
    return element("div", { class: "axis" }, [this.table, controls]);
  }

  legend() {
    const items = swatches(this.data, this.view).map(([name, swatch]) => element("span", {}, [swatch, name]));
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
    this.heads.forEach((head, index) => {
      head.classList.toggle("now", index === at);
      head.setAttribute("aria-hidden", index !== at);
    });
    for (const drawing of this.drawings) drawing.show(at);
  }

  move(k) {
    if (k === this.k) return;
    this.show(k);
    clearTimeout(this.moving);
    this.moving = setTimeout(() => {
      this.moving = undefined;
      this.keepInLink();
      this.setStateValue("k", k);
    }, TOLD_AFTER);
  }

  // In place of the present address: Back leads to the page before, not to every k that was seen.
  keepInLink() {
    const link = this.address();
    if (link.href !== window.location.href) history.replaceState(history.state, "", link);
  }

  address() {
    const link = new URL(window.location.href);
    if (this.k === this.data.usual) link.searchParams.delete("k");
    else link.searchParams.set("k", this.k);
    return link;
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
    await navigator.clipboard.writeText(this.address().href);
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

  top() {
    return (this.plots?.getBoundingClientRect().top ?? 0) + (this.root.closest("[data-testid=stMain]")?.scrollTop ?? 0);
  }

  fit(draw = true) {
    if (!this.drawings) return;
    const room = window.innerHeight - this.top() - (this.root.querySelector(".legend")?.offsetHeight || 44) - 12;
    for (const drawing of this.drawings) drawing.fit(room);
    if (draw) this.show(this.k);
  }
}

// [name, swatch] of everything that the legend of these trees explains.
function swatches(data, view) {
  const seen = new Map();
  for (const index of view.trees)
    for (const trace of [...data.trees[index].fixed, ...data.trees[index].frames.flatMap((frame) => frame.traces)])
      if (trace.showlegend && !seen.has(trace.name)) seen.set(trace.name, trace);
  return [...seen.values()].map((trace) => {
    const swatch = svg("svg", { width: 24, height: 16 });
    if (trace.mode === "markers") swatch.append(marker({ ...trace.marker, size: Math.min(trace.marker.size, 12) }, 0, 12, 8));
    else swatch.append(svg("path", { d: "M2 8H22", ...stroke(trace), "stroke-opacity": trace.opacity ?? 1 }));
    return [trace.name, swatch];
  });
}

function heading({ before, words, right, way, after }) {
  const mark = element("span", { class: `badge ${right ? "right" : "wrong"}` }, [right ? "✓ right" : "✗ wrong"]);
  return element("p", {}, [before, element("b", {}, [words]), " ", mark, " ", element("span", { class: "badge" }, [way]), element("span", { class: "after" }, [after])]);
}

const written = (value) => (value === null ? "" : value >= 0.995 ? "1.0" : value.toFixed(2).replace(/^0/, ""));
