// Drift through the depth of the model, and the steps of the migration.

const frame = {
  left: 56,
  right: 12,
  top: 12,
  bottom: 30
};

// A chart that is drawn again when its box changes.
function showChart(box, paint) {
  let width = 0;
  const update = () => {
    if (!box.clientWidth || box.clientWidth === width) return;
    width = box.clientWidth;
    box.replaceChildren(paint(width, box.clientHeight));
  };
  update();
  new ResizeObserver(update).observe(box);
}

// Round values for an axis from 0 to `high`.
function makeTicks(high, count) {
  const raw = high / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw || 1));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? power;
  const ticks = [];
  for (let tick = 0; tick <= high * (1 + 1e-9); tick += step)
    ticks.push(Number(tick.toPrecision(12)));
  return ticks;
}

//===--------------------------------------------------------------------===//
// Drift
//===--------------------------------------------------------------------===//

const driftSeries = [
  {
    kind: "envelope",
    word: "envelope",
    get: (op) => finite((op.last ?? op.target ?? op.host)?.envelope ?? 0)
  },
  {kind: "host-line", word: "host", get: (op) => (op.host ? finite(op.host.drift) : 0)},
  {kind: "target-line", word: place, get: (op) => targetDrift(op)},
];

// Of what the target gave, or what the last run had behind it.
function targetDrift(op) {
  const verdict = op.state === "guilty" ? failingVerdict(op) :
      op.last && counts.moved           ? op.last :
                                          op.target;
  return verdict ? finite(verdict.drift) : 0;
}

