"""One browser and one small published file for all browser tests."""

import pytest
from playwright.sync_api import sync_playwright
from tests.browser.serving import ARGUMENTS, CHROMIUM, App, need_chromium
from tests.decision.small_run import small_workspace

from promptceiling.decision import publish
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
