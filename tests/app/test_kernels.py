"""Kernels as forks: each in its own environment, ended like any process, none without the process it came from."""

import json
import os
import subprocess
import sys

import pytest
from jupyter_client import BlockingKernelClient, write_connection_file

kernels = pytest.importorskip("promptceiling.app.kernels")
pytestmark = pytest.mark.skipif(not kernels.FORKS, reason="Kernels are forks on Linux alone.")
SAYS = """import json, os, sys
print(json.dumps([dict(os.environ), os.getcwd(), os.read(0, 1).decode(), os.getpgid(0) == os.getpid(),
                  "promptceiling.panels" in sys.modules]))"""


@pytest.fixture
def source():
    """A source of kernels of its own, ended with what came from it."""
    made = kernels.Source()
    yield made
    made.start()[0].close()
    made._process.wait(10)
    made._process.stdout.close()


def started(source, folder, name):
    """A kernel of `source` in `folder`, and a client that it answers."""
    file, _ = write_connection_file(str(folder / f"{name}.json"))
    kernel = source.kernel(["ipykernel_launcher", "-f", file], {"PATH": os.environ["PATH"], "NAMED": name,
                                                               "HOME": str(folder)}, str(folder))
    client = BlockingKernelClient(connection_file=file)
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(30)
    return kernel, client


def test_a_kernel_has_the_environment_it_was_given_and_nothing_of_ours(source, tmp_path, monkeypatch):
    """Its variables, folder and process group are its own, its stdin is empty, and the panels are there already."""
    monkeypatch.setenv("MY_SECRET", "sk-canary")
    kernel, client = started(source, tmp_path, "first")
    said = []
    client.execute_interactive(SAYS, timeout=30, output_hook=lambda m: said.append(m["content"].get("text", "")))
    client.stop_channels()
    environment, folder, stdin, alone, there = json.loads("".join(said))
    kernel.kill()

    assert environment["NAMED"] == "first"
    assert "MY_SECRET" not in environment
    assert (folder, stdin, alone, there) == (str(tmp_path), "", True, True)


def test_a_kernel_ends_like_any_process(source, tmp_path):
    """It runs until it is killed, alone; after that a signal does nothing, and no zombie stays."""
    first, its = started(source, tmp_path, "first")
    second, other = started(source, tmp_path, "second")
    its.stop_channels()
    other.stop_channels()

    assert first.poll() is None
    first.kill()
    assert first.wait() == 0
    first.terminate()
    assert second.poll() is None
    second.terminate()
    assert second.wait() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(first.pid, 0)


def test_without_the_process_that_they_came_from_kernels_end_and_the_next_starts_it_again(source, tmp_path):
    """As when it was killed for want of memory."""
    kernel, client = started(source, tmp_path, "first")
    client.stop_channels()
    source._process.kill()
    source._process.wait(10)
    source._process.stdin.close()
    source._process.stdout.close()

    assert kernel.wait() == 0
    again, client = started(source, tmp_path, "again")
    client.stop_channels()
    again.kill()
    assert again.wait() == 0


def test_no_widget_is_made_by_an_import():
    """A fork's page could not draw what was made before it had a kernel."""
    code = "import promptceiling.panels\nfrom ipywidgets.widgets.widget import _instances\nprint(len(_instances))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           env={"PYTHONPATH": ":".join(sys.path)})

    assert ended.stdout == "0\n"
