# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page that ``tapml report`` writes, in headless Chromium."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from migration_state import COMMAND, make_graph, make_state
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tapml.tools import run_tool

CHROMIUM = shutil.which("chromium")
GUILTY = [
    "encoder.layer.0.intermediate.intermediate_act_fn",
    "encoder.layer.2.output.LayerNorm",
    "encoder.layer.5.attention.self.sdpa",
]
pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def write_page(directory: Path, state: dict[str, Any]) -> Path:
    """Writes a state and the page that is made from it."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "state.json").write_text(json.dumps(state))
    run_tool("tapml", ["report", directory, "-o", directory / "report.html"])
    return directory / "report.html"


@pytest.fixture(scope="module")
def faults_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("faults"), make_state(6, "faults"))


Opener = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Opener]:
    """Opens pages; fails if one of them says something on the console, throws, or asks for anything but itself."""
    contexts, complaints, requests, allowed = [], [], [], set()

    def open_page(path: Path, fragment: str = "", width: int = 1360, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        own = path.as_uri()
        page.on("request", lambda request: requests.append(request.url.split("#")[0]))
        page.goto(own + fragment)
        allowed.add(own)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert set(requests) == allowed


def texts(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def wait_until(page: Page, condition: str) -> None:
    """Waits for an expression to hold. The page's policy forbids what Playwright's own waiting does."""
    deadline = time.perf_counter() + 20
    while not page.evaluate(condition):
        assert time.perf_counter() < deadline, condition
        page.wait_for_timeout(10)


def wait_for_rows(page: Page, count: int) -> None:
    wait_until(page, f"document.querySelectorAll('#operator-table tbody tr').length === {count}")


def read_rows(box: Locator) -> dict[str, list[str]]:
    """Returns the rows of a table, by their first cell."""
    rows = (row.split("\t") for row in box.locator("tbody tr").all_inner_texts())
    return {row[0]: row[1:] for row in rows}


def select_by_name(page: Page, instance: str) -> None:
    page.evaluate("name => select(byInstance.get(name).number, 'table')", instance)


#
# The first screen
#


def test_summary(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    assert page.title() == "minilm on vulkan \u2013 TapML migration"
    assert page.inner_text(".count p") == "126 of 130 operators moved"
    assert texts(page, ".count .key") == ["126 moved", "3 at fault", "1 not supported"]
    assert page.inner_text(".outcome p") == "3 faults found."
    lines = texts(page, ".outcome li")
    assert lines == [
        f"{GUILTY[0]} wrong alone",
        f"{GUILTY[1]} wrong only together with others",
        f"{GUILTY[2]} cannot be compiled or loaded",
    ]
    assert "advanced indexing with 64-bit integers" in page.inner_text(".reasons")
    tiles = dict(zip(texts(page, ".tile dt"), texts(page, ".tile b"), strict=True))
    assert tiles["largest difference from the source"] == "4.8\u00d710\u207b\u2076"
    assert tiles["transfers"] == "3"
    assert tiles["in all"] == "42 s"
    # All of this is on the first screen.
    for selector in (".count", ".outcome", ".tiles"):
        box = page.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= 900


@pytest.mark.parametrize(
    ("scene", "moved", "outcome"),
    [
        ("begun", "0 of 130 operators moved", "The host has not been checked to the end."),
        ("host", "0 of 130 operators moved", "The host has not been checked to the end."),
        ("stopped", "63 of 130 operators moved", "1 fault found; the migration is not finished."),
        ("clean", "129 of 130 operators moved", "Nothing fails."),
    ],
)
def test_scenes(tmp_path: Path, open_page: Opener, scene: str, moved: str, outcome: str) -> None:
    page = open_page(write_page(tmp_path, make_state(6, scene)))
    assert page.inner_text(".count p") == moved
    assert page.inner_text(".outcome p") == outcome
    wait_for_rows(page, 130)
    assert page.locator(".node").count() == 130
    assert page.locator("#failures").is_visible() == (scene == "stopped")


def test_fails_on_the_host(tmp_path: Path, open_page: Opener) -> None:
    state = make_state(1, "stopped")
    state.update(phase="host")
    page = open_page(write_page(tmp_path, state))
    assert page.inner_text(".outcome p").startswith("The model is wrong on the host already")


def test_no_operators(tmp_path: Path, open_page: Opener) -> None:
    state = make_state(1, "begun")
    state.update(operators=[], device="")
    page = open_page(write_page(tmp_path, state))
    assert page.inner_text(".count p") == "0 of 0 operators moved"
    assert page.inner_text("#drift-chart") == "No drift was measured."
    assert page.inner_text("#progress-chart") == "No step was made yet."


#
# Failures
#


def test_evidence(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    page.click(f".outcome a:has-text('{GUILTY[1]}')")
    fault = page.locator("#fault-2")
    assert fault.get_attribute("open") is not None
    elements = fault.locator("table").first
    assert elements.locator("caption").inner_text() == "The worst of 512 failing elements of 12,288"
    rows = [row.split("\t") for row in elements.locator("tbody tr").all_inner_texts()]
    assert rows[0] == ["[0, 16, 0]", "-0.8137", "0.8891", "2.9\u00d710\u2077", "8.1\u00d710\u2075"]
    assert rows[3] == ["[0, 19, 111]", "-0.1837", "nan", "\u221e", "\u221e"]
    assert len(rows) == 8
    assert "The first is [0, 16, 2]: expected 0.25, got 0.75." in fault.inner_text()
    assert "Failing elements: all in rows 16-31 of dimension 1 of layer_norm." in fault.inner_text()
    assert "in sample" in fault.inner_text()
    assert "and 1 more of 4" in fault.inner_text()
    ranges = read_rows(fault.locator("table").nth(1))
    assert ranges["Largest"] == ["2.9", "9.8"]
    assert ranges["NaN"] == ["0", "1"]
    assert fault.locator("svg.ranges rect").count() == 2
    assert fault.locator("dd .link").all_inner_texts() == ["encoder.layer.2.output.dense", GUILTY[1]]
    command = fault.locator(".command code").inner_text()
    assert command == f"{COMMAND} --only=encoder.layer.2.output.dense --only={GUILTY[1]}"
    fault.locator(".command button").click()
    page.get_by_text("Copied").or_(page.get_by_text("Select it")).wait_for()
    # The minimal set leads to the graph.
    fault.locator("dd .link").first.click()
    assert page.locator(".node.selected").get_attribute("data-n") == page.evaluate(
        "String(byInstance.get('encoder.layer.2.output.dense').number)"
    )


def test_error_of_a_run(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page, "#fault-3")
    fault = page.locator("#fault-3")
    assert fault.locator(".badge").inner_text() == "refused"
    assert "The run ended (compile)" in fault.inner_text()
    assert "needs 9 storage buffers, the profile guarantees 8" in fault.locator("pre").inner_text()


def test_findings_beside_operators(tmp_path: Path, open_page: Opener) -> None:
    state = make_state(1, "stopped")
    report = state["faults"][0]["report"]
    report["changed"] = [{"producer": "embeddings.add", "consumer": "embeddings.add.1", "sample": 2}]
    report["missing"] = ["arange"]
    report["unstable"] = ["last_hidden_state"]
    report["unordered"] = ["pooler_output"]
    report["outputs"][0].update(passes=False, drift=None)
    page = open_page(write_page(tmp_path, state))
    text = page.inner_text("#fault-1")
    assert "What embeddings.add gave was not the same when embeddings.add.1 used it, in sample 2." in text
    assert "No value was seen of arange." in text
    assert "Equal runs gave different last_hidden_state." in text
    assert "Without a wait after every step, pooler_output is different." in text
    assert "Output last_hidden_state drifts by \u221e in sample 0" in text


#
# The graph
#


def test_graph_shows_data_flow_and_places(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    graph = make_graph(6)
    assert page.locator(".node").count() == len(graph)
    assert page.evaluate("data.edges.length") == sum(len(set(op["operands"])) for op in graph)
    assert page.locator(".node.guilty").count() == 3
    assert page.locator(".node.unsupported.on-host").count() == 1
    assert page.locator(".node.on-target").count() == 126
    # Data flows down in a column or goes to a later one, and no node covers another.
    assert page.evaluate(
        "operators.every(op => op.operands.every(i => operators[i].at.y < op.at.y || operators[i].at.x < op.at.x))"
    )
    assert page.evaluate("""operators.every(a => operators.every(b => a === b ||
        Math.abs(a.at.x - b.at.x) >= cell.width || Math.abs(a.at.y - b.at.y) >= cell.height))""")


def test_graph_selects(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    assert not page.locator("#details").is_visible()
    page.locator("#graph").scroll_into_view_if_needed()
    page.locator(".node.guilty").nth(1).click()
    details = page.locator("#details")
    assert details.locator("h3").inner_text() == GUILTY[1]
    rows = read_rows(details)
    assert rows["Error, of its bound"][1] == "8.1\u00d710\u2075"
    assert rows["Outside the bound"] == ["0 of 12,288", "512 of 12,288"]
    assert page.locator(".hot .line.in").count() == 1
    assert page.locator(".hot .line.out").count() == 4
    row, node = page.locator("tr[aria-selected]"), page.locator(".node.selected")
    assert row.get_attribute("data-n") == node.get_attribute("data-n")
    details.locator("dd .link").first.click()
    assert details.locator("h3").inner_text() == "encoder.layer.2.output.add"
    page.click("#details .close")
    assert not details.is_visible()
    assert page.locator(".node.selected").count() == 0


def test_graph_keys_follow_the_data(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    select_by_name(page, "encoder.layer.1.output.add")
    page.focus("#graph-view svg")
    for key, instance in [
        ("ArrowDown", "encoder.layer.1.output.LayerNorm"),
        ("ArrowDown", "encoder.layer.2.attention.self.query"),
        ("ArrowUp", "encoder.layer.1.output.LayerNorm"),
    ]:
        page.keyboard.press(key)
        assert page.inner_text("#details h3") == instance
    page.keyboard.press("ArrowDown")
    start = page.evaluate("operators[selected].x")
    # The first of three branches, so that there is one to the left or to the right.
    page.keyboard.press("ArrowRight")
    right = page.evaluate("operators[selected].x")
    page.keyboard.press("ArrowLeft")
    left = page.evaluate("operators[selected].x")
    assert left < right
    assert start in (left, right)
    page.keyboard.press("Escape")
    assert page.evaluate("selected") is None


def test_graph_zooms_and_moves(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    page.evaluate("document.querySelector('#graph').scrollIntoView({behavior: 'instant'})")

    def place() -> dict[str, float]:
        return page.evaluate("({scale: graphView.scale, x: graphView.x, y: graphView.y})")

    fitted = place()
    box = page.locator("#graph-view svg").bounding_box()
    x, y = box["x"] + 300, box["y"] + 200
    page.mouse.move(x, y)
    # The wheel alone scrolls the page, with Ctrl it zooms to what is under it.
    under = "[[300, graphView.x], [200, graphView.y]].map(([at, start]) => (at - start) / graphView.scale)"
    before = page.evaluate(under)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    wait_until(page, f"graphView.scale > {fitted['scale'] * 1.3}")
    assert page.evaluate(under) == pytest.approx(before, abs=1)
    zoomed = place()
    page.mouse.down()
    page.mouse.move(x + 80, y + 50, steps=4)
    page.mouse.up()
    moved = place()
    assert (moved["x"] - zoomed["x"], moved["y"] - zoomed["y"]) == pytest.approx((80, 50))
    assert page.evaluate("selected") is None, "dragging is not clicking"
    page.click("#zoom-fit")
    assert place() == pytest.approx(fitted)
    page.click("#zoom-in")
    assert place()["scale"] == pytest.approx(fitted["scale"] * 1.5)
    # Nothing loses the graph: some of it stays in sight.
    page.evaluate("graphView.place(1, 1e6, -1e6)")
    assert page.evaluate("graphView.x < graphView.width")
    assert page.evaluate("graphView.y + graphView.drawing.height * graphView.scale > 0")


def test_graph_shades(tmp_path: Path, open_page: Opener) -> None:
    state = make_state(1, "clean")
    names = [op["instance"] for op in state["operators"]]
    numbers = {"embeddings.add": (0.5, 0.05), "embeddings.add.1": (2.0, 0.9), "embeddings.LayerNorm": (None, 0.3)}
    for name, (drift, share) in numbers.items():
        verdict = state["final_report"]["operators"][names.index(name)]
        verdict.update(envelope=1.0, drift=drift, share=share)
    page = open_page(write_page(tmp_path, state))

    def shade(name: str) -> str:
        return page.evaluate("name => graphView.nodes[byInstance.get(name).number].getAttribute('class')", name)

    assert "shade-4" in shade("embeddings.add")
    assert "over" in shade("embeddings.add.1")
    assert "over" in shade("embeddings.LayerNorm")
    page.select_option("#graph-mode", "share")
    assert "shade-0" in shade("embeddings.add")
    assert "shade-4" in shade("embeddings.add.1")
    assert "shade-2" in shade("embeddings.LayerNorm")


#
# Charts
#


def test_drift_chart(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    state = json.loads((faults_page.parent / "state.json").read_text())
    measured = sum(op["host"]["drift"] > 0 for op in state["operators"])
    line = page.get_attribute("#drift-chart path.host-line", "d")
    assert len(re.findall("[ML]", line)) == measured
    # Two faults have values, the third was refused.
    assert page.locator("#drift-chart .bad-dot").count() == 2
    chart = page.locator("#drift-chart svg")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    tip = page.inner_text("#tip")
    assert re.search(r"encoder\.layer\..*envelope .*host .*vulkan ", tip, re.DOTALL)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 50)
    assert page.inner_text("#details h3") in tip
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#details h3") not in tip


def test_progress(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    state = json.loads((faults_page.parent / "state.json").read_text())
    steps = state["steps"]
    assert page.locator("#progress-chart .step").count() == len(steps)
    for what, name in [("move", "bad"), ("blame", "blame")]:
        failing = [step for step in steps if step["what"] == what and not step["passes"]]
        assert page.locator(f"#progress-chart .step-{name}").count() == len(failing)
    page.click("#steps summary")
    wait_until(page, f"document.querySelectorAll('#steps tbody tr').length === {len(steps)}")
    rows = page.locator("#steps tbody tr")
    assert rows.nth(1).inner_text().split("\t")[:5] == ["2", "move", "1", "1", "passes"]


#
# The table
#


def column(page: Page, key: str) -> list[str]:
    return texts(page, f"#operator-table tbody td[data-key={key}]")


def test_table_sorts(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    wait_for_rows(page, 130)
    # At first what is furthest outside its bound.
    assert set(column(page, "instance")[:2]) == set(GUILTY[:2])
    assert column(page, "target")[0] == "8.1\u00d710\u2075"
    names = [op["instance"] for op in make_graph(6)]
    page.click("th[data-key=instance] button")
    wait_for_rows(page, 130)
    assert column(page, "instance") == names
    assert page.get_attribute("th[data-key=instance]", "aria-sort") == "ascending"
    page.click("th[data-key=instance] button")
    wait_for_rows(page, 130)
    assert column(page, "instance") == names[::-1]
    assert page.get_attribute("th[data-key=instance]", "aria-sort") == "descending"
    assert page.get_attribute("th[data-key=target]", "aria-sort") == "none"
    page.click("th[data-key=host] button")
    wait_for_rows(page, 130)
    shares = [float(text) for text in column(page, "host")]
    assert shares == sorted(shares, reverse=True)
    page.click("th[data-key=drift] button")
    wait_for_rows(page, 130)
    # What has no drift comes last, in both directions.
    assert column(page, "drift")[-1] == "\u2013"
    page.click("th[data-key=drift] button")
    wait_for_rows(page, 130)
    assert column(page, "drift")[-1] == "\u2013"
    page.click("th[data-key=state] button")
    assert column(page, "state")[:3] == ["at fault"] * 3


def test_table_filters(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    page.fill("#filter-text", "layer.3 linear")
    wait_for_rows(page, 6)
    assert set(column(page, "op")) == {"linear"}
    assert page.inner_text("#filter-count") == "6 of 130 operators"
    # The graph shows them too.
    assert page.locator(".node:not(.dim)").count() == 6
    page.fill("#filter-text", "")
    page.select_option("#filter-state", "guilty")
    wait_for_rows(page, 3)
    assert set(column(page, "instance")) == set(GUILTY)
    page.select_option("#filter-kind", "gelu")
    wait_for_rows(page, 1)
    page.select_option("#filter-state", "")
    page.select_option("#filter-place", "host")
    wait_for_rows(page, 1)
    page.fill("#filter-text", "no such thing")
    assert texts(page, "#operator-table tbody tr") == ["No operator matches."]
    page.fill("#filter-text", "9 STORAGE buffers")
    page.select_option("#filter-kind", "")
    wait_for_rows(page, 1)
    assert column(page, "instance") == [GUILTY[2]]


def test_table_keys(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page)
    wait_for_rows(page, 130)
    page.focus("#operator-table tbody tr[tabindex='0']")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    third = column(page, "instance")[2]
    assert page.inner_text("#details h3") == third
    assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"


#
# All of it
#


def test_address_selects(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page, f"#op={GUILTY[0]}")
    assert page.inner_text("#details h3") == GUILTY[0]


def test_text_is_never_markup(tmp_path: Path, open_page: Opener) -> None:
    bad = "</script><img src=x onerror=alert(1)>\u2028<!--<script>'\"&amp;"
    operators = make_graph(1)
    operators[3] = {**operators[3], "instance": bad}
    operators[5] = {**operators[5], "operands": [bad, "embeddings.position_embeddings"]}
    state = make_state(1, "faults", model=bad, operators=operators)
    state["device"] = bad
    for fault in state["faults"]:
        fault.update(instance=bad, sentence=bad, minimal_set=[bad], command=bad)
    page = open_page(write_page(tmp_path, state), "#op=" + bad.replace("%", "%25"))
    assert page.locator("img").count() == 0
    assert page.inner_text("h1").startswith("</script><img src=x onerror=alert(1)>")
    assert "&amp;" in page.inner_text("#details h3")
    wait_for_rows(page, len(operators))
    page.locator(".node").first.hover()


@pytest.mark.parametrize("width", [360, 390, 768, 1360, 2200])
def test_fits_the_window(faults_page: Path, open_page: Opener, width: int) -> None:
    page = open_page(faults_page, width=width)
    wait_for_rows(page, 130)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    select_by_name(page, GUILTY[1])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    details = page.locator("#details").bounding_box()
    assert details["x"] >= 0
    assert details["x"] + details["width"] <= width


def test_narrow_rows_are_cards(faults_page: Path, open_page: Opener) -> None:
    page = open_page(faults_page, width=390, height=844, has_touch=True)
    wait_for_rows(page, 130)
    assert not page.locator("th[data-key=host]").is_visible()
    page.select_option("#sort-key", "instance")
    assert column(page, "instance")[0] == "embeddings.slice"
    row = page.locator("#operator-table tbody tr").first
    assert row.bounding_box()["width"] <= 390
    row.tap()
    assert page.inner_text("#details h3") == "embeddings.slice"


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const luminance = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const kinds = ['node guilty', 'node over', ...['on-target', 'on-host'].flatMap((place) =>
    ['none', 0, 1, 2, 3, 4].map((step) => `node ${place} shade-${step}`))];
  const node = graphView.nodes[0];
  const nodes = kinds.map((kind) => {
    node.setAttribute('class', kind);
    const [text, rect] = ['text', 'rect'].map((tag) => getComputedStyle(node.querySelector(tag)).fill);
    return [kind, ratio(text, rect)];
  });
  const panel = getComputedStyle(document.querySelector('.panel')).backgroundColor;
  const words = ['.hint', '.state.guilty', '.link', 'th', 'td.number'].map((selector) =>
    [selector, ratio(getComputedStyle(document.querySelector(selector)).color, panel)]);
  const badge = getComputedStyle(document.querySelector('.badge'));
  return Object.fromEntries([...nodes, ...words, ['.badge', ratio(badge.color, badge.backgroundColor)]]);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(faults_page: Path, open_page: Opener, scheme: str) -> None:
    page = open_page(faults_page, color_scheme=scheme)
    page.evaluate("graphView.place(1, 0, 0)")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 23)"
    assert dark == (scheme == "dark")
    low = {what: round(ratio, 2) for what, ratio in page.evaluate(CONTRAST).items() if ratio < 4.5}
    assert low == {}


@pytest.mark.timing
def test_2000_operators_open_fast(tmp_path: Path, open_page: Opener) -> None:
    state = make_state(100, "faults")
    count = len(state["operators"])
    assert count >= 2000
    path = write_page(tmp_path, state)
    seconds: list[float] = []
    # On a machine that does other things too, the best of a few.
    while len(seconds) < 5 and min(seconds, default=2) >= 2:
        start = time.perf_counter()
        page = open_page(path)
        # Until it is drawn: the frame after the next.
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        seconds.append(time.perf_counter() - start)
        assert page.locator(".node").count() == count
        assert page.locator("#drift-chart .target-line").count() == 1
        wait_for_rows(page, count)
    print(f"{count} operators: {', '.join(f'{s:.2f}' for s in seconds)} s")
    assert min(seconds) < 2
    # And answer fast.
    zoom = "(() => { const start = performance.now(); graphView.zoom(1.5); return performance.now() - start; })()"
    assert page.evaluate(zoom) < 200
    page.fill("#filter-text", "layer.77.")
    wait_for_rows(page, 20)
