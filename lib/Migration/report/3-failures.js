// Each fault with its evidence.

function makeTable(caption, heads, rows, className) {
  return make(
      "table", {class: className}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, heads.map((head) => make("th", {scope: "col"}, head)))),
      make(
          "tbody", {}, rows.map((row) => make("tr", {}, row.map((cell) => make("td", {}, cell))))));
}

function makeElements(evidence, verdict) {
  const worst = evidence.worst ?? [];
  if (!worst.length) return null;
  const isInteger = worst.every((element) => !/[.einf]/i.test(element.expected ?? ""));
  const row = (element) =>
      [`[${(element.index ?? []).join(", ")}]`, element.expected, element.got,
          formatNumber(finite(element.ulps ?? null)), formatNumber(finite(element.share ?? null))];
  const first = evidence.first;
  const isListed = first && worst.some((element) => String(element.index) === String(first.index));
  return make(
      "div", {class: "scroll"},
      makeTable(
          `The worst of ${formatCount(verdict.failed)} failing elements of ${
              formatCount(verdict.elements)}`,
          ["Element", "Expected", "Got", isInteger ? "Difference" : "ULP", "Of the bound"],
          worst.map(row), "numbers"),
      first && !isListed &&
          make(
              "p", {class: "note"},
              `The first is [${(first.index ?? []).join(", ")}]: expected ${first.expected}, got ${
                  first.got}.`));
}

// Two ranges on one scale.
function drawRanges(expected, got) {
  const ends = [expected.min, expected.max, got.min, got.max].filter((x) => typeof x === "number");
  if (ends.length < 2) return null;
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  if (low === high) return null;
  const at = (x) => 4 + (292 * (x - low)) / (high - low);
  const line = (range, y, kind) => {
    if (typeof range.min !== "number") return null;
    return draw(
        "g", {class: kind}, draw("rect", {
          x: at(range.min),
          y,
          width: Math.max(2, at(range.max) - at(range.min)),
          height: 8,
          rx: 2
        }),
        typeof range.mean === "number" &&
            draw("path", {class: "mean", d: `M${at(range.mean)} ${y - 3}v14`}));
  };
  return draw(
      "svg", {
        class: "ranges",
        viewBox: "0 0 300 34",
        role: "img",
        "aria-label": `expected ${formatNumber(expected.min)} to ${
            formatNumber(expected.max)}, got ${formatNumber(got.min)} to ${formatNumber(got.max)}`
      },
      line(expected, 5, "expected"), line(got, 21, "got"));
}

function makeRanges(evidence) {
  const expected = evidence.expected_range;
  const got = evidence.got_range;
  if (!expected || !got) return null;
  const rows = [
    ["min", "Smallest"], ["max", "Largest"], ["mean", "Mean"], ["variance", "Variance"],
    ["largest_magnitude", "Largest magnitude"], ["subnormals", "Subnormals"], ["nan", "NaN"],
    ["inf", "Infinities"]
  ];
  return make(
      "div", {},
      makeTable(
          "Ranges", ["", swatch("expected", "Expected"), swatch("got", "Got")],
          rows.map(
              ([key, label]) =>
                  [label, formatNumber(expected[key]),
                   make(
                       "span", {
                         class: expected[key] !== got[key] && ["nan", "inf"].includes(key) ?
                             "alarm" :
                             null
                       },
                       formatNumber(got[key]))]),
          "numbers"),
      drawRanges(expected, got));
}

// Whether an operator is outside its bound; else it only drifts.
const isWrong = (verdict) => verdict.verdict !== "pass";

// What can be wrong with a run beside its operators.
function listFindings(report) {
  const findings = [];
  if (report.error)
    findings.push([
      `The run ended (${report.error.kind})`,
      report.error.instance && [" at ", makeLink(report.error.instance)],
      make("pre", {}, report.error.message)
    ]);
  for (const changed of report.changed)
    findings.push([
      "What ", makeLink(changed.producer), " gave was not the same when ",
      makeLink(changed.consumer), ` used it, in sample ${changed.sample}.`
    ]);
  if (report.missing.length)
    findings.push(["No value was seen of ", join(report.missing.map(makeLink)), "."]);
  if (report.unstable.length)
    findings.push([`Equal runs gave different ${report.unstable.join(", ")}.`]);
  if (report.unordered.length)
    findings.push(
        [`Without a wait after every step, ${report.unordered.join(", ")} is different.`]);
  // What is wrong by itself makes all that follows drift.
  const drifted = report.operators.some(isWrong) ? [] : report.operators;
  if (drifted.length)
    findings.push([
      "What ", makeLink(drifted[0].instance),
      ` gives drifts by ${formatNumber(finite(drifted[0].drift))} in sample ${
          drifted[0].drift_sample}; `,
      `a sound run may by ${formatNumber(finite(drifted[0].envelope))}. `,
      drifted.length > 1 && `So do ${plural(drifted.length - 1, "operator")} after it.`
    ]);
  for (const output of report.outputs.filter((output) => !output.passes))
    findings.push([
      `Output ${output.name} drifts by ${formatNumber(finite(output.drift))} in sample ${
          output.sample}; `,
      `a sound run may by ${formatNumber(finite(output.envelope))}. It differs from the source by ${
          formatNumber(finite(output.difference))}.`
    ]);
  return findings;
}

