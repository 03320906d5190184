"""The README as a newcomer follows it: every fenced block, in its order, from their own CSV and their own endpoint's
address to a page that is served. What this machine cannot do is checked against the file that it stands for."""

import ast
import asyncio
import http.client
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from tests.browser.serving import PROGRAM, App, free_port
from traitlets.config import Config

from promptceiling.cli.group import main as group
from promptceiling.embedded import MODEL
from promptceiling.embedded.embeddings import EMBEDDING_MODEL
from promptceiling.labeled_set import data_file

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = FENCED.findall(README)
MINE = {"gpt-6-luna": MODEL, "text-embedding-3-small": EMBEDDING_MODEL}  # what a newcomer types instead
TOKEN = "t-41c80be2"  # noqa: S105 - made up
PIP = re.findall(r"\$\(PIP\) (.+)", (ROOT / "Makefile").read_text(encoding="utf-8"))


@dataclass
class Newcomer:
    """Somebody in an empty folder, with tickets of their own and an endpoint at an address of its own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def types(self, words):
        """Run a promptceiling command; it ends with 0."""
        done = subprocess.run([*PROGRAM, *words], cwd=self.folder, capture_output=True, text=True, timeout=240,
                              env=os.environ | self.environment)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    @contextmanager
    def serves(self, words):
        """The app of these words, running on a free port."""
        with App(options=words, folder=self.folder,
                 environment={"PROMPTCEILING_TOKEN": TOKEN} if "--token" in words else None) as running:
            yield running


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """Their folder holds 240 tickets under the README's header and the optional columns that its variants need."""
    folder = tmp_path_factory.mktemp("newcomer")
    tickets = pd.read_csv(data_file("support_tickets.csv"), dtype=str, keep_default_na=False).head(240)
    tickets[["input", "expected_category", "expected_priority", "group"]].to_csv(folder / "tickets.csv", index=False)
    results = tickets.rename(columns={"expected_category": "expected"}).assign(predicted=tickets["expected_category"])
    results[["input", "expected", "predicted"]].to_json(folder / "results.json", orient="records")
    for name in ("before.csv", "after.csv"):
        rows = [f"{k},a,{'ab'[k % 3 == 0]}" for k in range(60)]
        (folder / name).write_text("\n".join(["id,expected,predicted", *rows]), encoding="utf-8")
    port = free_port()
    server = subprocess.Popen(
        [*PROGRAM, "embedded", "--port", str(port)], cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        server.stderr.readline()
        yield Newcomer(folder, {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": ""})
    finally:
        server.terminate()
        server.wait(15)
        server.stderr.close()


# --- what is done with a block, by the language that it names


def drawn(_newcomer, _text):
    """A picture in letters."""


def typed(newcomer, text):
    """Every line of a shell block is run; make and conda are asked what they would do."""
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        match words:
            case ["make", target]:
                made = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, timeout=60)
                assert made.returncode == 0, made.stderr
                assert target in made.stdout
            case ["conda", "env", "create", "-f", name]:
                assert yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["name"] == "promptceiling"
            case ["conda", "activate", name]:
                assert name == "promptceiling"
            case ["export", *settings]:
                for name, _ in (setting.split("=", 1) for setting in settings):
                    assert name in newcomer.environment
                    newcomer.environment[name] = "key-of-mine"
            case ["promptceiling", "app", *rest]:
                for name in rest:
                    if name.endswith(".sqlite") and not (newcomer.folder / name).exists():
                        shutil.copy(newcomer.folder / "decision.sqlite", newcomer.folder / name)
                path, query = ("/evals/", f"?token={TOKEN}") if "--token" in rest else ("/", "")
                with newcomer.serves(rest) as running:
                    page = running.raw(path + query).decode()
                    assert ("username-127-0-0-1" if query else 'aria-label="Verdict"') in page  # the cookie, or all
            case ["promptceiling", *rest]:
                newcomer.types(rest)
            case _:
                pytest.fail(f"Nothing here runs the line {line!r}.")


def typed_on_windows(_newcomer, text):
    """The lines build what the Makefile builds, and call the programs that pyproject.toml and pytest install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = text.splitlines()
    assert lines[0] == f"py -{project['requires-python'].removeprefix('>=')} -m venv .venv"
    assert [line.split("pip install ")[1] for line in lines if r"\pip " in line] == PIP
    for line in lines[1:]:
        program, *words = line.removeprefix(".venv\\Scripts\\").split()
        assert program in ("pip", "python", *project["scripts"])
        if program in project["scripts"]:
            is_a_command(words)


def saved_as(name):
    def saved(newcomer, text):
        """A file's beginning is read as it is: as a table with the header of the newcomer's, or as variants."""
        if name.endswith(".yaml"):
            (newcomer.folder / name).write_text(text, encoding="utf-8")
        else:
            (newcomer.folder / "as_written.csv").write_text(text, encoding="utf-8")
            newcomer.types(["check", "as_written.csv"])
            assert (newcomer.folder / name).read_text(encoding="utf-8").startswith(text.splitlines()[0])

    return saved


def run_in_a_notebook(newcomer, text):
    """Python runs as in a notebook's cell, in the newcomer's folder; a server's settings name a command that is one."""
    names = {"c": Config()}
    if text.startswith("c."):
        exec(text, names)  # noqa: S102 - the README's
        (server,) = names["c"].ServerProxy.servers.values()
        program, *words = [word.format(port=8866, base_url="/user/ada/") for word in server["command"]]
        assert program.endswith("/promptceiling")
        return is_a_command(words)
    code = compile(text, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(newcomer.folder)
        for name, value in newcomer.environment.items():
            patch.setenv(name, value)
        ended = eval(code, names)  # noqa: S307 - the README's
        if inspect.iscoroutine(ended):
            asyncio.run(ended)
    return None


def is_a_unit(newcomer, text):
    """systemd finds nothing wrong with the unit, and it starts a command of the program."""
    (start,) = re.findall(r"^ExecStart=(\S+) (.+)$", text, re.MULTILINE)
    assert start[0].endswith("/promptceiling")
    is_a_command(start[1].split())
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze to verify the unit with; its command was checked")
    unit = newcomer.folder / "promptceiling.service"
    unit.write_text(text.replace(start[0], sys.executable), encoding="utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    assert (verified.returncode, verified.stderr) == (0, "")


def is_an_image(_newcomer, text):
    """It installs as the Makefile does, from a Python that pyproject.toml allows, and starts a command."""
    steps = dict(line.split(" ", 1) for line in text.splitlines())
    assert steps["RUN"].split(" && ") == [f"pip install {words}" for words in PIP]
    program, *words = json.loads(steps["CMD"])
    assert program == "promptceiling"
    is_a_command(words)


def is_a_proxy(newcomer, text):
    """nginx with these lines before the app gives the whole page, and the websocket of its controls."""
    if not (nginx := shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")):
        pytest.skip("there is no nginx (apt-get install nginx-light) to put before the app")
    folder, port = newcomer.folder / "nginx", free_port()
    folder.mkdir()
    with newcomer.serves(["decision.sqlite", "--base-url", "/evals"]) as running:
        kept = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                       ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
            f"http {{ access_log off; {kept} server {{ listen 127.0.0.1:{port};\n"
            f"{text.replace('8866', str(running.port))} }} }}", encoding="utf-8")
        server = subprocess.Popen([nginx, "-c", folder / "nginx.conf", "-e", folder / "error.log"])
        try:
            page = asked(port, "/evals/")
            (kernel,) = re.findall(r'"kernelId": ?"([0-9a-f-]{36})"', page)
            handshake = {"Upgrade": "websocket", "Connection": "Upgrade", "Origin": f"http://127.0.0.1:{port}",
                         "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
            channels = f"/evals/api/kernels/{kernel}/channels"
            assert asked(port, channels, **handshake) == "101"
            assert asked(port, channels, **handshake | {"Origin": "http://elsewhere.example"}) == "403"
        finally:
            server.terminate()
            server.wait(15)


def asked(port, path, **headers):
    """The body of a GET through the proxy, or with headers the status alone; waits until it listens."""
    deadline = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return str(answer.status) if headers else answer.read().decode()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        finally:
            connection.close()


FOLLOWED = {"text": drawn, "sh": typed, "powershell": typed_on_windows, "csv": saved_as("tickets.csv"),
            "yaml": saved_as("variants.yaml"), "python": run_in_a_notebook, "ini": is_a_unit,
            "dockerfile": is_an_image, "nginx": is_a_proxy}


@pytest.mark.parametrize(("language", "text"), BLOCKS, ids=[text.split("\n")[0][:40] for _, text in BLOCKS])
def test_a_newcomer_follows_every_block(newcomer, language, text):
    """Each fenced block, after those above it, does what it is there for; one in a language that nothing here follows
    fails."""
    for name, mine in MINE.items():
        text = text.replace(name, mine)
    FOLLOWED[language](newcomer, text)


def test_a_newcomer_has_a_decision(newcomer):
    """After the README there is a verdict on their own tickets, by the answers of their own endpoint."""
    decided = json.loads(newcomer.types(["decide", "--store", "decision.sqlite", "--json"]))

    assert decided["verdict"]
    assert "tickets" in (newcomer.folder / "decision.html").read_text(encoding="utf-8")


# --- what is named in a sentence


def is_a_command(words):
    """`words` begin with a command of the program and use options that it has."""
    command, *rest = words
    shown = CliRunner().invoke(group, [command, "--help"])
    assert shown.exit_code == 0, words
    assert all(word in shown.output for word in rest if word.startswith("--")), words


def sentences():
    """What README, CONTRIBUTING and the notebooks' markdown cells say, by name."""
    for name in ("README.md", "CONTRIBUTING.md"):
        yield name, FENCED.sub("", (ROOT / name).read_text(encoding="utf-8"))
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        yield path.stem, FENCED.sub("", "\n\n".join(c.source for c in cells if c.cell_type == "markdown"))


@pytest.mark.parametrize(("name", "text"), list(sentences()), ids=[name for name, _ in sentences()])
def test_every_command_in_a_sentence_is_one(name, text):
    """A command of make, of the program, or a script that a sentence names is there, with its options."""
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for said in re.findall(r"`((?:make|promptceiling|decide|publish|run|python|\.ci/run)\b[^`]*)`", text):
        words = shlex.split(said)
        if words[0] == "make":
            assert words[1] in targets, said
        elif words[0] in ("python", ".ci/run"):
            assert (ROOT / words[words[0] == "python"]).exists(), said
        elif words != ["promptceiling"]:
            is_a_command(words[words[0] == "promptceiling":])


def test_every_snippet_in_a_notebook_runs(tmp_path, monkeypatch):
    """What notebooks 1 to 5 tell to write instead runs after the imports of their first cells, over a file of one's
    own beside the folder of the notebooks."""
    (tmp_path / "notebooks").mkdir()
    own = pd.DataFrame([(f"{word} number {k}", word) for k in range(40) for word in ("refund", "login")])
    own.to_csv(tmp_path / "my_tickets.csv", index=False, header=["body", "team"])
    monkeypatch.chdir(tmp_path / "notebooks")
    names, ran = {}, 0
    for path in sorted((ROOT / "notebooks").glob("[1-5]*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and not cell.source.startswith("%"):
                tree = ast.parse(cell.source)
                tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
                exec(compile(tree, path.name, "exec"), names)  # noqa: S102 - the notebook's
            for language, text in FENCED.findall(cell.source if cell.cell_type == "markdown" else ""):
                assert language == "python", text
                exec(text, names)  # noqa: S102 - the notebook's
                ran += 1
    assert ran
    assert len(names["labeled_set"]) == 80


def test_pictures_and_links_of_the_readme_are_there():
    """Each picture and each file that it names exists; a picture is small and says in words what it shows."""
    for words, path in re.findall(r"!\[(.*?)\]\((.*?)\)", README):
        assert len(words) > 20
        assert (ROOT / path).stat().st_size < 150_000
    for path in re.findall(r"`((?:data|tests|notebooks)/[\w./]+)`", README):
        assert (ROOT / path).exists(), path
