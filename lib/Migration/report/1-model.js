"use strict";
// The data of the page, and what the other scripts share: numbers as text,
// elements, and the operator that is selected.

const data = JSON.parse(document.getElementById("data").textContent);
const place = data.target.split("=")[0];

const stateWords = {
  moved: "moved",
  waiting: "waiting",
  guilty: "at fault",
  unsupported: "not supported",
};
const placeOf = (op) => op.last ? op.last.place : op.state === "moved" ? place : "host";

// Null in a number of the data stands for infinity.
const finite = (value) => (value === null ? Infinity : value);

// What part of the envelope the drift is; nothing where there is none of either.
function driftShare(verdict) {
  if (!verdict) return null;
  const drift = finite(verdict.drift);
  const envelope = finite(verdict.envelope);
  if (drift === 0) return envelope === 0 ? null : 0;
  if (drift === Infinity) return Infinity;
  return drift / envelope;
}

const operators = data.operators.map((op, number) => ({...op, number, users: []}));
const byInstance = new Map(operators.map((op) => [op.instance, op]));
for (const op of operators) {
  for (const operand of op.operands) operators[operand]?.users.push(op.number);
  op.place = placeOf(op);
  // The values that the graph and the table show: of the last run, or of the
  // latest that judged the operator.
  op.now = op.last ?? op.target ?? op.host;
  op.share = op.now ? finite(op.now.share) : null;
  op.hostShare = op.host ? finite(op.host.share) : null;
  op.targetShare = op.target ? finite(op.target.share) : null;
  op.driftShare = driftShare(op.now);
}
data.faults.forEach((fault, number) => {
  fault.number = number;
  const op = byInstance.get(fault.instance);
  if (op) (op.faults ??= []).push(fault);
  // What the target gave where it was wrong.
  const verdict = fault.report.operators.find((v) => v.instance === fault.instance);
  if (op && verdict && verdict.place !== "host" && op.targetShare === null)
    op.targetShare = finite(verdict.share);
});

// The modules that an operator stands in, outermost first. A second operator of
// the same name has a number behind it, which is no module.
function modulesOf(op) {
  const stem = op.instance.replace(/\.\d+$/, "");
  return (byInstance.has(stem) ? stem : op.instance).split(".").slice(0, -1);
}

//===--------------------------------------------------------------------===//
// Text
//===--------------------------------------------------------------------===//

const none = "\u2013";

// A number with two or three significant digits.
function formatNumber(value) {
  if (value === undefined || value === null) return none;
  if (value === Infinity) return "\u221e";
  if (value === -Infinity) return "\u2212\u221e";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return formatPower(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(size >= 10 ? 3 : 2)));
}

// 3.2e-7 as 3.2×10⁻⁷.
function formatPower(value) {
  const [digits, power] = value.toExponential(1).split("e");
  return `${digits.replace(/\.0$/, "")}\u00d710${raise(Number(power))}`;
}

function raise(power) {
  const digits = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
  return [...String(power)].map((c) => (c === "-" ? "\u207b" : digits[c])).join("");
}

const formatCount = (value) => value.toLocaleString("en");
const plural = (count, word) => `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`;

function formatBytes(bytes) {
  if (bytes < 1e6) return `${formatNumber(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${formatNumber(bytes / 1e6)} MB` : `${formatNumber(bytes / 1e9)} GB`;
}

function formatSeconds(seconds) {
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes} min ${Math.round(seconds - minutes * 60)} s`;
}

//===--------------------------------------------------------------------===//
// Elements
//===--------------------------------------------------------------------===//

const find = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on"))
      element.addEventListener(name.slice(2), value);
    else
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter(
      (child) => child !== null && child !== undefined && child !== false));
  return element;
}

// An element with attributes and children; text is never markup.
const make = (tag, attributes, ...children) =>
    fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// A button that selects an operator.
const makeLink = (instance) => byInstance.has(instance) ?
    make(
        "button", {
          type: "button",
          class: "link",
          onclick: () => select(byInstance.get(instance).number, "link")
        },
        breakable(instance)) :
    make("span", {class: "name"}, breakable(instance));

// A dotted name that may break after its dots.
const breakable = (name) =>
    name.split(".").flatMap((part, i) => (i ? [".", make("wbr"), part] : [part]));

const swatch = (kind, text) =>
    make("span", {class: "key"}, make("i", {class: `swatch ${kind}`}), text);

function showTip(event, ...lines) {
  const tip = find("tip");
  tip.replaceChildren(...lines.map((line) => make("div", {}, line)));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, innerWidth - box.width - 8);
  const top = event.clientY + 18 + box.height > innerHeight ? event.clientY - box.height - 12 :
                                                              event.clientY + 18;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${top}px`;
}
const hideTip = () => (find("tip").hidden = true);

//===--------------------------------------------------------------------===//
// Selection
//===--------------------------------------------------------------------===//

let selected = null;
const selectionListeners = [];

// Selects an operator; `source` says where, so that a view does not scroll
// under the hand that used it.
function select(number, source) {
  if (number === selected && source !== "link") return;
  selected = number;
  for (const listener of selectionListeners)
    listener(number === null ? null : operators[number], source);
}