const join = (items) => items.flatMap((item, i) => (i ? [", ", item] : [item]));

function makeVerdict(verdict) {
  const evidence = verdict.evidence ?? {};
  const clusters = evidence.clusters ?? [];
  return [
    evidence.mismatch && make("p", {class: "alarm"}, evidence.mismatch),
    make(
        "ul", {class: "facts"},
        make(
            "li", {},
            `${
                verdict.verdict === "proven fault" ?
                    "Outside the worst case that rounding can reach" :
                    "Outside the bound"}`,
            `, on ${verdict.place}, in sample ${verdict.sample}`,
            verdict.failed_samples.length > 1 &&
                ` and ${verdict.failed_samples.length - 1} more of ${data.samples.length}`,
            `: ${formatNumber(finite(verdict.share))} times the bound.`),
        clusters.map((cluster) => make("li", {}, `Failing elements: ${cluster}.`))),
    make("div", {class: "evidence"}, makeElements(evidence, verdict), makeRanges(evidence)),
  ];
}

function makeFault(fault) {
  const wrong = fault.report.operators.filter(isWrong);
  const own = wrong.find((verdict) => verdict.instance === fault.instance);
  const others = wrong.filter((verdict) => verdict !== own);
  const findings = listFindings(fault.report);
  return make(
      "details", {class: "fault panel", id: `fault-${fault.number + 1}`, open: fault.number === 0},
      make(
          "summary", {}, make("span", {class: "badge"}, fault.class), " ",
          make("strong", {}, breakable(fault.instance || "the model")), " ",
          make("span", {class: "muted"}, `${fault.op}, step ${fault.step}, after ${formatSeconds(fault.seconds)}`)),
      make(
          "div", {class: "body"}, make("p", {class: "sentence"}, fault.sentence),
          findings.length > 0 &&
              make("ul", {class: "facts"}, findings.map((finding) => make("li", {}, finding))),
          own && makeVerdict(own),
          make(
              "dl", {class: "pairs"},
              fault.minimal_set.length > 0 &&
                  [
                    make("dt", {}, "Smallest set that shows it"),
                    make("dd", {}, join(fault.minimal_set.map(makeLink)))
                  ],
              fault.minimal_set.length > 1 && fault.test &&
                  [make("dt", {}, "Test of the set"), make("dd", {}, make("code", {}, fault.test))],
              fault.command &&
                  [make("dt", {}, "Again"), make("dd", {}, makeCommand(fault.command))]),
          others.length > 0 &&
              make(
                  "details", {},
                  make(
                      "summary", {},
                      `${plural(others.length, "other operator")} outside ${
                          others.length === 1 ? "its bound" : "their bounds"} in the same run`),
                  others.slice(0, 20).map(
                      (verdict) => make(
                          "div", {class: "other"},
                          make("h4", {}, makeLink(verdict.instance), ` ${verdict.op}`),
                          makeVerdict(verdict))),
                  others.length > 20 && make("p", {}, `and ${others.length - 20} more`))));
}

function makeCommand(command) {
  const button = make(
      "button", {
        type: "button",
        onclick: async () => {
          // A page from a file may not be let to the clipboard.
          const copied = navigator.clipboard?.writeText(command).then(() => true, () => false);
          button.textContent = (await copied) ? "Copied" : "Select it";
        }
      },
      "Copy");
  return make("span", {class: "command"}, make("code", {}, command), button);
}

function openFault() {
  const fault = location.hash.startsWith("#fault-") && find(location.hash.slice(1));
  if (fault) fault.open = true;
}

function showFailures() {
  if (!data.faults.length) return;
  find("failures").hidden = false;
  find("failure-list").append(...data.faults.map(makeFault));
  addEventListener("hashchange", openFault);
  openFault();
}
