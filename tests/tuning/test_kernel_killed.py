"""A fine-tuning job followed across a kill of the notebook's kernel."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager
from tests.made_up import made_cases, written

CELLS = """
from promptceiling.labeled_set import read_labeled_set, split_labeled_set
from promptceiling.prompts import standard_variants
from promptceiling.runs import Endpoint, Workspace
from promptceiling.tuning import fine_tune

workspace = Workspace({folder!r})
labeled_set = split_labeled_set(read_labeled_set({data!r}))
job = await fine_tune(workspace, labeled_set, standard_variants(labeled_set)[0], Endpoint({url!r}), epochs=100,
                      poll_s=0.02)
print("DONE", job["job_id"], job["status"], len(job["losses"]))
"""


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def jobs(folder):
    """What the workspace has of its jobs, as (id, status), read beside whoever writes."""
    if not (folder / "store.sqlite").exists():
        return []
    connection = sqlite3.connect(f"file:{folder / 'store.sqlite'}?mode=ro", uri=True)
    try:
        return connection.execute("SELECT job_id, status FROM jobs").fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


def waited(condition, seconds=60):
    """What `condition` gives once it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("what was waited for never came")


@pytest.fixture
def kernel():
    """Starts kernels; those that are left are killed."""
    started = []

    def start():
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(env=os.environ | {"PYTHONWARNINGS": "ignore"})
        started.append(manager)
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        return manager, client

    yield start
    for manager in started:
        if manager.is_alive():
            manager.shutdown_kernel(now=True)


@pytest.fixture(params=["in the kernel's process", "on a port"])
def url(request, tmp_path):
    """Where the embedded model answers: in the process that is killed, or in a server that is not."""
    if request.param != "on a port":
        yield "http://embedded/v1"
        return
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", "from promptceiling.cli import main; main()", "embedded", "--port", str(port),
         "--folder", str(tmp_path / "server")], stderr=subprocess.DEVNULL)
    try:
        def up():
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5).status == 200
            except OSError:
                return False

        waited(up)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.wait()


def test_job_is_followed_across_a_kill_of_the_kernel(tmp_path, kernel, url):
    """The kernel is killed while the job trains; the same cell in a new kernel follows that job to its end, and the
    server has one job in all."""
    folder = tmp_path / "workspace"
    data = written(tmp_path / "cases.csv", made_cases(90))
    cells = CELLS.format(folder=str(folder), url=url, data=str(data))
    manager, client = kernel()
    client.execute(cells)
    (job_id, _), = waited(lambda: [j for j in jobs(folder) if j[0].startswith("ftjob") and j[1] == "running"])
    manager.shutdown_kernel(now=True)  # SIGKILL
    assert dict(jobs(folder))[job_id] == "running"

    _, client = kernel()
    said = []
    client.execute_interactive(cells, timeout=120, output_hook=lambda m: said.append(
        m["content"].get("text") or "".join(m["content"].get("traceback", ()))))

    assert f"DONE {job_id} succeeded 100" in "".join(said)
    assert [dict(jobs(folder))[job_id], len(jobs(folder))] == ["succeeded", 1]
    at_server = next(p for p in (tmp_path / "server", folder / "embedded") if (p / "jobs").is_dir())
    assert [json.loads(p.read_text())["id"] for p in Path(at_server / "jobs").glob("*.json")] == [job_id]
