"""One browser, one small published file, and one small checkout whose notebooks have run, for all browser tests."""

import shutil
import sys
import sysconfig
import venv
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from playwright.sync_api import sync_playwright
from tests.browser.serving import ARGUMENTS, CHROMIUM, App, need_chromium
from tests.decision.small_run import small_workspace

import promptceiling
from promptceiling.app.pages import notebook
from promptceiling.decision import publish
from promptceiling.labeled_set import data_file
from promptceiling.runs import Workspace


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """A small published file."""
    folder = tmp_path_factory.mktemp("app")
    small_workspace(folder / "workspace")
    with Workspace(folder / "workspace", read_only=True) as workspace:
        publish(workspace, folder / "tickets.sqlite")
    return folder / "tickets.sqlite"


@pytest.fixture(scope="module")
def app(published):
    """The app over that file."""
    running = App(published)
    yield running
    running.end()


@pytest.fixture(scope="module")
def browser():
    need_chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A checkout with every fifth ticket for data, whose notebooks 4 and 2 have run: its folder and its Python.

    Of the five, these two ask and train; what they keep, the others show. The Python is that of the tests with the
    checkout's library in place of theirs, which the app's environment, a short list, could not be told otherwise.
    """
    root = tmp_path_factory.mktemp("checkout")
    for source in (notebook("walkthrough.ipynb").parent, data_file("support_tickets.csv").parent):
        shutil.copytree(source, root / source.name)
    shutil.copytree(Path(promptceiling.__file__).parent, root / "lib" / "promptceiling")
    tickets = root / "data" / "support_tickets.csv"
    pd.read_csv(tickets, dtype=str, keep_default_na=False).iloc[::5].to_csv(tickets, index=False)

    venv.create(root / "venv", symlinks=True)
    shutil.rmtree(root / "venv" / "share", ignore_errors=True)
    (root / "venv" / "share").symlink_to(Path(sys.prefix) / "share")
    packages = next((root / "venv").rglob("site-packages"))
    packages.joinpath("checkout.pth").write_text(f"{root / 'lib'}\n{sysconfig.get_path('purelib')}\n")
    python = root / "venv" / "bin" / "python"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(root / "lib"))
        for step in ("4_fine_tuning.ipynb", "2_prompt_variants.ipynb"):
            NotebookClient(nbformat.read(root / "notebooks" / step, 4), timeout=300, kernel_name="python3",
                           resources={"metadata": {"path": str(root / "notebooks")}}).execute()
    return root, python
