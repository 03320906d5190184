"""The notebooks: what they are made of, and that each runs from top to bottom, one after the other and offline."""

import ast
import json
import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from promptceiling.labeled_set import data_file

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
STEPS = [name for name in NAMES if name[0].isdigit()]
MEASURED = re.compile(r"\d\.\d|\d\s?(%|pp\b|ms\b|points?\b)")  # a score, a share, a difference, a latency


def cells(name, kind):
    """The sources of a notebook's cells of one kind."""
    return [cell.source for cell in nbformat.read(NOTEBOOKS / name, 4).cells if cell.cell_type == kind]


def project_with(root, every):
    """Fill a folder with the notebooks, lessons too, over every so-many-th ticket."""
    tickets = root / "tickets.csv"
    pd.read_csv(data_file("support_tickets.csv"), dtype=str, keep_default_na=False).iloc[::every].to_csv(
        tickets, index=False)
    shutil.copytree(NOTEBOOKS, root / "notebooks")
    for path in (root / "notebooks").rglob("*.ipynb"):
        path.write_text(path.read_text(encoding="utf-8").replace(
            r'data_file(\"support_tickets.csv\")', rf'\"{tickets.as_posix()}\"'), encoding="utf-8")
    return root


def executed(name, folder):
    """The notebook as it stands once every cell has run in `folder`; raises where a cell does."""
    notebook = nbformat.read(folder / name, 4)
    NotebookClient(notebook, timeout=600, kernel_name="python3", store_widget_state=True,
                   resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def shown(notebook):
    """Everything that a reader of the executed notebook sees, as one text."""
    outputs = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    widgets = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    return json.dumps(outputs) + "".join(str(w["state"].get("value", "")) for w in widgets.values())


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Every numbered notebook, executed in order over one workspace in a temporary folder: name -> what it shows.

    Over every third ticket, once a test run: the later notebooks find the answers of the earlier ones stored. The
    README's first start, which builds the demonstration, is where all tickets are asked about.
    """
    root = project_with(tmp_path_factory.mktemp("project"), 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONWARNINGS", "ignore")
        patch.setenv("PROMPTCEILING_PUBLISHED", str(root / "workspace" / "support_tickets.sqlite"))
        return {name: shown(executed(name, root / "notebooks")) for name in [*STEPS, "walkthrough.ipynb"]}


def test_notebooks_are_all_there():
    """Five numbered steps and the walkthrough."""
    assert [*[name.split("_")[0] for name in STEPS], "walkthrough.ipynb"] == ["1", "2", "3", "4", "5", NAMES[-1]]


@pytest.mark.parametrize(("name", "says"), [
    ("1_labeled_set.ipynb", "What the audit finds"),
    ("2_prompt_variants.ipynb", "Done: every answer is in the workspace."),
    ("3_scores.ipynb", "How far prompts got"),
    ("4_fine_tuning.ipynb", "The fine-tuning job"),
    ("5_decision.ipynb", "The table"),
    ("walkthrough.ipynb", "What this rests on"),
])
def test_notebook_runs_from_top_to_bottom(run, name, says):
    """No cell raises, and the panel that the notebook is about shows its part."""
    assert says in run[name]


@pytest.mark.parametrize("name", ["3_scores.ipynb", "4_fine_tuning.ipynb", "5_decision.ipynb", "walkthrough.ipynb"])
def test_scores_of_the_embedded_model_are_said_to_be_its_own(run, name):
    """Every notebook that shows scores of the embedded model says so beside them."""
    assert "not an LLM's" in run[name]


def test_later_notebooks_ask_for_nothing_that_is_stored(run):
    """After the second notebook, the third finds every answer in the workspace."""
    assert "<dt>Asked now</dt><dd>0; " in run["3_scores.ipynb"]


@pytest.mark.parametrize("name", NAMES)
def test_notebook_is_stored_without_outputs(name):
    """A stored notebook holds no output and no execution count."""
    code = [cell for cell in nbformat.read(NOTEBOOKS / name, 4).cells if cell.cell_type == "code"]

    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_on_the_kernel_that_everybody_has(name):
    """The kernelspec is python3, whatever the author's environment was called."""
    assert nbformat.read(NOTEBOOKS / name, 4).metadata["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("name", NAMES)
def test_cells_import_call_and_show(name):
    """No cell defines a function or a class, or edits the path of modules; none is longer than a screen."""
    defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    for source in cells(name, "code"):
        nodes = ast.walk(compile(source, name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))

        assert not [node for node in nodes if isinstance(node, defining)]
        assert "sys.path" not in source
        assert source.count("\n") < 25


@pytest.mark.parametrize("name", STEPS)
def test_prose_holds_no_measured_number(name):
    """What was measured is shown by cells, never typed into prose, where it would grow old."""
    prose = re.sub(r"```.*?```|`[^`]*`", "", "\n".join(cells(name, "markdown")), flags=re.DOTALL)

    assert not MEASURED.search(prose)


@pytest.mark.parametrize("name", STEPS)
def test_prose_leads_to_a_notebook_that_exists(name):
    """Each step links to the next one, and every link to a notebook leads somewhere."""
    linked = re.findall(r"\]\(([^)]+\.ipynb)\)", "\n".join(cells(name, "markdown")))
    following = [*STEPS, "walkthrough.ipynb"][STEPS.index(name) + 1]

    assert following in linked
    assert set(linked) <= set(NAMES)


@pytest.mark.parametrize("name", STEPS[1:])
def test_embedded_model_is_named_at_the_top(name):
    """A notebook that runs a model says in its first cell that the answers are not an LLM's."""
    assert "embedded model" in cells(name, "markdown")[0]
    assert "no LLM" in cells(name, "markdown")[0].replace("\n> ", " ")


@pytest.mark.parametrize("name", STEPS)
def test_the_first_cell_leads_to_every_section(name):
    """The list at the top has each section once, in order, by the anchor that JupyterLab and Voila give it."""
    first, *others = cells(name, "markdown")
    sections = re.findall(r"^## (.+)$", "\n".join(others), re.MULTILINE)

    assert re.findall(r"\[([^]]+)\]\(#([^)]+)\)", first) == [(text, text.replace(" ", "-")) for text in sections]
