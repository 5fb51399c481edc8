// The top of the page: what moved, what fails, where and why; and the footer.

const counts = {
  moved: 0,
  guilty: 0,
  waiting: 0,
  unsupported: 0
};
for (const op of operators) ++counts[op.state];

// What the migration came to, as one sentence and a mood.
function describeOutcome() {
  const failures = data.faults.length;
  if (["carve", "host-alone", "host"].includes(data.phase))
    return failures ?
        [
          "bad",
          "The model is wrong on the host already: there is nothing to compare a target with."
        ] :
        ["open", "The host has not been checked to the end."];
  if (failures) {
    return [
      "bad",
      `${plural(failures, "fault")} found${
          data.phase === "done" ? "" : "; the migration is not finished"}.`
    ];
  }
  if (data.phase !== "done")
    return ["open", "Not finished; the same command goes on where it stopped."];
  return ["good", "Nothing fails."];
}

function makeTile(value, label, note) {
  return make(
      "div", {class: "tile"}, make("dt", {}, label),
      make("dd", {}, make("b", {}, value), note && make("span", {}, note)));
}

// The operator with the largest share in the last run.
function findWorst() {
  let worst = null;
  for (const op of operators)
    if (op.share !== null && (!worst || op.share > worst.share)) worst = op;
  return worst;
}

function makeTiles() {
  const tiles = [];
  const worst = findWorst();
  if (worst)
    tiles.push(makeTile(
        formatNumber(worst.share), "largest error (1 is the bound)",
        [worst.op, " ", makeLink(worst.instance)]));
  const report = data.final_report.outputs.length ? data.final_report : data.host_report;
  const outputs = report.outputs;
  if (outputs.length) {
    const ratios = outputs.map((output) => [driftShare(output) ?? 0, output]);
    const [ratio, output] = ratios.reduce((a, b) => (b[0] > a[0] ? b : a));
    tiles.push(makeTile(
        formatNumber(ratio), "drift of the outputs (1 is the envelope)",
        `${output.name}, sample ${output.sample}`));
    const difference = Math.max(...outputs.map((o) => finite(o.difference)));
    tiles.push(makeTile(
        formatNumber(difference), "largest difference from the source",
        plural(data.samples.length, "sample")));
  }
  if (data.final_report.outputs.length)
    tiles.push(makeTile(
        formatCount(report.transfers), "transfers",
        `${formatBytes(report.bytes_moved)} for all samples`));
  tiles.push(makeTile(formatSeconds(data.seconds), "in all", plural(data.steps.length, "step")));
  return make("dl", {class: "tiles"}, tiles);
}

function makeProgressBar() {
  const total = operators.length || 1;
  const kinds = ["moved", "guilty", "waiting", "unsupported"].filter((kind) => counts[kind]);
  const words = kinds.map((kind) => `${formatCount(counts[kind])} ${stateWords[kind]}`);
  return [
    make(
        "div", {class: "meter", role: "img", "aria-label": words.join(", ")},
        kinds.map(
            (kind) => make("i", {class: kind, style: `width:${(100 * counts[kind]) / total}%`}))),
    make("div", {class: "legend"}, kinds.map((kind, i) => swatch(kind, words[i]))),
  ];
}

function makeFaultLine(fault) {
  return make(
      "li", {},
      make(
          "a", {href: `#fault-${fault.number + 1}`, class: "fault-line"},
          make("strong", {}, breakable(fault.instance || "the model")), " ",
          make("span", {}, fault.clause)));
}

// Why operators stay on the host, most frequent first.
function listReasons() {
  const reasons = new Map();
  for (const op of operators)
    if (op.state === "unsupported") reasons.set(op.reason, (reasons.get(op.reason) ?? 0) + 1);
  return [...reasons].sort((a, b) => b[1] - a[1]);
}

function showSummary() {
  document.title = `${data.model} on ${place} \u2013 TapML migration`;
  const [mood, sentence] = describeOutcome();
  const shown = data.faults.slice(0, 5);
  const reasons = listReasons();
  find("summary").append(
      make("h1", {}, data.model, make("span", {}, ` on ${place}`)),
      make(
          "p", {class: "device"}, data.device || "no device",
          data.phase === "done" ? (data.fused ? ", regions merged" : ", one region per operator") :
                                  ""),
      make(
          "div", {class: "hero"},
          make(
              "div", {class: "count"},
              make(
                  "p", {}, make("b", {}, formatCount(counts.moved)),
                  ` of ${plural(operators.length, "operator")} moved`),
              makeProgressBar(),
              reasons.length > 0 &&
                  make(
                      "ul", {class: "reasons"},
                      reasons.slice(0, 3).map(
                          ([reason, count]) =>
                              make("li", {}, `${formatCount(count)} on the host: ${reason}`)))),
          make(
              "div", {class: `outcome ${mood}`}, make("p", {}, sentence),
              shown.length > 0 &&
                  make(
                      "ul", {}, shown.map(makeFaultLine),
                      data.faults.length > shown.length &&
                          make(
                              "li", {},
                              make(
                                  "a", {href: "#failures"},
                                  `and ${data.faults.length - shown.length} more`))))),
      makeTiles());
}

function showSections() {
  const titles = [...document.querySelectorAll("main > section:not([hidden])")];
  find("sections")
      .append(...titles.map(
          (section) => make(
              "a", {href: `#${section.id}`},
              section.id === "failures" ? `What fails (${data.faults.length})` :
                  section.id === "drift" ? "Drift" :
                                           section.querySelector("h2").textContent)));
}

function showAbout() {
  find("about").append(
      make(
          "p", {}, `Model ${data.model} `, make("code", {}, data.model_hash.slice(0, 12)),
          ", target ", make("code", {}, data.target), data.device ? ` (${data.device})` : "",
          `, ${plural(data.samples.length, "sample")}, `, make("code", {}, data.settings), "."),
      make(
          "p", {},
          "Errors are measured against a float64 evaluation; 1 is the largest error that rounding explains."));
}
