"""The app in a real browser: what a visitor reads, can do, and cannot do."""

import json
import os
import re
import signal
import tempfile
import urllib.parse
import uuid
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import websocket
from playwright.sync_api import expect
from tests.browser.serving import KEY, App, kernel_of, opened, until

from promptceiling.app.pages import notebook
from promptceiling.decision import decide, read_published


@pytest.fixture(scope="module")
def page(app, browser):
    """One page that the tests below share; each leaves it as it was."""
    shared = opened(browser, app)
    yield shared
    shared.close()


def answer(page):
    """The card beside the what-if controls."""
    return page.get_by_role("region", name="With these settings")


# --- what a visitor reads and moves

def test_the_verdict_is_the_decisions(page, published):
    """The first heading is the sentence that `decide` gives for the published evidence; the rows have its states."""
    found = read_published(published)
    decision = decide(found.evidence, found.assumptions, found.prices)

    expect(page.get_by_role("heading", level=1).first).to_have_text(decision.sentence)
    card = page.get_by_role("region", name="Verdict", exact=True)
    expect(card).to_contain_text(decision.because)
    expect(card).to_contain_text(decision.next)
    expect(page.get_by_text("embedded model's").first).to_be_visible()
    states = page.locator("details.pc-row .pc-chip").all_inner_texts()
    assert [re.sub(r"^\W+", "", state) for state in states] == [row.status for row in decision.rows]


def test_a_threshold_moved_by_keyboard_changes_the_answer_and_back(page, published):
    """With 50 labels taken as enough the card says something else, and "As published" puts it back; the verdict above
    stays."""
    above = page.get_by_role("heading", level=1).first.inner_text()
    expect(answer(page)).to_contain_text("The verdict stays")
    slider = page.locator(".widget-slider", has_text="Labels that are enough")
    readout = slider.locator(".widget-readout")
    expect(readout).to_have_text("500")

    slider.get_by_role("slider").press("Home")
    expect(readout).not_to_have_text("500")
    lowered = decide_with(published, labels_enough=int(readout.inner_text()))
    expect(answer(page)).to_contain_text(lowered.sentence)
    assert lowered.sentence != above
    assert page.get_by_role("heading", level=1).first.inner_text() == above

    page.get_by_role("button", name="As published").press("Enter")
    expect(readout).to_have_text("500")
    expect(answer(page)).to_contain_text("The verdict stays")


def decide_with(published, **stated):
    found = read_published(published)
    return decide(found.evidence, replace(found.assumptions, **stated), found.prices)


def test_a_row_opens_by_keyboard(page, published):
    """Enter on a row of the table shows its reason, and closes it again."""
    found = decide_with(published)
    row = page.locator("details.pc-row", has_text=found.row("f1").condition).first
    reason = row.get_by_text(found.row("f1").reason)
    expect(reason).to_be_hidden()

    row.locator("summary").press("Enter")
    expect(reason).to_be_visible()
    row.locator("summary").press("Enter")
    expect(reason).to_be_hidden()


def test_nothing_outside_is_asked_and_nothing_breaks(page, app):
    """Every request of the page goes to the app, and no script of it fails."""
    own = (app.address, app.address.replace("http", "ws"), "data:", "blob:")
    outside = [url for url in page.asked if not url.startswith(own)]

    assert len(page.asked) > 10
    assert outside == []
    assert page.errors == []


def test_a_phone_reads_it_without_scrolling_sideways(page):
    """At 400 px the page is not wider than the screen."""
    before = page.viewport_size
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_function("innerWidth === 400")

    widths = page.evaluate("[document.scrollingElement.scrollWidth, document.body.scrollWidth, innerWidth]")
    page.set_viewport_size(before)

    assert max(widths[:2]) <= widths[2] == 400


# --- what a visitor can not do

