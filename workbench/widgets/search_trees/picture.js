// What is seen, as a PNG or SVG file: made here in a moment, no server is asked.

const FONT = "'Source Sans', 'Source Sans Pro', Arial, Helvetica, sans-serif";
const AROUND = 24, LINE = 22; // pixels around the trees, and of a line of words
const SHARPNESS = 2; // pixels of a PNG for one of the page

function picture({ data, drawings, k, view }) {
  const { paper, ink, muted } = data.palette, at = data.ks.indexOf(k), parts = [];
  const width = drawings.reduce((sum, drawing) => sum + drawing.width + AROUND, AROUND);
  const words = (text, x, y, size, fill, bold) =>
    svg("text", { x, y, fill, "font-size": size, "font-weight": bold ? 700 : 400, "dominant-baseline": "central" }, [text]);
  let y = AROUND;
  if (data.title) parts.push(words(shortened(data.title, width - 3 * AROUND, 17), AROUND, (y += 4), 17, ink, true));
  if (data.title) y += LINE + 4;
  for (const { before, words: said, right, way } of data.heads.map((head) => head[at])) {
    const end = `  ${right ? "✓ right" : "✗ wrong"}, ${way}`;
    parts.push(words(shortened(before + said, width - 2 * AROUND - wide(end, 14), 14) + end, AROUND, y, 14, ink));
    y += LINE;
  }
  let x = AROUND, height = 0;
  for (const drawing of drawings) {
    parts.push(words(shortened(drawing.title.textContent, drawing.width, 13), x, y, 13, muted));
    parts.push(copied(drawing, x, y + LINE / 2));
    height = Math.max(height, drawing.tree.top - drawing.tree.bottom);
    x += drawing.width + AROUND;
  }
  y += LINE + height + LINE / 2;
  const { scale } = data.trees[view.trees[0]];
  const stops = scale.colours.map(([offset, colour]) => svg("stop", { offset, "stop-color": colour }));
  parts.push(svg("defs", {}, [svg("linearGradient", { id: "scale" }, stops)]));
  const least = wide(scale.least, 12) + 6;
  const bar = svg("g", {}, [words(scale.least, 0, 8, 12, ink), svg("rect", { x: least, y: 3, width: 90, height: 9, fill: "url(#scale)" }), words(`${scale.most} ${scale.title}`, least + 96, 8, 12, ink)]);
  const items = [[bar, least + 116 + wide(`${scale.most} ${scale.title}`, 12)]];
  for (const [name, swatch] of swatches(data, view)) items.push([svg("g", {}, [swatch, words(name, 28, 8, 12, ink)]), 40 + wide(name, 12)]);
  x = AROUND;
  for (const [item, room] of items) {
    if (x > AROUND && x + room > width - AROUND) [x, y] = [AROUND, y + 20];
    item.setAttribute("transform", `translate(${x} ${y})`);
    parts.push(item);
    x += room;
  }
  y += 20 + AROUND / 2;
  const whole = { width, height: y, viewBox: `0 0 ${width} ${y}`, "font-family": FONT };
  return readable(svg("svg", whole, [svg("rect", { width, height: y, fill: paper }), ...parts]), paper);
}

function copied(drawing, x, y) {
  const tree = drawing.svg.cloneNode(true);
  for (const name of ["style", "role"]) tree.removeAttribute(name);
  for (const [name, value] of Object.entries({ x, y, width: drawing.width, height: drawing.tree.top - drawing.tree.bottom, overflow: "visible" })) tree.setAttribute(name, value);
  return tree;
}

// With the looks that style sheets give on the page as attributes, which any program reads.
function readable(drawn, paper) {
  drawn.querySelectorAll(".hit").forEach((hit) => hit.remove());
  drawn.querySelectorAll("text").forEach((text) => text.setAttribute("dominant-baseline", "central"));
  drawn.querySelectorAll(".on-paper").forEach((text) => {
    for (const [name, value] of Object.entries({ "paint-order": "stroke", stroke: paper, "stroke-width": 4 })) text.setAttribute(name, value);
  });
  drawn.querySelectorAll("circle").forEach((circle) => {
    circle.setAttribute("r", parseFloat(circle.style.r));
    circle.setAttribute("fill", circle.style.fill);
    for (const name of ["style", "tabindex", "role", "class"]) circle.removeAttribute(name);
  });
  return drawn;
}

async function savePicture(view, kind) {
  const drawn = picture(view), name = `${view.data.stem}-k${view.k}.${kind}`;
  const text = new XMLSerializer().serializeToString(drawn);
  if (kind === "svg") return saveFile(new Blob([text], { type: "image/svg+xml" }), name);
  const image = new Image(), canvas = document.createElement("canvas");
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  canvas.width = SHARPNESS * drawn.getAttribute("width");
  canvas.height = SHARPNESS * drawn.getAttribute("height");
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => saveFile(blob, name), "image/png");
}

function saveFile(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function wide(text, size) {
  const pen = (wide.pen ??= document.createElement("canvas").getContext("2d"));
  pen.font = `${size}px ${FONT}`;
  return pen.measureText(text).width;
}

function shortened(text, room, size) {
  if (wide(text, size) <= room) return text;
  const letters = Math.floor((text.length * room) / wide(text, size));
  return `${text.slice(0, Math.max(0, letters - 2))} …`;
}
