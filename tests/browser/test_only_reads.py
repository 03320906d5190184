"""A visitor with a script instead of a browser: every message to every widget, and every trick with an address."""

import json
import sqlite3
import uuid

import pytest
import websocket
from playwright.sync_api import expect
from tests.browser.serving import App, kernel_of, opened
from tests.panels.made_up import HOSTILE, hostile_evidence

from promptceiling.app.pages import notebook
from promptceiling.decision.evidence import evidence_to_json
from promptceiling.decision.published import read_published


class Line:
    """A websocket to a page's kernel, as a script would open it; `heard` has every message that came."""

    def __init__(self, app, kernel):
        self.session, self.heard = uuid.uuid4().hex, []
        address = app.address.replace("http", "ws") + f"api/kernels/{kernel}/channels?session_id={self.session}"
        self.connection = websocket.create_connection(address, timeout=30, origin=app.address.rstrip("/"))

    def send(self, kind, content, channel="shell"):
        message_id = uuid.uuid4().hex
        self.connection.send(json.dumps({
            "header": {"msg_id": message_id, "msg_type": kind, "username": "", "session": self.session,
                       "version": "5.4", "date": "2026-11-23T00:00:00Z"},
            "parent_header": {}, "metadata": {}, "content": content, "buffers": [], "channel": channel}))
        return message_id

    def ask(self, kind, content):
        """The content of the reply; all that was sent before has been handled then."""
        message_id = self.send(kind, content)
        while True:
            text = self.connection.recv()
            assert text, f"closed after {[m['msg_type'] for m in self.heard][-5:]}"
            message = json.loads(text)
            self.heard.append(message)
            if message["parent_header"].get("msg_id") == message_id and message["msg_type"].endswith("_reply"):
                return message["content"]


ODD = (None, True, -1, 10**30, 1e308, "x", "<img src=x onerror=alert(1)>", [], ["IPY_MODEL_none"], {}, {"a": {"b": []}})
KEYS = ("value", "disabled", "children", "options", "index", "layout", "style", "outputs", "msg_id", "description",
        "min", "max", "_dom_classes", "_model_name", "error", "tooltip")
EVENTS = ({"event": "click"}, {"event": "submit"}, {"event": "x"}, {}, {"content": {"event": "click"}})


