"""The README as a newcomer follows it: from their own CSV and their own endpoint's address to a decision."""

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.browser.serving import App, free_port
from tests.decision.small_run import small_set

from promptceiling.cli.group import main as group

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAM = [sys.executable, "-c", "from promptceiling.cli import main; main()"]


def blocks(language=""):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands(*, holding):
    """The promptceiling lines of the block that holds a text, without their comments."""
    (block,) = (b for b in blocks() if holding in b)
    return [shlex.split(line, comments=True)[1:] for line in block.splitlines() if line.startswith("promptceiling ")]


@contextmanager
def own_endpoint(folder):
    """The address of an OpenAI-compatible server on this machine."""
    port = free_port()
    server = subprocess.Popen(
        [*PROGRAM, "embedded", "--port", str(port)], cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        server.stderr.readline()
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(15)
        server.stderr.close()


def run(arguments, folder):
    return subprocess.run([*PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, timeout=240,
                          env=os.environ | {"OPENAI_API_KEY": ""})


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """A folder with a newcomer's two files: a CSV with the README's header, and its variants file cut to what works
    on any labels."""
    folder = tmp_path_factory.mktemp("newcomer")
    small_set().cases[["input", "expected_category"]].to_csv(folder / "tickets.csv", index=False)
    (listed,) = (b for b in blocks("yaml") if "five similar shots" in b)
    (folder / "variants.yaml").write_text(listed.split("- name: hard shots")[0], encoding="utf-8")
    return folder


def test_a_newcomer_gets_a_decision(newcomer):
    """Every command of "Your data, your endpoint", in order, against the newcomer's own address: each ends with 0, the
    decision is told, and the published file verifies and is served."""
    said = {}
    with own_endpoint(newcomer) as url:
        for words in commands(holding="promptceiling check tickets.csv"):
            if words[0] == "app":
                continue
            if "--model" in words:
                words[words.index("--model") + 1] = "embedded-in-context"
                words += ["--base-url", url]
            done = run(words, newcomer)
            assert done.returncode == 0, (words, done.stderr)
            said.setdefault(words[0], done.stdout)
    assert {"check", "run", "decide", "publish", "verify"} <= said.keys()
    decided = json.loads(run(["decide", "--json"], newcomer).stdout)
    assert decided
    running = App(newcomer / "decision.sqlite")
    try:
        assert b"aria-label=\"Verdict\"" in running.raw("/")
    finally:
        running.end()


def test_every_command_in_the_readme_is_one():
    """Each line that begins with promptceiling names a command and options that the program has."""
    lines = [line for block in blocks() for line in block.splitlines() if line.startswith("promptceiling ")]
    assert len(lines) >= 12
    for line in lines:
        command, *words = shlex.split(line, comments=True)[1:]
        shown = CliRunner().invoke(group, [command, "--help"])
        assert shown.exit_code == 0, line
        assert all(word in shown.output for word in words if word.startswith("--")), line


def test_pictures_and_links_of_the_readme_are_there():
    """Each picture and each file that it names exists; a picture is small and says in words what it shows."""
    for words, path in re.findall(r"!\[(.*?)\]\((.*?)\)", README):
        assert len(words) > 20
        assert (ROOT / path).stat().st_size < 150_000
    for path in re.findall(r"`((?:data|tests|notebooks)/[\w./]+)`", README):
        assert (ROOT / path).exists(), path
