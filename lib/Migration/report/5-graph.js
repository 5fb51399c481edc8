// The graph: drawn once, then moved and scaled as a whole.

//===--------------------------------------------------------------------===//
// Colours
//===--------------------------------------------------------------------===//

// What the shades show, and at which parts of the envelope or of the bound they
// begin.
const shadings = {
  drift: {get: (op) => op.driftShare, steps: [0.003, 0.01, 0.03, 0.1]},
  share: {get: (op) => op.share, steps: [0.1, 0.2, 0.4, 0.7]},
};

function shade(op, mode) {
  const value = shadings[mode].get(op);
  const kind = op.place === "host" ? "on-host" : "on-target";
  if (op.state === "guilty") return "node guilty";
  const extra = op.state === "unsupported" ? " unsupported" : "";
  if (value === null) return `node ${kind} shade-none${extra}`;
  if (value > 1) return `node over${extra}`;
  return `node ${kind} shade-${shadings[mode].steps.filter((step) => value > step).length}${extra}`;
}

function showLegend(mode) {
  const ramp = (kind, word) => make(
      "span", {class: "key"},
      ["none", 0, 1, 2, 3, 4].map((step) => make("i", {class: `swatch ${kind} shade-${step}`})),
      word);
  find("graph-legend").replaceChildren();
  fill(find("graph-legend"), null, [
    ramp("on-target", `on ${place}`), ramp("on-host", "on the host"),
    make("span", {class: "key muted"}, `exact, \u2264 ${shadings[mode].steps.join(", ")}, 1`),
    swatch("over", "above 1"), counts.guilty > 0 && swatch("guilty", "at fault"),
    counts.unsupported > 0 && swatch("on-host unsupported", "cannot move")
  ]);
}

//===--------------------------------------------------------------------===//
// View
//===--------------------------------------------------------------------===//

const smallestScaleOfNames = 0.48;

class GraphView {
  constructor(box) {
    this.box = box;
    this.scene = draw("g", {});
    this.svg = draw(
        "svg", {
          tabindex: 0,
          role: "application",
          "aria-roledescription": "graph",
          "aria-label": "Graph of operators: arrows follow the data"
        },
        this.scene);
    box.append(this.svg);
    this.mode = find("graph-mode").value;
    this.resize();
    this.listen();
    new ResizeObserver(() => this.resize()).observe(box);
  }

  resize() {
    const {clientWidth: width, clientHeight: height} = this.box;
    if (!width || !height || (this.width === width && this.height === height)) return;
    const aspect = width / height;
    this.width = width;
    this.height = height;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    if (!this.drawing || Math.abs(Math.log(aspect / this.aspect)) > 0.3) {
      this.aspect = aspect;
      this.drawing = new Drawing(aspect);
      this.redraw();
      this.scale = null;
    }
    this.fit();
  }

  redraw() {
    const lines = this.drawing.lines;
    const path = (isFar) =>
        lines.filter((line) => line.isFar === isFar).map((line) => line.path).join("");
    this.hot = draw("g", {class: "hot"});
    this.nodes = operators.map((op) => this.drawNode(op));
    this.named = false;
    this.scene.replaceChildren(
        draw("path", {class: "line far", d: path(true)}),
        draw("path", {class: "line", d: path(false)}), draw("g", {}, this.drawTitles()), this.hot,
        draw("g", {}, this.nodes));
    if (selected !== null) this.mark(operators[selected]);
  }

  drawNode(op) {
    const {x, y} = this.drawing.locate(op.layer, op.x);
    op.at = {x, y};
    return draw(
        "g", {
          class: shade(op, this.mode),
          transform: `translate(${x - cell.width / 2} ${y - cell.height / 2})`,
          "data-n": op.number
        },
        draw("rect", {width: cell.width, height: cell.height, rx: 5}));
  }

  // Names are added when they can first be read.
  drawNames() {
    if (this.named || this.scale < smallestScaleOfNames) return;
    this.named = true;
    operators.forEach(
        (op, i) => this.nodes[i].append(draw(
            "text", {x: cell.width / 2, y: 17},
            op.op.length > 17 ? `${op.op.slice(0, 16)}\u2026` : op.op)));
  }

