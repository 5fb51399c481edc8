// The table of operators: sorts by every column, filters by text and choice.

const columns = [
  {key: "instance", title: "Operator", text: (op) => op.instance, sort: (op) => op.number},
  {key: "op", title: "Kind", text: (op) => op.op, sort: (op) => op.op},
  {key: "place", title: "Place", text: (op) => op.place, sort: (op) => op.place},
  {
    key: "state",
    title: "State",
    text: (op) => make("span", {class: `state ${op.state}`}, stateWords[op.state]),
    sort: (op) => ["guilty", "waiting", "unsupported", "moved"].indexOf(op.state)
  },
  {
    key: "host",
    title: "Host error",
    hint: "largest error on the host, of the bound",
    number: true,
    text: (op) => formatNumber(op.hostShare),
    sort: (op) => op.hostShare,
    part: (op) => op.hostShare
  },
  {
    key: "target",
    title: `${place} error`,
    hint: `largest error on ${place}, of the bound`,
    number: true,
    text: (op) => formatNumber(op.targetShare),
    sort: (op) => op.targetShare,
    part: (op) => op.targetShare
  },
  {
    key: "drift",
    title: "Drift",
    hint: "drift in the last run, of the envelope",
    number: true,
    text: (op) => formatNumber(op.driftShare),
    sort: (op) => op.driftShare,
    part: (op) => op.driftShare
  },
  {
    key: "step",
    title: "Step",
    number: true,
    text: (op) => op.step || none,
    sort: (op) => op.step || null
  },
  {
    key: "reason",
    title: "Reason",
    text: (op) => op.reason && make("span", {title: op.reason}, op.reason),
    sort: (op) => op.reason || null
  },
];

// Not every browser says when it has time.
const whenIdle = window.requestIdleCallback ?? ((run) => setTimeout(run, 20));

