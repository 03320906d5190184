"""The notebooks where the cells that ask, tune and pay were left out: each says which earlier step is missing."""

import shutil

import nbformat
import pytest
from nbclient import NotebookClient
from tests.notebooks.test_notebooks import STEPS, project_with

from promptceiling import errors
from promptceiling.labeled_set import read_labeled_set, split_labeled_set
from promptceiling.runs import Workspace

SENTENCES = {name for name, kind in vars(errors).items() if isinstance(kind, type)}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with the notebooks over every fifth ticket, and no workspace."""
    return project_with(tmp_path_factory.mktemp("project"), 5)


@pytest.mark.parametrize("state", ["empty folder", "set alone"])
@pytest.mark.parametrize("name", STEPS)
def test_what_was_left_out_is_said_in_a_sentence(root, name, state):
    """Where a cell needs what nobody asked for, its error is one of ours; the others run.

    A name may be missing only where the cell that makes it has said why it could not.
    """
    shutil.rmtree(root / "workspace", ignore_errors=True)
    if state == "set alone":
        with Workspace(root / "workspace" / "support_tickets") as workspace:
            workspace.save_set(split_labeled_set(read_labeled_set(root / "tickets.csv")))
    notebook = nbformat.read(root / "notebooks" / name, 4)
    notebook.cells = [cell for cell in notebook.cells
                      if cell.cell_type == "code" and not any(part in cell.source for part in (
                          "await run_variants(workspace, labeled_set, variants", "await panel.run()", "await fine_tune",
                          "fine_tune(workspace", "await tuning", "run_learning_curve(workspace", "await search_prompts",
                          "await noise_floors"))]
    NotebookClient(notebook, timeout=300, kernel_name="python3", allow_errors=True,
                   resources={"metadata": {"path": str(root / "notebooks")}}).execute()

    said = [(cell.source, out.ename, out.evalue) for cell in notebook.cells for out in cell.outputs
            if out.output_type == "error"]
    told = "".join(source for source, kind, _ in said if kind in SENTENCES)
    assert [(kind, value) for _, kind, value in said if kind not in SENTENCES
            and not (kind == "NameError" and f"{value.split(chr(39))[1]} = " in told)] == []