def test_the_policy_comes_with_the_page(page):
    """The Content-Security-Policy allows this host alone and no frame around it; types are not guessed."""
    policy = page.answered["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert page.answered["x-content-type-options"] == "nosniff"


def test_theme_and_template_cannot_be_chosen_from_the_address(app, browser):
    """Markup in `?theme=` and a name in `?template=` reach no part of the page, which looks as it always does."""
    trick = '"></style><script>window.tricked=1</script>'
    page = opened(browser, app, f"?theme={urllib.parse.quote(trick)}&template=lab&voila-theme=dark")

    tricked = page.evaluate("window.tricked")
    name = page.evaluate("document.body.getAttribute('data-jp-theme-name')")
    html = page.content()
    page.close()

    assert tricked is None
    assert name == "JupyterLab Light"
    assert "tricked" not in html
    assert "pc-body" in html


def test_a_visitor_runs_no_code(page, app, tmp_path):
    """Code sent over the page's own websocket, on every channel, is not executed: it leaves no file and no reply."""
    kernel, target = kernel_of(page), tmp_path / "ran"
    session = uuid.uuid4().hex
    address = app.address.replace("http", "ws") + f"api/kernels/{kernel}/channels?session_id={session}"
    connection = websocket.create_connection(address, timeout=20, origin=app.address.rstrip("/"))

    def send(kind, content, channel="shell"):
        message_id = uuid.uuid4().hex
        connection.send(json.dumps({
            "header": {"msg_id": message_id, "msg_type": kind, "username": "", "session": session, "version": "5.4",
                       "date": "2026-11-23T00:00:00Z"},
            "parent_header": {}, "metadata": {}, "content": content, "buffers": [], "channel": channel}))
        return message_id

    code = f"open({str(target)!r}, 'w').close()"
    refused = [send(kind, {"code": code, "silent": False, "store_history": False, "user_expressions": {},
                           "allow_stdin": False, "cursor_pos": 0, "detail_level": 0}, channel)
               for channel in ("shell", "control") for kind in ("execute_request", "debug_request", "inspect_request")]
    # answered after all that came before on its channel
    asked = {send("kernel_info_request", {}, channel) for channel in ("shell", "control")}
    replied = set()
    while not asked <= replied:
        replied.add(json.loads(connection.recv())["parent_header"].get("msg_id"))
    connection.close()

    assert not replied & set(refused)
    assert not target.exists()


def test_no_kernel_and_no_page_holds_the_key(page, app):
    """The key that the app was started with is in no process below it, and not in the page."""
    kernels = app.kernels()
    assert kernel_of(page) in kernels
    below = app.processes()
    environments = [Path(f"/proc/{p.pid}/environ").read_bytes() for p in below]
    own = Path(f"/proc/{app.process.pid}/environ").read_bytes()

    assert KEY.encode() in own
    assert len(below) >= 2
    assert not any(KEY.encode() in environment for environment in environments)
    assert KEY not in page.content()


def test_no_file_is_served(app, published):
    """Neither the notebook folder, nor the published file, nor what lies above either, by any spelling of the path."""
    folder = notebook("walkthrough.ipynb").parent
    files = [p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    names = [str(p.relative_to(folder)) for p in files]
    secret = {p.read_bytes()[:400] for p in files if p.stat().st_size > 40} | {b"SQLite format 3", b"root:x:0:0"}
    tries = [*names, "walkthrough.ipynb", published.name, str(published), "../pyproject.toml", "../../etc/passwd",
             "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "....//....//etc/passwd",
             "/etc/passwd", "%2fetc%2fpasswd", "..%5c..%5cpyproject.toml", "walkthrough.ipynb%00.png"]
    kernels = set(app.kernels())

    for name in tries:
        for prefix in ("/", "/voila/files/", "/files/", "/voila/static/", "/static/", "/voila/templates/",
                       "/api/contents/", "/nbconvert/html/", "/tree/", "/view/", "/voila/voila/files/"):
            got = app.raw(prefix + name)
            assert got.split(b" ", 2)[1] != b"200", prefix + name
            assert not any(part in got for part in secret), prefix + name
    assert set(app.kernels()) == kernels


def test_a_closed_page_ends_its_kernel(app, browser):
    """Closing the page ends the process that answered it, and no other."""
    before = set(app.kernels())
    page = opened(browser, app)
    own = kernel_of(page)
    assert set(app.kernels()) == before | {own}

    page.goto("about:blank")
    until(lambda: own not in app.kernels())
    page.close()

    assert set(app.kernels()) == before


def test_what_a_reader_has_read_stays_until_the_controls_are_drawn(app, browser):
    """From the first words to the sliders the verdict never leaves the page, and a row opened meanwhile stays open."""
    page = browser.new_page()
    page.add_init_script("""
        window.blanks = 0;
        const timer = setInterval(() => {
            const shown = document.body ? document.body.innerText : '';
            if (window.read && !shown.includes('VERDICT')) window.blanks += 1;
            const row = document.querySelector('#table details');
            if (!window.read && row) { window.read = row.open = true; }
        }, 10);""")
    page.goto(app.address, wait_until="commit")
    page.locator("#rendered_cells .noUi-handle").first.wait_for()

    assert page.evaluate("[window.read, window.blanks]") == [True, 0]
    assert page.locator("#opening").count() == 0
    assert page.evaluate("document.querySelector('#table details').open")
    page.close()


def test_a_session_that_ended_is_said(app, browser):
    """When the kernel's process is gone a banner says so, and leads to a new page."""
    page = opened(browser, app)

    app.kernels()[kernel_of(page)].kill()
    banner = page.locator("body > [role=alert]")
    expect(banner).to_contain_text("its session has ended")
    expect(banner.get_by_role("link", name="Open it again")).to_have_attribute("href", page.url)
    expect(banner.get_by_role("link")).to_have_css("text-decoration-line", "underline")
    page.close()


@pytest.mark.parametrize(("how", "status"), [(signal.SIGINT, 130), (signal.SIGHUP, 130), (signal.SIGKILL, -9)])
def test_an_app_that_ends_leaves_nothing(browser, published, how, status):
    """By Ctrl-C, by a closed terminal, and killed outright while a page is open: within ten seconds no server and no
    kernel is left, and neither socket nor file in the temporary folder."""
    with (tempfile.TemporaryDirectory() as temporary,  # a short path: kernels' sockets are below it
          App(published, environment={"TMPDIR": temporary}) as app):
        page = opened(browser, app)
        below = app.processes()
        assert kernel_of(page) in app.kernels()
        assert os.listdir(temporary)

        app.process.send_signal(how)

        assert app.process.wait(10) == status
        _, alive = psutil.wait_procs(below, timeout=10)
        assert alive == []
        assert os.listdir(temporary) == []
        page.close()


def test_a_page_opens_where_the_temporary_folder_has_a_long_path(browser, published, tmp_path):
    """A path that no Unix socket can have: kernels listen on the loopback instead."""
    long = tmp_path / ("temporary" * 12)
    long.mkdir()
    with App(published, environment={"TMPDIR": str(long)}) as app:
        opened(browser, app).close()


def test_a_server_that_is_killed_leaves_no_process(browser, published):
    """Nobody could end its kernels any more: they end by themselves."""
    with App(published) as app:
        opened(browser, app)
        below = app.processes()
        next(p for p in below if "promptceiling.app.voila_server" in p.cmdline()).kill()

        _, left = psutil.wait_procs(below, timeout=30)

    assert len(below) >= 2
    assert not left
