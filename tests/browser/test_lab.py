"""A notebook in JupyterLab, as an engineer opens it: run all, look, move a control."""

import os
import re
import subprocess

import pytest
from playwright.sync_api import expect
from tests.browser.serving import PATIENCE_MS, findings, free_port, until


@pytest.fixture(scope="module")
def lab(checkout, published):
    """The address of JupyterLab over the small checkout, with a small published file for the walkthrough."""
    root, python = checkout
    port = free_port()
    command = [str(python), "-m", "jupyterlab", f"--port={port}", f"--notebook-dir={root}", "--no-browser",
               "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
               "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--allow-root"]
    log = (root / "lab.log").open("w")
    server = subprocess.Popen(command, cwd=root, stdout=log, stderr=log, env=os.environ | {
        "PROMPTCEILING_PUBLISHED": str(published), "JUPYTER_CONFIG_DIR": str(root / "config")})
    address = f"http://127.0.0.1:{port}/"
    until(lambda: address in (root / "lab.log").read_text() or server.poll() is not None, 60)
    yield address
    server.terminate()
    server.wait(20)
    log.close()


def ran(browser, lab, name, **context):
    """The page of a notebook in JupyterLab whose every cell has been run."""
    page = browser.new_page(**{"viewport": {"width": 1400, "height": 2400}} | context)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{lab}lab/workspaces/e2e/tree/notebooks/{name}?reset")
    page.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    return page


def closed(page):
    """Close a page whose panels have nothing serious by axe-core, in JupyterLab's light theme and in its dark one."""
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
        assert findings(page, ".jp-OutputArea-output") == [], theme
    page.close()


def test_the_walkthrough_in_jupyterlab_answers_its_controls(browser, lab):
    """The verdict shows, sliders have their names, a moved one is answered beside it, and the link of the app is not
    offered where no address would read it."""
    page = ran(browser, lab, "walkthrough.ipynb")
    slider = page.get_by_role("slider", name="Labels that are enough")
    expect(slider).to_be_visible()
    expect(page.get_by_role("region", name="Verdict", exact=True)).to_be_visible()

    slider.press("Home")
    expect(page.get_by_role("region", name="With these settings")).not_to_contain_text("The verdict stays")
    assert page.get_by_role("link", name="Link to these settings").count() == 0
    page.get_by_role("button", name="As published").click()
    expect(page.get_by_role("region", name="With these settings")).to_contain_text("The verdict stays")
    closed(page)


def test_the_labeled_set_in_jupyterlab_reads_pasted_cells(browser, lab):
    """Notebook 1 runs, and its form audits a pasted set."""
    page = ran(browser, lab, "1_labeled_set.ipynb")
    form = page.get_by_role("button", name="Read and audit")
    expect(form).to_be_visible()
    rows = "\n".join(f"note {k} about an invoice or a login,{'billing' if k % 2 else 'access'}" for k in range(40))

    page.get_by_role("textbox", name="or pasted text").fill(f"text,label\n{rows}")
    form.click()
    expect(page.get_by_text("40 cases are read").first).to_be_visible()
    closed(page)


def test_a_changed_variant_in_jupyterlab_changes_what_is_sent(browser, lab):
    """Notebook 2: every letter that is typed is in the messages beside it, and another pair of variants is compared."""
    page = ran(browser, lab, "2_prompt_variants.ipynb")
    page.get_by_role("textbox", name="Instructions").fill("Sort this note onto the shelf that fits.")
    sent = page.get_by_role("region", name="system, instructions")
    expect(sent).to_contain_text("Sort this note onto the shelf that fits.")

    after = page.get_by_role("combobox", name="After")
    expect(after).to_be_visible()
    page.get_by_role("combobox", name="Before").select_option("zero-shot")
    after.select_option("5 similar shots")
    expect(page.get_by_role("region", name="Settings that differ")).to_contain_text("similar")
    closed(page)


def test_a_cell_of_the_matrix_in_jupyterlab_opens_its_texts(browser, lab):
    """Notebook 3: a cell is clicked, and as many cases are told as it counted."""
    page = ran(browser, lab, "3_scores.ipynb")
    cell = page.get_by_role("button", name=re.compile(r"^Expected billing, answered billing: \d+$"))
    expect(cell).to_be_visible()
    count = cell.inner_text()

    cell.click()
    expect(page.get_by_role("heading", name=re.compile(rf"^Expected billing, answered billing: {count} case")))\
        .to_be_visible()
    closed(page)


def test_what_an_alternative_changed_opens_in_jupyterlab(browser, lab):
    """Notebook 4: after a restart the job is taken up, and an alternative opens to the cases that it changed."""
    page = ran(browser, lab, "4_fine_tuning.ipynb")
    row = page.get_by_text("What changed: local classifier against the prompt").first
    expect(row).to_be_visible()
    table = page.get_by_role("region", name="The best prompt and its alternatives")
    expect(table).to_contain_text("fine-tune of")

    inside = page.locator("details", has=row)
    assert inside.evaluate("it => it.open") is False
    row.click()
    assert inside.evaluate("it => it.open") is True
    closed(page)


def test_a_moved_slider_of_the_decision_in_jupyterlab_is_answered(browser, lab):
    """Notebook 5: a moved control has another answer beside it, and a button goes back to what is stated."""
    page = ran(browser, lab, "5_decision.ipynb")
    slider = page.get_by_role("slider", name="Labels that are enough")
    expect(slider).to_be_visible()
    answer = page.get_by_role("region", name="With these settings")
    expect(answer).to_contain_text("The verdict stays")

    slider.press("Home")
    expect(answer).not_to_contain_text("The verdict stays")
    page.get_by_role("button", name="As stated").click()
    expect(answer).to_contain_text("The verdict stays")
    closed(page)


def test_the_list_at_the_top_leads_to_its_headings_in_jupyterlab(browser, lab):
    """Every link of a notebook's first cell has its heading, and a click brings it into view."""
    page = ran(browser, lab, "1_labeled_set.ipynb", viewport={"width": 1280, "height": 700})
    expect(page.get_by_role("button", name="Read and audit")).to_be_attached()
    page.get_by_role("link", name="Is it like production?").click()
    expect(page.get_by_role("heading", name="Is it like production?")).to_be_in_viewport()
    page.close()
