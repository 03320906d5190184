"""A notebook in JupyterLab, as an engineer opens it: run all, look, move a control."""

import os
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import expect
from tests.browser.serving import PATIENCE_MS, free_port, until

from promptceiling.app.pages import notebook


@pytest.fixture(scope="module")
def lab(tmp_path_factory, published):
    """The address of JupyterLab over a copy of the notebooks, with a small published file for the walkthrough."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(notebook("walkthrough.ipynb").parent, root / "notebooks")
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", f"--port={port}", f"--notebook-dir={root}", "--no-browser",
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
    page.goto(f"{lab}lab/workspaces/e2e/tree/notebooks/{name}?reset")
    page.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=PATIENCE_MS)
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    return page


def test_the_walkthrough_in_jupyterlab_answers_its_controls(browser, lab):
    """The verdict shows, sliders have their names, a moved one is answered beside it, and the link of the app is not
    offered where no address would read it."""
    page = ran(browser, lab, "walkthrough.ipynb")
    slider = page.get_by_role("slider", name="F1 that ships")
    expect(slider).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("region", name="Verdict", exact=True)).to_be_visible()

    slider.press("Home")
    expect(page.get_by_role("region", name="With these settings")).not_to_contain_text("The verdict stays")
    assert page.get_by_role("link", name="Link to these settings").count() == 0
    page.get_by_role("button", name="As published").click()
    expect(page.get_by_role("region", name="With these settings")).to_contain_text("The verdict stays")
    page.close()


def test_the_labeled_set_in_jupyterlab_reads_pasted_cells(browser, lab):
    """Notebook 1 runs, and its form audits a pasted set."""
    page = ran(browser, lab, "1_labeled_set.ipynb")
    form = page.get_by_role("button", name="Read and audit")
    expect(form).to_be_visible(timeout=PATIENCE_MS)
    rows = "\n".join(f"note {k} about an invoice or a login,{'billing' if k % 2 else 'access'}" for k in range(40))

    page.get_by_role("textbox", name="or pasted text").fill(f"text,label\n{rows}")
    form.click()
    expect(page.get_by_text("40 cases are read").first).to_be_visible(timeout=PATIENCE_MS)
    page.close()
