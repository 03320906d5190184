"""The five notebooks under the read-only app: whole, answering what may be moved, and without a trace."""

import contextlib
import hashlib
import re
import shutil

import psutil
import pytest
from playwright.sync_api import expect
from tests.browser.serving import PATIENCE_MS, App, findings

from promptceiling.app.pages import STEPS
from promptceiling.labeled_set import read_labeled_set, split_labeled_set
from promptceiling.runs import Workspace

WHY = "This page only shows"
SHOWS = {
    "1_labeled_set": "What the audit finds", "2_prompt_variants": "What a change did",
    "3_scores": "How far prompts got", "4_fine_tuning": "The best prompt and its alternatives",
    "5_decision": "What would flip it",
}
WRITES = {
    "1_labeled_set": ["Read and audit"],
    "2_prompt_variants": ["Keep as a variant", "Try on this case", "Try on 10 cases", "Probe: 16 calls",
                          "Measure latency: 100 calls", "Ask", "Search", "Ask the whole grid"],
    "3_scores": ["Stop"], "4_fine_tuning": ["Stop", "Cancel the job"], "5_decision": ["Stop"],
}


def files(*folders):
    """Every file and folder below, with when it was changed and what it holds."""
    return {path: (path.stat().st_mtime_ns, path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest())
            for folder in folders for path in (folder, *folder.rglob("*"))
            if not {"venv", "__pycache__"} & set(path.parts)}


@pytest.fixture(scope="module")
def root(checkout):
    """The checkout: its notebooks ran, and their kernels were killed with the workspace open."""
    found = checkout[0]
    assert (found / "workspace" / "support_tickets" / "store.sqlite-wal").exists()
    return found


@pytest.fixture(scope="module")
def workbook(checkout, root, published):
    """The app over the workbook of the checkout."""
    with App(published, options=("--workbook",), python=str(checkout[1])) as running:
        yield running


@pytest.fixture
def reading(browser, workbook, root, published):
    """Opens a page of the workbook; at the end nothing was written and nobody outside was asked."""
    before = files(root, published.parent)
    pages = []

    def opened(step):
        page = browser.new_page(viewport={"width": 1280, "height": 3000})
        page.set_default_timeout(PATIENCE_MS)
        pages.append(page)
        page.asked, page.errors = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(workbook.address + step, wait_until="commit")
        page.wait_for_selector("#rendered_cells", state="attached")
        expect(page.locator("#opening")).to_have_count(0)  # gone once all is drawn, or after ten seconds
        expect(page.get_by_text("Loading widget...")).to_have_count(0)
        return page

    yield opened
    assert files(root, published.parent) == before
    for process in workbook.processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            assert {c.raddr.ip for c in process.net_connections("inet") if c.raddr} <= {"127.0.0.1", "::1"}
    for page in pages:
        own = (workbook.address, workbook.address.replace("http", "ws"), "data:", "blob:")
        assert [url for url in page.asked if not url.startswith(own)] == []
        assert page.errors == []
        page.close()


@pytest.fixture
def without(root):
    """The checkout with its workspace put aside; what stands in its place is gone afterwards."""
    workspace, aside = root / "workspace", root / "aside"
    workspace.rename(aside)
    yield workspace
    shutil.rmtree(workspace, ignore_errors=True)
    aside.rename(workspace)


def whole(page):
    """The page has no word of a program that failed, and ends with its last cell."""
    expect(page.get_by_text("Next:").last).to_be_attached()
    text = page.locator("#rendered_cells").inner_text()
    for word in ("Traceback", "NameError", "is not defined", "javascript error", "What it needs is not there"):
        assert word not in text
    return text


@pytest.mark.parametrize("step", STEPS)
def test_a_notebook_is_whole_and_what_would_write_is_refused(reading, step):
    """Its panel is there, nothing is left out, and each button that writes, asks or spends is off, with the reason.

    Nothing in it is serious by axe-core, light or dark: seen here, since a page takes long to open.
    """
    page = reading(step)

    expect(page.get_by_text(SHOWS[step]).first).to_be_attached()
    expect(page.locator("#rendered_cells")).to_contain_text(WHY, use_inner_text=True)
    for name in WRITES[step]:
        buttons = page.get_by_role("button", name=name, exact=True)
        expect(buttons.first).to_be_attached()
        for button in buttons.all():
            expect(button).to_be_disabled()
    assert "Not shown" not in whole(page)
    assert set(page.locator(".jp-OutputArea-output pre").evaluate_all(
        "them => them.map(it => getComputedStyle(it).wordBreak)")) <= {"normal"}  # no word is broken that fits a line
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert findings(page) == [], scheme