function paintDrift(width, height) {
  const values = driftSeries.map((series) => operators.map(series.get));
  const numbers = values.flat().filter((value) => value > 0 && value < Infinity);
  if (!numbers.length) return make("p", {class: "muted empty"}, "No drift was measured.");
  let low = Infinity;
  let high = -Infinity;
  for (const value of numbers) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const bottom = Math.floor(Math.log10(low));
  const top = Math.max(bottom + 1, Math.ceil(Math.log10(high)));
  const x = (i) => frame.left + ((width - frame.left - frame.right) * (i + 0.5)) / operators.length;
  const y = (value) => {
    if (value === Infinity) return frame.top - 4;
    return frame.top +
        ((height - frame.top - frame.bottom) * (top - Math.log10(value))) / (top - bottom);
  };
  const stride = Math.ceil((top - bottom) / 8);
  const grid = [];
  for (let power = bottom; power <= top; power += stride)
    grid.push(
        draw("path", {class: "grid", d: `M${frame.left} ${y(10 ** power)}H${width - frame.right}`}),
        draw(
            "text", {class: "tick", x: frame.left - 8, y: y(10 ** power) + 4, "text-anchor": "end"},
            `10${raise(power)}`));
  const line = (list) => {
    let path = "";
    list.forEach((value, i) => {
      if (value > 0) path += `${path ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    });
    return path;
  };
  const isFar = (op) => op.state === "guilty" || (op.driftShare ?? 0) > 1;
  const cursor = draw("path", {class: "cursor"});
  const svg = draw(
      "svg", {
        viewBox: `0 0 ${width} ${height}`,
        tabindex: 0,
        role: "application",
        "aria-label": "Drift by operator; left and right go through the operators"
      },
      grid, paintModules(width, height, x),
      driftSeries.map((series, i) => draw("path", {class: series.kind, d: line(values[i])})),
      operators.filter((op) => isFar(op) && values[2][op.number] > 0)
          .map(
              (op) => draw(
                  "circle",
                  {class: "bad-dot", r: 4.5, cx: x(op.number), cy: y(values[2][op.number])})),
      cursor);
  const at = (event) => {
    const box = svg.getBoundingClientRect();
    const part = (event.clientX - box.left - frame.left) / (width - frame.left - frame.right);
    return Math.min(operators.length - 1, Math.max(0, Math.floor(part * operators.length)));
  };
  const show = (number) => cursor.setAttribute(
      "d", number === null ? "" : `M${x(number)} ${frame.top}V${height - frame.bottom}`);
  svg.addEventListener("pointermove", (event) => {
    const op = operators[at(event)];
    show(op.number);
    showTip(
        event, make("strong", {}, op.instance), op.op,
        ...driftSeries.map(
            (series, i) => `${series.word} ${
                values[i][op.number] > 0 ? formatNumber(values[i][op.number]) : "exact"}`));
  });
  svg.addEventListener("pointerleave", () => {
    hideTip();
    show(selected);
  });
  svg.addEventListener("click", (event) => select(at(event), "chart"));
  svg.addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    select(Math.min(operators.length - 1, Math.max(0, (selected ?? -1) + step)), "chart");
  });
  paintDrift.show = show;
  show(selected);
  return svg;
}

// Splits the operators into runs of one module, as deep as the repeated layers
// of a model are, or else as there is room for.
function listModules(most) {
  let shown = [];
  for (let depth = 1; depth <= 6; ++depth) {
    const runs = [];
    let numbered = 0;
    for (const op of operators) {
      const parts = modulesOf(op).slice(0, depth);
      if (/^\d+$/.test(parts[depth - 1])) ++numbered;
      const name = parts.join(".");
      if (runs.length && runs[runs.length - 1].name === name)
        runs[runs.length - 1].end = op.number;
      else
        runs.push({name, begin: op.number, end: op.number});
    }
    if (numbered > operators.length / 2) return runs;
    if (runs.length > most) break;
    shown = runs;
  }
  return shown;
}

// The modules along the axis.
function paintModules(width, height, x) {
  const room = width - frame.left - frame.right;
  const half = room / operators.length / 2;
  let end = -Infinity;
  return listModules(Math.max(3, room / 60)).filter((run) => run.name).map((run) => {
    const from = x(run.begin) - half;
    const name = run.name.split(".").slice(-2).join(".");
    // Names that would run into the one before are left out.
    if (from < end || from + 6 * name.length > width) return null;
    end = from + 6 * name.length + 14;
    return [
      draw("path", {class: "grid", d: `M${from} ${frame.top}V${height - frame.bottom + 5}`}),
      draw("text", {class: "tick", x: from + 3, y: height - 10}, name)
    ];
  });
}

//===--------------------------------------------------------------------===//
// Steps
//===--------------------------------------------------------------------===//

const stepWords = {
  host: "host alone",
  move: "move",
  blame: "search for the fault",
  fuse: "merge regions",
  final: "one region each"
};
const stepClass = (step) =>
    (step.passes               ? (step.what === "host" ? "step-host" : "step-good") :
         step.what === "blame" ? "step-blame" :
                                 "step-bad");

function paintProgress(width, height) {
  if (!data.steps.length) return make("p", {class: "muted empty"}, "No step was made yet.");
  let time = 0;
  const steps = data.steps.map(
      (step) => ({...step, begin: time, end: (time += Math.max(step.seconds, 1e-3))}));
  const total = Math.max(operators.length, 1);
  const x = (t) => frame.left + ((width - frame.left - frame.right) * t) / time;
  const y = (n) => height - frame.bottom - ((height - frame.top - frame.bottom) * n) / total;
  const grid = [];
  for (const tick of makeTicks(total, 4))
    grid.push(
        draw("path", {class: "grid", d: `M${frame.left} ${y(tick)}H${width - frame.right}`}),
        draw(
            "text", {class: "tick", x: frame.left - 8, y: y(tick) + 4, "text-anchor": "end"},
            formatCount(tick)));
  for (const tick of makeTicks(time, Math.min(8, width / 90)))
    grid.push(draw(
        "text", {class: "tick", x: x(tick), y: height - 10, "text-anchor": "middle"},
        formatSeconds(tick)));
  const limit = total - counts.unsupported;
  const bars = steps.map((step) => {
    // The operators that were tried stand on those that were there before.
    const from = step.what === "move" ? step.moved - step.tried : step.moved;
    const bar = draw("rect", {
      class: `step ${stepClass(step)}`,
      x: x(step.begin),
      width: Math.max(1.5, x(step.end) - x(step.begin) - 0.5),
      y: y(step.moved) - 1.5,
      height: Math.max(3, y(from) - y(step.moved) + 3),
      rx: 1
    });
    bar.addEventListener(
        "pointermove",
        (event) => showTip(
            event, make("strong", {}, `step ${step.number}: ${stepWords[step.what] ?? step.what}`),
            `${plural(step.moved, "operator")} on ${place}${
                step.tried ? `, ${formatCount(step.tried)} of them new` : ""}`,
            step.passes ? "passes" : "fails",
            step.worst && `${formatNumber(finite(step.share))} of the bound at ${step.worst}`,
            formatSeconds(step.seconds)));
    bar.addEventListener("pointerleave", hideTip);
    return bar;
  });
  return draw(
      "svg", {
        viewBox: `0 0 ${width} ${height}`,
        role: "img",
        "aria-label": `${counts.moved} of ${total} operators moved in ${
            data.steps.length} steps; the list of steps follows`
      },
      grid,
      limit < total &&
          draw("path", {class: "limit", d: `M${frame.left} ${y(limit)}H${width - frame.right}`}),
      bars);
}

function showSteps() {
  const details = find("steps");
  details.querySelector("summary").textContent =
      `All ${plural(data.steps.length, "step")} as a table`;
  details.addEventListener("toggle", () => {
    const box = details.querySelector(".scroll");
    if (box.firstChild) return;
    box.append(makeTable(
        "Steps",
        ["Step", "What", "Moved", "Tried", "Result", "Of the bound", "Nearest to it", "Time"],
        data.steps.map(
            (step) =>
                [step.number, stepWords[step.what] ?? step.what, step.moved, step.tried || none,
                 make(
                     "span", {class: step.passes ? "good-word" : "bad-word"},
                     step.passes ? "passes" : "fails"),
                 formatNumber(finite(step.share)), step.worst ? makeLink(step.worst) : none,
                 formatSeconds(step.seconds)]),
        "numbers steps"));
  });
}

function showCharts() {
  find("drift-legend")
      .append(...driftSeries.map(
          (series) => make(
              "span", {class: "key"}, make("i", {class: `stroke ${series.kind}`}), series.word)));
  showChart(find("drift-chart"), paintDrift);
  selectionListeners.push((op) => paintDrift.show?.(op ? op.number : null));
  fill(find("progress-legend"), null, [
    swatch("step-good", "passes"), swatch("step-host", "host alone"),
    data.steps.some((step) => !step.passes) && swatch("step-bad", "fails"),
    data.steps.some((step) => step.what === "blame") &&
        swatch("step-blame", "search for the fault"),
    make("span", {class: "key muted"}, "height: how many operators a step tried")
  ]);
  showChart(find("progress-chart"), paintProgress);
  showSteps();
}
