// Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The page: shows a row per test, and keeps the whole result in `tapmlReport` for programs that drive it.

import { runTests } from "./tests.mjs";

const summary = document.querySelector("#summary");
const rows = document.querySelector("#rows");

function number(value, digits) {
  return value === null ? "" : Number.isFinite(value) ? value.toFixed(digits) : "outside of every";
}

function show(report) {
  const row = rows.insertRow();
  const cells = [
    [report.name],
    [report.operator],
    [report.verdict, report.verdict],
    [number(report.share, 3), "number"],
    [number(report.milliseconds, 1), "number"],
    [report.message],
  ];
  for (const [text, style] of cells) {
    const cell = row.insertCell();
    cell.textContent = text;
    cell.className = style ?? "";
  }
}

async function main() {
  const url = new URL(new URLSearchParams(location.search).get("tests") ?? "tests.json", location.href);
  const info = (await navigator.gpu?.requestAdapter())?.info;
  document.querySelector("#device").textContent = info
    ? `WebGPU: ${[info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(", ")}`
    : "This browser has no WebGPU, or no GPU for it.";
  const reports = await runTests(url, show);
  const count = (verdict) => reports.filter((report) => report.verdict === verdict).length;
  const worst = reports.reduce((a, b) => ((b.share ?? -1) > (a?.share ?? -1) ? b : a), null);
  summary.textContent =
    `${count("pass")} of ${reports.length} pass, ${count("fail")} fail, ${count("error")} have errors, ` +
    `${count("unsupported")} cannot run here.` +
    (worst?.share != null ? ` Largest share of a bound: ${number(worst.share, 3)} (${worst.name}).` : "");
  // JSON has no infinities.
  globalThis.tapmlReport = { error: null, tests: reports.map((r) => ({ ...r, share: Number.isFinite(r.share) ? r.share : r.share === null ? null : "inf" })) };
}

main().catch((error) => {
  summary.textContent = error.message;
  summary.className = "error";
  globalThis.tapmlReport = { error: error.message, tests: [] };
});