def test_the_findings_are_filtered_and_nothing_can_be_pasted(reading):
    """Notebook 1: one kind of finding is shown alone; the box for pasted cells is off."""
    page = reading("1_labeled_set")
    kinds = page.get_by_role("combobox").first
    expect(kinds).to_be_enabled()
    options = [option for option in kinds.locator("option").all_inner_texts() if option != "all"]
    table = page.locator("#rendered_cells")
    expect(table).to_contain_text(SHOWS["1_labeled_set"])
    shown = table.inner_text()

    kinds.select_option(options[-1])
    expect(table).not_to_have_text(shown)
    expect(page.get_by_role("textbox", name="or pasted text")).to_be_disabled()


def test_messages_follow_what_is_typed(reading):
    """Notebook 2: a changed instruction is in the messages, and another pair of variants is laid side by side."""
    page = reading("2_prompt_variants")
    page.get_by_role("textbox", name="Instructions").fill("Sort this note onto the shelf that fits.")
    expect(page.get_by_role("region", name="system, instructions")).to_contain_text(
        "Sort this note onto the shelf that fits.")

    page.get_by_role("combobox", name="Before").select_option("zero-shot")
    page.get_by_role("combobox", name="After").select_option("5 similar shots")
    expect(page.get_by_role("region", name="Settings that differ")).to_contain_text("similar")


def test_a_cell_of_the_matrix_opens_its_texts(reading):
    """Notebook 3: the chosen cell's cases are told."""
    page = reading("3_scores")
    page.get_by_role("button", name="Expected billing, answered billing").click()

    expect(page.get_by_role("heading", name="Expected billing, answered billing")).to_be_visible()


def test_the_stored_fine_tune_is_shown(reading):
    """Notebook 4: the job that succeeded, the training files as they were written, and what an alternative changed."""
    page = reading("4_fine_tuning")
    expect(page.get_by_text("lines were written and read back").first).to_be_attached()
    expect(page.get_by_text("Nothing has been tuned.")).to_have_count(0)
    row = page.get_by_text("What changed: local classifier against the prompt").first

    row.click()
    assert page.locator("details", has=row).evaluate("it => it.open")


def test_a_moved_threshold_is_answered(reading):
    """Notebook 5: a slider changes the answer beside it, and the button brings it back."""
    page = reading("5_decision")
    answer = page.get_by_role("region", name="With these settings")
    expect(answer).to_contain_text("The verdict stays")

    page.get_by_role("slider", name="Labels that are enough").press("Home")
    expect(answer).not_to_contain_text("The verdict stays")
    page.get_by_role("button", name="As stated").click()
    expect(answer).to_contain_text("The verdict stays")


@pytest.mark.parametrize("step", STEPS)
def test_without_a_workspace_each_notebook_says_so(without, reading, step):
    """No folder: the reason stands once as a sentence, what needs no workspace is shown, and no folder is made."""
    page = reading(step)

    expect(page.get_by_role("alert").filter(has_text="There is no workspace at")).to_have_count(1)
    whole(page)
    assert not without.exists()


@pytest.mark.parametrize("step", STEPS)
def test_with_a_set_alone_each_notebook_says_what_is_missing(without, root, request, step):
    """A set was saved and nothing has run: no cell fails in words of a program."""
    labeled_set = split_labeled_set(read_labeled_set(root / "data" / "support_tickets.csv"))
    with Workspace(without / "support_tickets") as workspace:
        workspace.save_set(labeled_set)
    page = request.getfixturevalue("reading")(step)

    if step != "1_labeled_set":
        expect(page.locator("#rendered_cells")).to_contain_text(
            re.compile("not in|No prompt is scored"), use_inner_text=True)
    whole(page)
