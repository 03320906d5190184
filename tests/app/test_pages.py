"""What the app shows, and where: one page a published file, addresses that are safe, and the workbook to read."""

import subprocess
import sys

import pytest
from tests.decision.small_run import small_workspace

from promptceiling.app.launch import stripped_environment
from promptceiling.app.pages import STEPS, notebook, pages_of
from promptceiling.decision import publish
from promptceiling.errors import PromptCeilingError, WorkspaceError
from promptceiling.runs import Workspace


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Two published files of one name, in two folders, and one with a hostile name."""
    folder = tmp_path_factory.mktemp("pages")
    small_workspace(folder / "workspace")
    paths = [folder / "a" / "tickets.sqlite", folder / "b" / "tickets.sqlite", folder / "<img src=x>'\"; evil().sqlite"]
    with Workspace(folder / "workspace", read_only=True) as workspace:
        for path in paths:
            publish(workspace, path)
    return paths


def test_one_file_is_the_page_itself(published):
    """It stands at the app's own address, and runs the walkthrough over that file."""
    (page,) = pages_of(published[:1], workbook=False)

    assert (page.address, page.notebook) == ("", "walkthrough.ipynb")
    assert repr(str(published[0])) in page.set_up


def test_several_files_have_addresses_of_their_own(published):
    """Two files of one name get two addresses; a name that is markup and code becomes plain letters, or a literal."""
    pages = pages_of(published, workbook=False)

    assert [page.address for page in pages] == ["tickets", "tickets-2", "img-src-x-evil"]
    for page, path in zip(pages, published, strict=True):
        names = {}
        said = page.set_up.replace("os.environ", "names").replace("(10)", "(0)")
        exec(compile(said, "set-up", "exec"), {"names": names})  # noqa: S102
        assert names == {"PROMPTCEILING_PUBLISHED": str(path)}


def test_the_workbook_brings_its_five_notebooks(published):
    """Each of them is there, after the decisions, at its own name, with a sentence of its own on what it answers."""
    pages = pages_of(published[:1], workbook=True)

    assert [page.address for page in pages] == ["tickets", *STEPS]
    assert all(notebook(page.notebook).is_file() for page in pages)
    assert len({page.sentence for page in pages} - {""}) == len(pages)


def test_what_is_not_published_is_refused(tmp_path):
    """No file, a file that is none, and no page at all each end in a sentence, before anything is served."""
    (tmp_path / "other.sqlite").write_text("not a database")

    with pytest.raises(WorkspaceError, match="There is no published file"):
        pages_of([tmp_path / "missing.sqlite"], workbook=False)
    with pytest.raises(WorkspaceError, match="not a published file"):
        pages_of([tmp_path / "other.sqlite"], workbook=False)
    with pytest.raises(PromptCeilingError, match="nothing to show"):
        pages_of([], workbook=False)


def test_the_processes_get_an_allow_list_and_only_read():
    """A key, and whatever else is not named, stays with the parent; the mark of a process that only shows is set."""
    kept = stripped_environment({"PATH": "/bin", "OPENAI_API_KEY": "sk", "PROMPTCEILING_TOKEN": "t", "SECRET": "x"})

    assert kept == {"PATH": "/bin", "PROMPTCEILING_READ_ONLY": "1", "PYTHONUNBUFFERED": "1"}


def test_the_server_starts_without_a_grammar_that_nothing_here_needs():
    """jsonschema would parse one for international addresses: 1.7 of the 4.2 s of CPU that the server's start took."""
    code = "import promptceiling.app.voila_server, jsonschema, sys; print('lark' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           env={"PYTHONPATH": ":".join(sys.path)})

    assert ended.stdout == "False\n"