def files(*folders):
    return {path: (path.stat().st_mtime_ns, path.stat().st_size)
            for folder in folders for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


def test_no_message_to_any_widget_writes_connects_or_leaks_a_traceback(app, browser, published):
    """Clicks, custom messages and updates of every kind to every comm of a page: files stay, no connection goes out,
    nothing that the kernel prints comes back, the kernel lives, and a new page is as it was."""
    page = opened(browser, app)
    kernel = kernel_of(page)
    process = app.kernels()[kernel]
    before = files(published.parent, notebook("walkthrough.ipynb").parent)
    line = Line(app, kernel)
    comms = line.ask("comm_info_request", {})["comms"]
    assert len(comms) > 10

    for comm in comms:
        for event in EVENTS:
            line.send("comm_msg", {"comm_id": comm, "data": {"method": "custom", "content": event}})
        for k, key in enumerate(KEYS):
            for odd in ODD if key == "value" else [ODD[k % len(ODD)]]:
                line.send("comm_msg", {"comm_id": comm, "data": {
                    "method": "update", "state": {key: odd}, "buffer_paths": []}})
        line.send("comm_msg", {"comm_id": comm, "data": {"method": "request_state"}})
        line.send("comm_msg", {"comm_id": comm, "data": {"method": "no such"}})
        line.send("comm_msg", {"comm_id": comm, "data": "no dict"})
        line.ask("kernel_info_request", {})
    line.send("comm_open", {"comm_id": uuid.uuid4().hex, "target_name": "jupyter.widget", "data": {
        "state": {"_model_name": "FileUploadModel", "_model_module": "@jupyter-widgets/controls"}, "buffer_paths": []}})
    for comm in comms:
        line.send("comm_close", {"comm_id": comm, "data": {}})
    assert line.ask("kernel_info_request", {})["status"] == "ok"

    assert files(published.parent, notebook("walkthrough.ipynb").parent) == before
    reached = {c.raddr.ip for c in process.net_connections("inet") if c.raddr}
    assert reached <= {"127.0.0.1", "::1"}
    told = json.dumps(line.heard)
    assert {message["msg_type"] for message in line.heard} & {"stream", "error"} == set()
    assert "Traceback" not in told
    assert str(published.parent) not in told
    line.connection.close()
    page.close()
    again = opened(browser, app)
    expect(again.get_by_role("region", name="With these settings")).to_contain_text("The verdict stays")
    again.close()


NAMES = ("etc/passwd", "pyproject.toml", "README.md", ".git/config", ".env", ".bash_history", ".ssh/id_rsa",
         "workspace/store.sqlite", "tickets.sqlite", "notebooks/walkthrough.ipynb", "proc/self/environ",
         ".jupyter/x.json")
CLIMBS = ("../", "../../../../../../", "..%2f..%2f..%2f..%2f", "%2e%2e/%2e%2e/%2e%2e/", "....//....//", "..%5c..%5c",
          "%252e%252e%252f", "/", "%2f", ".%00/../", "~/", "")
PREFIXES = ("/", "/voila/static/", "/voila/templates/promptceiling/static/", "/voila/templates/",
            "/voila/labextensions/", "/voila/files/", "/voila/api/contents/", "/api/contents/", "/files/", "/static/",
            "/voila/render/", "/lab/tree/")


def test_no_spelling_of_a_path_brings_a_file(app, published):
    """Hundreds of ways to climb, hide and escape a path: none answers with a byte of a file, and no kernel starts."""
    kernels, tried, given = set(app.kernels()), 0, []
    for k, prefix in enumerate(PREFIXES):
        for j, climb in enumerate(CLIMBS):
            name = NAMES[(k + j) % len(NAMES)]
            for target in {prefix + climb + name, prefix + climb + str(published).lstrip("/")}:
                got = app.raw(target)
                tried += 1
                if got.split(b" ", 2)[1] == b"200" or any(mark in got for mark in (
                        b"SQLite format 3", b"root:x:0", b"[project]", b"[core]", b"nbformat", b"PATH=")):
                    given.append((target, got[:80]))
    assert tried > 200
    assert given == []
    assert set(app.kernels()) == kernels


@pytest.mark.parametrize("query", [
    "?theme=%22%3E%3Cscript%3Ewindow.tricked=1%3C/script%3E", "?template=../../../../etc&voila-template=lab",
    "?f1_ship=%3Cscript%3Ewindow.tricked=1%3C/script%3E", "?f1_ship=__import__('os').system('id')",
    "?" + "&".join(f"x{k}=%00" for k in range(300)), "?QUERY_STRING=1&PROMPTCEILING_PUBLISHED=/etc/passwd&" + "a" * 999,
])
def test_no_query_changes_what_is_shown(app, browser, query):
    """Markup, code, other names and sizes in the address: nothing runs and the page is the published one."""
    page = opened(browser, app, query)

    assert page.evaluate("window.tricked") is None
    assert page.errors == []
    expect(page.get_by_role("region", name="With these settings")).to_contain_text("The verdict stays")
    page.close()


def test_hostile_words_are_text_on_every_page(tmp_path, browser, published):
    """A published file whose every name is markup: on its page, in its charts and in the list of files nothing runs."""
    hostile = tmp_path / "<img src=x onerror=window.tricked=1>.sqlite"
    hostile.write_bytes(published.read_bytes())
    with sqlite3.connect(hostile) as connection:
        connection.execute("UPDATE published SET value = ? WHERE name = 'evidence'",
                           (evidence_to_json(hostile_evidence()),))
    connection.close()
    assert HOSTILE in read_published(hostile).evidence.name
    with App(hostile, published) as running:
        page = browser.new_page()
        page.goto(running.address)
        assert page.evaluate("window.tricked") is None
        expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
        page.get_by_role("link", name=HOSTILE).click()
        expect(page.get_by_role("button", name="As published")).to_be_visible()
        page.get_by_role("slider", name="F1 that ships").press("Home")
        expect(page.get_by_role("link", name="Link to these settings")).to_be_visible()
        assert page.evaluate("window.tricked") is None
        assert page.locator(".pc :is(script, iframe, img, [onerror])").count() == 0
        page.close()
