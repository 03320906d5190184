"""One browser, one small published file, and one small checkout whose notebooks have run, for all browser tests."""

import os
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
    with App(published) as running:
        yield running


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

    The notebooks run once for all workers; each has a copy. The Python is that of the tests with the checkout's library
    in place of theirs, which the app's environment, a short list, could not be told otherwise.
    """
    root = tmp_path_factory.mktemp("checkout") / "root"
    shutil.copytree(once(tmp_path_factory, notebooks_that_ran), root)
    venv.create(root / "venv", symlinks=True)
    shutil.rmtree(root / "venv" / "share", ignore_errors=True)
    (root / "venv" / "share").symlink_to(Path(sys.prefix) / "share")
    packages = next((root / "venv").rglob("site-packages"))
    packages.joinpath("checkout.pth").write_text(f"{root / 'lib'}\n{sysconfig.get_path('purelib')}\n")
    return root, root / "venv" / "bin" / "python"


def once(tmp_path_factory, make):
    """The folder that `make` filled, which only the first worker to ask for it calls; the others wait for it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return make(tmp_path_factory.mktemp(make.__name__))
    import fcntl

    folder = tmp_path_factory.getbasetemp().parent / make.__name__
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make(tmp_path_factory.mktemp(make.__name__)).rename(folder)
    return folder


def notebooks_that_ran(root):
    """Fill a folder with data and notebooks, and run two. Of the five, these ask and train; the others show it."""
    for source in (notebook("walkthrough.ipynb").parent, data_file("support_tickets.csv").parent):
        shutil.copytree(source, root / source.name)
    tickets = root / "data" / "support_tickets.csv"
    pd.read_csv(tickets, dtype=str, keep_default_na=False).iloc[::5].to_csv(tickets, index=False)
    shutil.copytree(Path(promptceiling.__file__).parent, root / "lib" / "promptceiling")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(root / "lib"))
        for step in ("4_fine_tuning.ipynb", "2_prompt_variants.ipynb"):
            NotebookClient(nbformat.read(root / "notebooks" / step, 4), timeout=300, kernel_name="python3",
                           resources={"metadata": {"path": str(root / "notebooks")}}).execute()
    return root