  // The modules that each column shows, at length and in brief.
  drawTitles() {
    const modules = this.drawing.columns.map(() => new Map());
    for (const run of listModules(40))
      for (const op of operators.slice(run.begin, run.end + 1)) {
        const votes = modules[this.drawing.columnOf[op.layer]];
        votes.set(run.name, (votes.get(run.name) ?? 0) + 1);
      }
    this.titles = this.drawing.columns.map((column, i) => {
      const [long, brief] = nameModules(modules[i]);
      const text = draw("text", {class: "title", x: column.left, y: 20});
      return {text, long, brief, width: column.right - column.left + cell.gap};
    });
    return this.titles.map((title) => title.text);
  }

  // As much of the names as there is room for, never small.
  scaleTitles() {
    const size = Math.max(13, 11.5 / this.scale);
    for (const {text, long, brief, width} of this.titles) {
      const letters = Math.floor(width / (size * 0.62));
      text.textContent = [long, brief].find((name) => name.length <= letters) ?? "";
      text.style.fontSize = `${size}px`;
    }
  }

  //===--- Moving and scaling ---===//

  fit() {
    const {width, height} = this.drawing;
    // Room for titles, which do not shrink.
    const top = 14;
    this.fitScale = Math.min(this.width / width, (this.height - top) / height, 1.25);
    this.place(
        this.fitScale, (this.width - width * this.fitScale) / 2,
        top + (this.height - top - height * this.fitScale) / 2);
  }

