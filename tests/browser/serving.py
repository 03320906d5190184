"""The app as a process of its own, and its pages in Chromium: what the browser tests share."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

CHROMIUM = Path("/usr/bin/chromium")
KEY = "sk-canary-91b7e4d20c55aa"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]
PROGRAM = [sys.executable, "-c", "from promptceiling.cli import main; main()"]
PATIENCE_MS = 180_000  # a machine that does much else takes a minute for a page
expect.set_options(timeout=PATIENCE_MS)


def until(holds, seconds=30.0):
    """What `holds` returns, once that is true; asked ten times a second."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "this did not come true in time"
        threading.Event().wait(0.1)
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class App:
    """A running `promptceiling app`: its address, process, and the kernels that it has.

    `said` is what it told until it served; `options` are further words of the command line; `python` runs it, in
    `folder`, by default the first file's. `with` ends it, whatever happens inside.
    """

    def __init__(self, *published, options=(), environment=None, path="", python=sys.executable,
                 folder=None):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/{path}"
        self.process = subprocess.Popen(
            [python, *PROGRAM[1:], "app", *map(str, published), "--port", str(self.port), *options],
            cwd=folder or published[0].parent, text=True, stderr=subprocess.PIPE,
            env=os.environ | {"OPENAI_API_KEY": KEY, "MY_SECRET": KEY} | (environment or {}))
        self.said = ""
        while "Prompt Ceiling is at" not in self.said:
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """End it as Ctrl-C does; after fifteen seconds without asking."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stderr.close()

    def processes(self):
        """The processes below this one."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def kernels(self):
        """Kernel id -> its process."""
        found = {}
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                told = process.cmdline() + [str(c.laddr) for c in process.net_connections("unix")]  # a fork's sockets
                named = re.search(r"kernel-([0-9a-f-]{36})", " ".join(told))
                if named and process.status() != psutil.STATUS_ZOMBIE:
                    found[named[1]] = process
        return found

    def raw(self, target):
        """The whole answer to a GET of a target that no client would send unchanged."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(
                f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))


def need_chromium():
    """Skip where there is no Chromium; fail where the checks must have it."""
    if not CHROMIUM.exists():
        said = f"There is no {CHROMIUM}; install chromium to test in a browser."
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)


def opened(browser, app, query="", **context):
    """A page of the app whose controls are there.

    `answered` has the headers that it came with, `asked` and `errors` list its requests and page errors.
    """
    page = browser.new_page(**{"viewport": {"width": 1200, "height": 3000}} | context)
    page.set_default_timeout(PATIENCE_MS)
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.answered = page.goto(app.address + query).headers
    expect(page.get_by_role("button", name="As published")).to_be_visible()
    return page


def kernel_of(page):
    """The id of the page's kernel."""
    return page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")


def findings(page, inside="html"):
    """What axe-core finds that is serious inside an element: its rule, and the first that breaks it."""
    found = Axe().run(page, context={"include": [[inside]]}).response["violations"]
    return [(v["id"], v["help"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
