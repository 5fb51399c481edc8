// The operator that is selected, beside the graph.

function makeComparison(op) {
  const columns = [["host", op.host], [place, op.target ?? failingVerdict(op)]].filter(
      ([, verdict]) => verdict);
  if (!columns.length) return make("p", {class: "muted"}, "Not judged yet.");
  const row = (label, value) => [label, ...columns.map(([, verdict]) => value(verdict))];
  return makeTable(
      "Measured", ["", ...columns.map(([name]) => `on ${name}`)],
      [
        row("Error, of its bound", (v) => formatNumber(finite(v.share))),
        row("Drift", (v) => formatNumber(finite(v.drift))),
        row("Envelope", (v) => formatNumber(finite(v.envelope))),
        row("Drift, of the envelope", (v) => formatNumber(driftShare(v))),
        row("Outside the bound", (v) => `${formatCount(v.failed)} of ${formatCount(v.elements)}`),
        row("In sample", (v) => v.sample),
      ],
      "numbers");
}

// What the target gave when it failed.
const failingVerdict = (op) =>
    op.faults?.flatMap((fault) => fault.report.operators)
        .find((verdict) => verdict.instance === op.instance && verdict.place !== "host");

function makeNeighbours(title, numbers) {
  if (!numbers.length) return null;
  const shown = numbers.slice(0, 12);
  return [
    make("dt", {}, title),
    make(
        "dd", {}, join(shown.map((n) => makeLink(operators[n].instance))),
        numbers.length > shown.length && ` and ${numbers.length - shown.length} more`)
  ];
}

function showDetails(op) {
  const panel = find("details");
  panel.hidden = !op;
  if (!op) return;
  panel.scrollTop = 0;
  panel.replaceChildren();
  fill(panel, null, [
    make(
        "button", {
          type: "button",
          class: "close",
          "aria-label": "Close",
          onclick: () => select(null, "details")
        },
        "\u00d7"),
    make("h3", {}, breakable(op.instance)),
    make(
        "p", {}, make("span", {class: "kind"}, op.op), ` on ${op.place}, `,
        make("span", {class: `state ${op.state}`}, stateWords[op.state]),
        op.step > 0 && `, step ${op.step}`),
    op.reason && make("p", {class: "muted"}, op.reason),
    op.faults &&
        make(
            "p", {},
            join(op.faults.map(
                (fault) =>
                    make("a", {href: `#fault-${fault.number + 1}`}, `Evidence: ${fault.clause}`)))),
    makeComparison(op),
    make(
        "dl", {class: "pairs"}, makeNeighbours("Uses", op.operands),
        makeNeighbours("Used by", op.users), make("dt", {}, "Alone"),
        make("dd", {}, describeAlone(op.target_alone)))
  ]);
}

// What the carved tests of an operator showed on the target.
function describeAlone(alone) {
  if (!alone.tests)
    return "not tested by itself";
  const passed = `passes ${alone.passed} of ${alone.tests} carved tests`;
  return alone.message ? `${passed}; ${alone.file}: ${alone.message}` : passed;
}

// How much of the graph the panel covers.
function detailsWidth() {
  const panel = find("details");
  return panel.hidden || getComputedStyle(panel).position !== "absolute" ? 0 : panel.offsetWidth;
}

selectionListeners.push(showDetails);
