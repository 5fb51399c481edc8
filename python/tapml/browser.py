# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs tests in a browser, on its WebGPU: ``python -m tapml browser DIR``.

The page is in ``web/``; a directory of tests holds ``tests.json`` and the files that it names (docs/Browser.md).
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tapml.errors import ToolError
from tapml.tools import run_tool

#: Names the browser, if it is not ``chromium`` on PATH.
BROWSER_VARIABLE = "TAPML_CHROMIUM"

#: A headless Chromium has WebGPU only when it is asked for; SwiftShader is its own software device.
_WEBGPU_FLAGS = ["--enable-unsafe-webgpu"]
_SOFTWARE_FLAGS = ["--use-webgpu-adapter=swiftshader"]

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
}


@dataclass(frozen=True)
class Report:
    """What a test gave: ``verdict`` is "pass", "fail", "error" or "unsupported".

    ``share`` is the largest distance from what is expected, as a share of its bound; None where nothing was compared.
    """

    name: str
    operator: str
    verdict: str
    share: float | None
    milliseconds: float | None
    message: str


def page_directory() -> Path:
    """Returns the directory of the page, in the source tree that this package belongs to."""
    place = Path(__file__).resolve().parents[2] / "web"
    if not (place / "index.html").is_file():
        raise ToolError(f"the page is not here; looked for '{place}'")
    return place


class _Handler(http.server.BaseHTTPRequestHandler):
    """Serves the page at ``/`` and the tests at ``/tests/``."""

    roots: dict[str, Path]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path).lstrip("/")
        prefix = "tests/" if path.startswith("tests/") else ""
        root = self.roots[prefix].resolve()
        file = (root / (path[len(prefix) :] or "index.html")).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            self.send_error(404)
            return
        data = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", _TYPES.get(file.suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def exported(directory: Path, target: str) -> Iterator[Path]:
    """Gives a directory of tests for the page: ``directory``, or what ``tapml test`` makes of its carved tests."""
    if (directory / "tests.json").is_file() or not directory.is_dir():
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="tapml-browser-") as scratch:
        run_tool("tapml", ["test", directory, f"--target={target}", f"--export={scratch}"])
        yield Path(scratch)


@contextmanager
def serve(directory: str | os.PathLike[str], port: int = 0) -> Iterator[str]:
    """Serves the page with the tests of ``directory`` to this machine; gives the page's address."""
    directory = Path(directory)
    if not (directory / "tests.json").is_file():
        raise ToolError(f"'{directory}' has no tests.json; docs/Browser.md says what it holds")
    handler = type("Handler", (_Handler,), {"roots": {"": page_directory(), "tests/": directory}})
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise ToolError(f"cannot serve on port {port}: {error.strerror}; choose another (--port)") from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/?tests=tests/tests.json"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def find_browser() -> Path:
    """Returns the browser: what TAPML_CHROMIUM names, else ``chromium`` on PATH."""
    named = os.environ.get(BROWSER_VARIABLE)
    found = named if named and Path(named).is_file() else shutil.which(named or "chromium")
    if not found:
        raise ToolError(
            f"the browser '{named or 'chromium'}' is not here; install it (Debian: chromium) or name one in "
            f"{BROWSER_VARIABLE}"
        )
    return Path(found)


def run(
    directory: str | os.PathLike[str],
    *,
    software: bool = True,
    timeout: float = 600,
    flags: list[str] | None = None,
) -> list[Report]:
    """Runs the tests of ``directory`` in a headless browser.

    With ``software`` they run on the browser's own software device, the same on every machine, else on its GPU.
    ``flags`` replace the browser's options. Raises ToolError when there is no browser or the page as a whole fails.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise ToolError("the package 'playwright', which drives the browser, is not here; pip install it") from error
    browser_path = find_browser()
    if flags is None:
        flags = [*_WEBGPU_FLAGS, *(_SOFTWARE_FLAGS if software else [])]
    # The sandbox needs another user than root.
    sandbox = os.geteuid() != 0
    with serve(directory) as url, sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=browser_path, args=flags, chromium_sandbox=sandbox)
        except Error as error:
            raise ToolError(f"the browser '{browser_path}' does not start: {error.message.splitlines()[0]}") from error
        try:
            page = browser.new_page()
            page.goto(url)
            page.wait_for_function("globalThis.tapmlReport !== undefined", timeout=timeout * 1000)
            result = page.evaluate("globalThis.tapmlReport")
        except Error as error:
            raise ToolError(f"the page did not finish: {error.message.splitlines()[0]}") from error
        finally:
            browser.close()
    if result["error"]:
        raise ToolError(f"the page failed: {result['error']}")
    return [
        Report(
            name=test["name"],
            operator=test["operator"],
            verdict=test["verdict"],
            share=float("inf") if test["share"] == "inf" else test["share"],
            milliseconds=test["milliseconds"],
            message=test["message"],
        )
        for test in result["tests"]
    ]


def format_reports(reports: list[Report]) -> str:
    """Returns a table for the terminal, with a line that sums it up at the end."""
    lines = []
    width = max((len(report.name) for report in reports), default=0)
    for report in reports:
        share = "" if report.share is None else f"{report.share:8.3f}"
        lines.append(f"{report.verdict:11}  {report.name:{width}}  {share:8}  {report.message}".rstrip())
    verdicts = ("pass", "fail", "error", "unsupported")
    counts = {verdict: sum(r.verdict == verdict for r in reports) for verdict in verdicts}
    lines.append(f"{counts['pass']} of {len(reports)} pass, {counts['fail']} fail, {counts['error']} have errors")
    if counts["unsupported"]:
        lines[-1] += f", {counts['unsupported']} cannot run on the target"
    shares = [(r.share, r.name) for r in reports if r.share is not None]
    if shares:
        share, name = max(shares)
        lines[-1] += f"; largest share of a bound {share:.3f} ({name})"
    return "\n".join(lines)


def write_json(reports: list[Report], path: Path) -> None:
    """Writes the reports for programs; a share that is infinite becomes "inf"."""
    entries = [{**vars(report), "share": "inf" if report.share == float("inf") else report.share} for report in reports]
    path.write_text(json.dumps({"version": 1, "tests": entries}, indent=2) + "\n")
