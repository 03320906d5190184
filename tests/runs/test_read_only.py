"""A process that only shows: nothing is written, asked or spent, whatever is called, and each refusal says why."""

import asyncio
import subprocess
import sys

import pytest
from tests.decision.small_run import small_set, small_workspace

from promptceiling.decision import publish
from promptceiling.errors import EndpointError, TuningError, WorkspaceError
from promptceiling.prompts import standard_variants
from promptceiling.runs import Endpoint, Workspace, measure_latency, run_variants
from promptceiling.tuning import export_training, fine_tune, run_local_classifier, succeeded_jobs, write_recipe


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """A workspace with a finished run, as a process that only shows opens it, with its set and variants."""
    small_workspace(tmp_path / "workspace")
    monkeypatch.setattr("promptceiling.runs.read_only._ONLY_SHOWS", True)
    with Workspace(tmp_path / "workspace") as workspace:
        yield workspace, workspace.load_set(), list(workspace.variants().values())


def files(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_every_way_to_write_ask_or_spend_is_refused(shown, tmp_path):
    """Runs of what is missing, latency, classifier, fine-tune, publishing: each is a sentence, and no file changes."""
    workspace, labeled_set, variants = shown
    before = files(tmp_path)
    new = Endpoint(model="ft:embedded-in-context:other")

    with pytest.raises(WorkspaceError, match="answers are not in"):
        asyncio.run(run_variants(workspace, labeled_set, variants, new))
    with pytest.raises(EndpointError, match="only shows"):
        asyncio.run(measure_latency(workspace, labeled_set, variants[0], new))
    with pytest.raises(WorkspaceError, match="read only"):
        run_local_classifier(workspace, labeled_set, seed=5)
    with pytest.raises(WorkspaceError, match="read only"):
        asyncio.run(fine_tune(workspace, labeled_set, variants[0], Endpoint()))
    with pytest.raises(WorkspaceError, match="only shows"):
        publish(workspace, tmp_path / "out.sqlite")
    assert files(tmp_path) == before


def test_what_is_stored_is_still_shown(shown, tmp_path):
    """A run of which every answer is there reports itself done without a write; a known set and variant are left."""
    workspace, labeled_set, variants = shown
    before, heard = files(tmp_path), []
    asked = [v for v in variants if v.name == "zero-shot"] or variants[:1]

    summary = asyncio.run(run_variants(workspace, labeled_set, asked, Endpoint(), on_progress=heard.append))

    assert (summary.state, summary.sent, heard[-1].done) == ("done", 0, heard[-1].total)
    assert workspace.save_set(labeled_set) == labeled_set.key
    assert files(tmp_path) == before


def test_a_stored_fine_tune_and_its_files_are_given_back(tmp_path, monkeypatch):
    """The job that succeeded, told to who listens; files that are there, read back; what is missing, said."""
    labeled_set, endpoint, heard = small_set(60), Endpoint(), []
    with Workspace(tmp_path / "workspace") as workspace:
        variant = standard_variants(labeled_set)[0]
        job = asyncio.run(fine_tune(workspace, labeled_set, variant, endpoint, epochs=1, poll_s=0.01))
        written = export_training(labeled_set, variant, tmp_path / "tuning")
        recipe = write_recipe(written, labeled_set)
    before = files(tmp_path)

    monkeypatch.setattr("promptceiling.runs.read_only._ONLY_SHOWS", True)
    with Workspace(tmp_path / "workspace") as workspace:
        shown = asyncio.run(fine_tune(workspace, labeled_set, variant, endpoint, epochs=1, on_status=heard.append))
        assert (shown["job_id"], heard) == (job["job_id"], [shown])
        assert [found["job_id"] for found in succeeded_jobs(workspace, labeled_set.key)] == [job["job_id"]]
        with pytest.raises(WorkspaceError, match=r"holds no fine-tune of .* by this recipe"):
            asyncio.run(fine_tune(workspace, labeled_set, variant, endpoint, epochs=1, seed=1))
    assert export_training(labeled_set, variant, tmp_path / "tuning") == written
    assert write_recipe(written, labeled_set) == recipe
    with pytest.raises(TuningError, match=r"There is no .*train\.jsonl yet\. This page only shows"):
        export_training(labeled_set, variant, tmp_path / "elsewhere")
    assert files(tmp_path) == before


DOORS = """
import os, pathlib, shutil, socket, sqlite3, sys, tempfile
from promptceiling.runs.read_only import forbid_writing
forbid_writing()
here, there = map(pathlib.Path, sys.argv[1:])
kept, listener = here / "kept", socket.socket()
doors = {
    "write": lambda: (here / "new").write_text("x"), "append": lambda: kept.open("a"),
    "update": lambda: kept.open("r+"),
    "descriptor": lambda: os.open(here / "new", os.O_CREAT | os.O_WRONLY), "folder": lambda: (here / "new").mkdir(),
    "remove": kept.unlink, "rename": lambda: kept.rename(here / "new"), "bring": lambda: (there / "t").rename(kept),
    "mode": lambda: kept.chmod(0o777), "time": lambda: os.utime(kept), "copy": lambda: shutil.copy(kept, here / "new"),
    "link": lambda: (here / "new").symlink_to(kept), "database": lambda: sqlite3.connect(here / "new.sqlite"),
    "host": lambda: socket.socket().connect(("127.0.0.1", 9)),
    "read": kept.read_bytes, "null": lambda: open(os.devnull, "w"), "memory": lambda: sqlite3.connect(":memory:"),
    "temporary": lambda: (there / "new").write_text("x"),
    "readable": lambda: sqlite3.connect(f"{kept.as_uri()}?mode=ro", uri=True),
    "emptied": lambda: emptied(), "removed within": lambda: os.remove("kept", dir_fd=os.open(here, os.O_RDONLY)),
}
def emptied():
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "file").write_text("x")
for name, door in doors.items():
    try:
        door()
        print(name)
    except OSError as error:
        assert "only shows" in str(error), error
"""


def test_a_page_s_python_changes_no_file_and_calls_nobody(tmp_path):
    """Behind the wall every door to a change is an error that says why; reading, and the temporary folder, are free."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, name in ((here, "kept"), (there, "t")):
        folder.mkdir()
        (folder / name).write_text("x")
    before = files(here)

    ended = subprocess.run(
        [sys.executable, "-c", DOORS, str(here), str(there)], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": ":".join(sys.path), "PROMPTCEILING_READ_ONLY": "1", "TMPDIR": str(there)})

    assert ended.stdout.split() == ["read", "null", "memory", "temporary", "readable", "emptied"]
    assert files(here) == before