class OperatorTable {
  constructor(box) {
    this.box = box;
    this.rows = [];
    this.body = make("tbody", {role: "rowgroup"});
    this.heads = columns.map((column) => {
      const button = make(
          "button", {type: "button", title: column.hint, onclick: () => this.sortBy(column.key)},
          column.title);
      return make(
          "th", {
            scope: "col",
            role: "columnheader",
            class: column.number && "number",
            "data-key": column.key
          },
          button);
    });
    box.append(make(
        "table", {class: "operators", role: "table", "aria-label": "Operators"},
        make("thead", {role: "rowgroup"}, make("tr", {role: "row"}, this.heads)), this.body));
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row) select(Number(row.dataset.n), "table");
    });
    this.body.addEventListener("keydown", (event) => this.press(event));
    this.key = "target";
    this.descending = true;
    this.setUpFilters();
    this.update();
  }

  makeRow(op) {
    const cells = columns.map((column) => {
      const part = column.part?.(op) ?? null;
      return make(
          "td", {
            role: "cell",
            "data-key": column.key,
            "data-title": column.title,
            class: (column.number ? "number" : "") + (part > 1 ? " alarm" : "") || null
          },
          column.text(op),
          part !== null && make("i", {class: "part", style: `width:${Math.min(1, part) * 100}%`}));
    });
    return make("tr", {role: "row", "data-n": op.number, tabindex: -1}, cells);
  }

  //===--- Sorting ---===//

  sortBy(key) {
    const column = columns.find((each) => each.key === key);
    this.descending = this.key === key ? !this.descending : Boolean(column.number);
    this.key = key;
    this.update();
  }

  compare(a, b) {
    const {sort} = columns.find((column) => column.key === this.key);
    const x = sort(a);
    const y = sort(b);
    // What has no value comes last in both directions, then the graph's order.
    if (x === null || y === null) return (x === null) - (y === null) || a.number - b.number;
    const order = x < y ? -1 : x > y ? 1 : 0;
    return (this.descending ? -order : order) || a.number - b.number;
  }

  //===--- Filtering ---===//

  setUpFilters() {
    const choices = (id, key, words) => {
      const values = [...new Set(operators.map((op) => op[key]))].sort();
      find(id).append(
          make("option", {value: ""}, "all"),
          ...values.map((value) => make("option", {value}, words?.[value] ?? value)));
    };
    choices("filter-state", "state", stateWords);
    choices("filter-place", "place");
    choices("filter-kind", "op");
    find("sort-key")
        .append(...columns.map(
            (column) => make(
                "option", {value: column.key, selected: column.key === this.key}, column.title)));
    find("sort-key").addEventListener("change", (event) => {
      event.stopPropagation();
      this.sortBy(event.target.value);
    });
    find("filters").addEventListener(
        "input", (event) => event.target.id !== "sort-key" && this.update());
    find("filters").addEventListener("submit", (event) => event.preventDefault());
  }

  matches() {
    const words = find("filter-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = find("filter-state").value;
    const where = find("filter-place").value;
    const kind = find("filter-kind").value;
    return operators.filter((op) => {
      const text = `${op.instance} ${op.op} ${op.reason}`.toLowerCase();
      return words.every((word) => text.includes(word)) && (!state || op.state === state) &&
          (!where || op.place === where) && (!kind || op.op === kind);
    });
  }

  //===--- Showing ---===//

  update() {
    const shown = this.matches();
    const isFiltered = shown.length !== operators.length;
    graphView?.dim(isFiltered ? new Set(shown.map((op) => op.number)) : null);
    find("filter-count").textContent = isFiltered ?
        `${formatCount(shown.length)} of ${plural(operators.length, "operator")}` :
        plural(shown.length, "operator");
    for (const head of this.heads) {
      const isKey = head.dataset.key === this.key;
      head.setAttribute(
          "aria-sort", isKey ? (this.descending ? "descending" : "ascending") : "none");
    }
    find("sort-key").value = this.key;
    this.fill(shown.sort((a, b) => this.compare(a, b)));
  }

  // The first rows at once, the others when there is time.
  fill(list) {
    const ticket = (this.ticket = {});
    this.body.replaceChildren();
    if (!list.length)
      this.body.append(make(
          "tr", {role: "row"},
          make(
              "td", {role: "cell", colspan: columns.length, class: "muted"},
              "No operator matches.")));
    const add = (begin, count) => {
      if (ticket !== this.ticket) return;
      this.body.append(...list.slice(begin, begin + count)
                           .map((op) => (this.rows[op.number] ??= this.makeRow(op))));
      if (begin + count < list.length) whenIdle(() => add(begin + count, 150), {timeout: 1000});
    };
    add(0, 40);
    this.setEntry();
  }

  // One row can be reached with Tab; arrows go on from there.
  setEntry() {
    this.entry?.setAttribute("tabindex", -1);
    this.entry = this.marked?.isConnected ? this.marked : this.body.querySelector("tr[data-n]");
    this.entry?.setAttribute("tabindex", 0);
  }

  press(event) {
    const row = event.target.closest("tr");
    const next = {
      ArrowDown: row?.nextElementSibling,
      ArrowUp: row?.previousElementSibling
    }[event.key];
    if (next?.dataset.n) {
      event.preventDefault();
      next.focus();
      select(Number(next.dataset.n), "table");
    }
  }

  mark(op, source) {
    this.marked?.removeAttribute("aria-selected");
    this.marked = op ? (this.rows[op.number] ??= this.makeRow(op)) : null;
    this.marked?.setAttribute("aria-selected", "true");
    this.setEntry();
    // Scrolls the table, never the page.
    if (op && source !== "table" && this.marked.isConnected)
      this.box.scrollTop = this.marked.offsetTop - this.box.clientHeight / 2;
  }
}

let operatorTable = null;
function showTable() {
  operatorTable = new OperatorTable(find("operator-table"));
  selectionListeners.push((op, source) => operatorTable.mark(op, source));
}
