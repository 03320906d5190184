"""The walls between the rooms: imports point only backwards; network, widgets and pickle stay where they belong."""

import ast
from pathlib import Path

import pytest

LIB = Path(__file__).parents[1] / "lib" / "promptceiling"
ROOMS = (
    "errors", "labeled_set", "prompts", "runs", "scores", "search", "tuning", "decision", "embedded", "panels", "cli")
MAY_IMPORT = {
    "errors": (),
    "labeled_set": ("errors",),
    "prompts": ("errors", "labeled_set"),
    "runs": ("errors", "labeled_set", "prompts"),
    "scores": ("errors",),
    "search": ("errors", "labeled_set", "prompts", "runs", "scores"),
    "tuning": ("errors", "labeled_set", "prompts", "runs", "scores"),
    "decision": ("errors", "labeled_set", "prompts", "runs", "scores", "tuning"),
    "embedded": ("errors",),
}
NETWORK = ("openai", "httpx2", "httpx", "requests", "urllib.request", "urllib3", "aiohttp", "http.client", "socket")
WIDGETS = ("ipywidgets", "IPython")
PICKLE = ("pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal")
EMBEDDED_DOORS = ("runs/endpoint.py", "cli/serve.py")


def imports(source: str, path: str) -> list[tuple[int, str]]:
    """(line, dotted name) of every import in a module at `path` below lib/promptceiling, wherever it stands."""
    package = ["promptceiling", *Path(path).parts[:-1]]
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__"):
                found.append((node.lineno, str(node.args[0].value)))
    return found


def is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def breaches(source: str, path: str) -> list[str]:
    """A sentence for each import of the module that goes through a wall."""
    room = Path(path).parts[0].removesuffix(".py")
    found = []
    for line, name in imports(source, path):
        where = f"lib/promptceiling/{path}, line {line}: "
        parts = name.split(".")
        target = parts[1] if parts[0] == "promptceiling" and len(parts) > 1 else None
        if is_in(name, PICKLE):
            found.append(f"{where}imports {name}; nothing here is pickled, keep JSON instead.")
        if is_in(name, WIDGETS) and room != "panels":
            found.append(f"{where}imports {name}, which belongs under panels/ alone.")
        if is_in(name, NETWORK) and room in ("decision", "scores", "prompts", "labeled_set"):
            found.append(f"{where}imports {name}; {room} works on results, never on a network.")
        if target == "panels" and room not in ("panels", "app", "cli", "results"):
            found.append(f"{where}imports panels, which nothing but app, cli and results.py may use.")
        if target == "embedded" and room != "embedded" and path not in EMBEDDED_DOORS:
            found.append(f"{where}imports embedded, which is reached through the OpenAI protocol; "
                         f"only {' and '.join(EMBEDDED_DOORS)} may.")
        if room in MAY_IMPORT and target not in (None, room, "panels", "embedded", *MAY_IMPORT[room]):
            what = target if target in ROOMS else f"promptceiling.{target} (name the room it comes from)"
            found.append(f"{where}imports {what}; {room} may import {', '.join(MAY_IMPORT[room]) or 'no room'}.")
    return found


@pytest.mark.parametrize("path", sorted(p.relative_to(LIB).as_posix() for p in LIB.rglob("*.py")))
def test_module_stays_within_its_walls(path):
    """A module imports only from rooms before its own, and no network, widget or pickle where none belongs."""
    found = breaches((LIB / path).read_text(encoding="utf-8"), path)

    assert not found, "\n".join(found)


@pytest.mark.parametrize(("path", "source", "said"), [
    ("labeled_set/read.py", "\nfrom promptceiling.prompts import render", "line 2: imports prompts"),
    ("prompts/shots.py", "import promptceiling.runs.answer", "imports runs"),
    ("runs/runner.py", "from ..scores import score", "imports scores"),
    ("scores/interval.py", "from promptceiling.labeled_set import LabeledSet", "imports labeled_set"),
    ("scores/interval.py", "from promptceiling import run_variants", "imports promptceiling.run_variants"),
    ("scores/interval.py", "if True:\n    def f():\n        import promptceiling.tuning", "line 3: imports tuning"),
    ("decision/table.py", "import openai", "imports openai"),
    ("decision/table.py", "from urllib import request", "imports urllib.request"),
    ("decision/table.py", "import httpx2 as h", "imports httpx2"),
    ("decision/memo.py", "from promptceiling.panels import walkthrough", "imports panels"),
    ("tuning/local.py", "from promptceiling.embedded import learner", "imports embedded"),
    ("runs/runner.py", "from promptceiling.embedded import MODEL", "imports embedded"),
    ("runs/workspace.py", "import pickle", "imports pickle"),
    ("runs/workspace.py", "\nimport_module('promptceiling.panels')", "line 2: imports panels"),
    ("scores/charts.py", "import ipywidgets as w", "imports ipywidgets"),
    ("scores/charts.py", "from IPython.display import display", "imports IPython.display"),
    ("errors.py", "from promptceiling.runs import Workspace", "imports runs"),
])
def test_breach_is_told_with_its_file_and_line(path, source, said):
    """A made-up module that goes through a wall is caught, in a sentence with its file and line."""
    found = breaches(source, path)

    assert [sentence for sentence in found if said in sentence and sentence.startswith(f"lib/promptceiling/{path}, ")]


@pytest.mark.parametrize(("path", "source"), [
    ("runs/endpoint.py", "import httpx2, openai\nfrom promptceiling.embedded import MODEL"),
    ("runs/runner.py", "from urllib.parse import urlsplit\nfrom . import answer"),
    ("cli/serve.py", "from promptceiling.panels import launch\nfrom promptceiling.embedded import create_app"),
    ("panels/scores.py", "import ipywidgets\nfrom promptceiling.decision import decide"),
    ("decision/table.py", "from promptceiling.tuning import Comparison\nfrom promptceiling.scores import score"),
])
def test_allowed_imports_are_not_told(path, source):
    """A module that keeps to the rooms before its own is left in peace."""
    assert breaches(source, path) == []
