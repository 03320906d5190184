"""Two processes that start one recipe at the same moment."""

import json
import subprocess
import sys

import pytest
from tests.made_up import made_cases, written
from tests.runs.postgres import cluster

from promptceiling.runs import Workspace

SCRIPT = """
import asyncio, sys
from promptceiling.labeled_set import read_labeled_set, split_labeled_set
from promptceiling.prompts import standard_variants
from promptceiling.runs import Endpoint, Workspace
from promptceiling.tuning import fine_tune

store, data = sys.argv[1:]
labeled_set = split_labeled_set(read_labeled_set(data))
with Workspace(store) as workspace:
    asyncio.run(Endpoint().client(workspace.folder / "embedded").close())  # everything is imported
    print("ready", flush=True)
    sys.stdin.readline()
    job = asyncio.run(fine_tune(workspace, labeled_set, standard_variants(labeled_set)[0], Endpoint(), epochs=30))
print(job["job_id"], job["status"], flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """Where a workspace is kept, once as a folder and once as a PostgreSQL database."""
    if request.param == "sqlite":
        yield str(tmp_path / "workspace")
    else:
        with cluster() as url:
            yield url


def test_one_recipe_that_two_processes_start_at_once_is_one_job(tmp_path, store):
    """Both end with the same job, which is the only one that the server was asked for and the workspace knows."""
    data = written(tmp_path / "cases.csv", made_cases(90))
    with Workspace(store):
        pass
    both = [subprocess.Popen([sys.executable, "-c", SCRIPT, store, str(data)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True, cwd=tmp_path) for _ in range(2)]
    try:
        assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
        for process in both:
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate(timeout=120)[0].split() for process in both]
    finally:
        for process in both:
            process.kill()
            process.wait()

    assert said[0] == said[1]
    assert said[0][1] == "succeeded"
    at_server = [json.loads(path.read_text())["id"] for path in (tmp_path / "workspace/embedded/jobs").glob("*.json")]
    with Workspace(store, read_only=True) as workspace:
        assert workspace.jobs(workspace.load_set().key)["job_id"].tolist() == at_server == [said[0][0]]