  place(scale, x, y) {
    const {width, height} = this.drawing;
    // Some of it stays in sight.
    const margin = 60;
    const lastScale = this.scale;
    this.scale = Math.min(Math.max(scale, this.fitScale * 0.5), 2.5);
    this.x = Math.min(Math.max(x, margin - width * this.scale), this.width - margin);
    this.y = Math.min(Math.max(y, margin - height * this.scale), this.height - margin);
    this.scene.setAttribute("transform", `translate(${this.x} ${this.y}) scale(${this.scale})`);
    this.svg.classList.toggle("small", this.scale < smallestScaleOfNames);
    this.svg.classList.toggle("tiny", this.scale < 0.12);
    // One finger moves the page until there is something to move in here.
    this.svg.style.touchAction = this.scale > this.fitScale * 1.05 ? "none" : "pan-y";
    if (this.scale !== lastScale) this.scaleTitles();
    this.drawNames();
  }

  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const scale = Math.min(Math.max(this.scale * factor, this.fitScale * 0.5), 2.5);
    const ratio = scale / this.scale;
    this.place(scale, x - (x - this.x) * ratio, y - (y - this.y) * ratio);
  }

  // Brings an operator into sight.
  reveal(op) {
    const x = op.at.x * this.scale + this.x;
    const y = op.at.y * this.scale + this.y;
    const marginX = Math.min(120, this.width / 4);
    const width = this.width - detailsWidth();
    const isVisible = x > marginX && x < width - marginX && y > 40 && y < this.height - 40;
    const scale = Math.max(this.scale, 0.5);
    if (isVisible && scale === this.scale) return;
    this.place(scale, width / 2 - op.at.x * scale, this.height / 2 - op.at.y * scale);
  }

  //===--- Marks ---===//

  mark(op) {
    for (const node of this.marked ?? []) node.classList.remove("selected", "near");
    this.marked = [];
    this.hot.replaceChildren();
    if (!op) return;
    this.nodes[op.number].classList.add("selected");
    this.marked.push(this.nodes[op.number]);
    data.edges.forEach(([from, to], i) => {
      if (from !== op.number && to !== op.number) return;
      this.hot.append(draw(
          "path",
          {class: from === op.number ? "line out" : "line in", d: this.drawing.lines[i].path}));
      const other = this.nodes[from === op.number ? to : from];
      other.classList.add("near");
      this.marked.push(other);
    });
  }

  shadeBy(mode) {
    this.mode = mode;
    showLegend(mode);
    for (const op of operators) this.nodes[op.number].setAttribute("class", shade(op, mode));
    this.mark(selected === null ? null : operators[selected]);
    this.dim(this.matching);
  }

  // Shows which operators match a filter; null shows all.
  dim(matching) {
    this.matching = matching;
    this.nodes.forEach(
        (node, i) => node.classList.toggle(
            "dim", matching !== null && matching !== undefined && !matching.has(i)));
  }

  //===--- Hands ---===//

  listen() {
    const svg = this.svg;
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = svg.getBoundingClientRect();
      this.zoom(
          Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), event.clientX - box.left,
          event.clientY - box.top);
    }, {passive: false});
    const pointers = new Map();
    let travelled = 0;
    svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      if (!pointers.size) travelled = 0;
      pointers.set(event.pointerId, {x: event.clientX, y: event.clientY});
    });
    svg.addEventListener("pointermove", (event) => {
      const last = pointers.get(event.pointerId);
      if (!last) return this.hover(event);
      const next = {x: event.clientX, y: event.clientY};
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      travelled += Math.hypot(next.x - last.x, next.y - last.y);
      if (travelled > 4 && !svg.hasPointerCapture(event.pointerId))
        svg.setPointerCapture(event.pointerId);
      if (other) {
        const box = svg.getBoundingClientRect();
        const factor = Math.hypot(next.x - other.x, next.y - other.y) /
            Math.max(1, Math.hypot(last.x - other.x, last.y - other.y));
        this.zoom(factor, (next.x + other.x) / 2 - box.left, (next.y + other.y) / 2 - box.top);
      } else if (travelled > 4)
        this.place(this.scale, this.x + next.x - last.x, this.y + next.y - last.y);
      pointers.set(event.pointerId, next);
    });
    for (const name of ["pointerup", "pointercancel"])
      svg.addEventListener(name, (event) => pointers.delete(event.pointerId));
    svg.addEventListener("pointerleave", hideTip);
    svg.addEventListener("click", (event) => {
      if (travelled > 4) return;
      const node = event.target.closest("[data-n]");
      select(node ? Number(node.dataset.n) : null, "graph");
    });
    svg.addEventListener("dblclick", (event) => {
      const box = svg.getBoundingClientRect();
      this.zoom(2, event.clientX - box.left, event.clientY - box.top);
    });
    svg.addEventListener("keydown", (event) => this.press(event));
    find("zoom-in").addEventListener("click", () => this.zoom(1.5));
    find("zoom-out").addEventListener("click", () => this.zoom(1 / 1.5));
    find("zoom-fit").addEventListener("click", () => this.fit());
    find("graph-mode").addEventListener("change", (event) => this.shadeBy(event.target.value));
  }

  hover(event) {
    const node = event.target.closest("[data-n]");
    if (!node || event.pointerType === "touch") return hideTip();
    const op = operators[node.dataset.n];
    showTip(
        event, make("strong", {}, op.instance), `${op.op} on ${op.place}, ${stateWords[op.state]}`,
        `drift ${formatNumber(op.driftShare)} of the envelope, error ${
            formatNumber(op.share)} of the bound`);
  }

  press(event) {
    const op = selected === null ? null : operators[selected];
    const go = (number) => number !== undefined && select(number, "keys");
    const inLayer =
        op ? operators.filter((other) => other.layer === op.layer).sort((a, b) => a.x - b.x) : [];
    const actions = {
      ArrowDown: () => go(op ? op.users[0] : 0),
      ArrowUp: () => go(op ? op.operands[0] : 0),
      ArrowRight: () => go(inLayer[inLayer.indexOf(op) + 1]?.number),
      ArrowLeft: () => go(inLayer[inLayer.indexOf(op) - 1]?.number),
      "+": () => this.zoom(1.5),
      "=": () => this.zoom(1.5),
      "-": () => this.zoom(1 / 1.5),
      0: () => this.fit(),
      Escape: () => select(null, "keys"),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }
}

// "encoder.layer.0 - 2" and "0 - 2" for what stands in a column; modules of which
// it has only a few operators do not count.
function nameModules(votes) {
  const most = Math.max(...votes.values());
  const names =
      [...votes].filter(([name, count]) => name && count > most / 4).map(([name]) => name);
  if (!names.length) return ["", ""];
  const first = names[0];
  const last = names[names.length - 1];
  const end = last.split(".").pop();
  const stem = first.slice(0, first.lastIndexOf(".") + 1);
  const isRange = first !== last && stem && last.startsWith(stem);
  const range = `${first.split(".").pop()}\u2013${end}`;
  if (isRange) return [stem + range, range];
  if (first === last) return [first, end];
  const tail = (name) => name.split(".").slice(-2).join(".");
  return [`${first} \u2013 ${last}`, `${tail(first)} \u2013 ${tail(last)}`];
}

let graphView = null;
function showGraph() {
  showLegend(find("graph-mode").value);
  graphView = new GraphView(find("graph-view"));
  selectionListeners.push((op, source) => {
    graphView.mark(op);
    if (op && source !== "graph") graphView.reveal(op);
    if (source === "link") find("graph").scrollIntoView({block: "start"});
  });
}
