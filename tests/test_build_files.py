"""The files around the library: Makefile, lock, conda environment, what git carries, and the run of the checks."""

import os
import re
import shutil
import signal
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUNTIME = [Requirement(line) for line in PROJECT["dependencies"]]
TEST = [Requirement(line) for line in PROJECT["optional-dependencies"]["test"]]
LOCK = (ROOT / "requirements.lock").read_text()


def floor(requirement: Requirement) -> str:
    """The requirement's only bound, a lower one, as `>=1.2`."""
    (bound,) = requirement.specifier
    assert bound.operator == ">=", f"{requirement} has no lower bound"
    return str(bound)


# --- git


def git(*arguments: str) -> list[str]:
    if not shutil.which("git") or subprocess.run(["git", "rev-parse"], cwd=ROOT, capture_output=True).returncode:
        pytest.skip("this is not a git checkout, so there is nothing to ask git about")
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_package_is_tracked() -> None:
    """The package under lib/ is in git, although the usual Python ignore file leaves lib/ out."""
    assert "lib/promptceiling/__init__.py" in git("ls-files", "lib")


def test_no_source_is_ignored() -> None:
    """No ignore rule hides a file of the library, the data, the notebooks or the tests."""
    hidden = git("ls-files", "--others", "--ignored", "--exclude-standard", "lib", "data", "notebooks", "tests")
    left_behind = ("__pycache__/", ".ipynb_checkpoints/", ".virtual_documents/", ".egg-info/", ".DS_Store", "_cache/")
    assert [path for path in hidden if not any(part in path for part in left_behind)] == []


def test_the_local_environment_is_ignored() -> None:
    """.venv, which make builds, never shows up as a change."""
    assert git("check-ignore", ".venv/bin/python") == [".venv/bin/python"]


# --- pyproject.toml and the lock


@pytest.mark.parametrize("requirement", RUNTIME + TEST, ids=str)
def test_every_dependency_has_a_lower_bound(requirement: Requirement) -> None:
    """A dependency states the oldest release that it is meant to work with, and no upper one."""
    floor(requirement)


@pytest.mark.parametrize(
    ("name", "fixed"),
    [
        ("click", "8.3.3"),  # CVE-2026-7246
        ("jupyter_server", "2.20"),  # CVE-2026-44727
        ("jupyterlab", "4.6.4"),  # CVE-2026-102830, -102831, -102904
        ("pytest", "9.0.3"),  # CVE-2025-71176
        ("python-multipart", "0.0.30"),  # CVE-2026-53537, -53538
        ("starlette", "1.3.1"),  # CVE-2026-54283
    ],
)
def test_lower_bounds_clear_known_advisories(name: str, fixed: str) -> None:
    """The lower bound is not below the first release without the advisory's flaw."""
    (requirement,) = (r for r in RUNTIME + TEST if r.name == name)
    assert Requirement(f"x{floor(requirement)}").specifier.contains(fixed)
    below = ".".join([*fixed.split(".")[:-1], str(int(fixed.split(".")[-1]) - 1)])
    assert not requirement.specifier.contains(below)


def locked() -> list[str]:
    """One string a requirement of the lock: name, version, marker and hashes on one line."""
    return [line for line in LOCK.replace("\\\n", " ").splitlines() if line and not line.lstrip().startswith("#")]


def test_the_lock_pins_every_requirement_with_hashes() -> None:
    """Every line of the lock is one release with the hashes of its files."""
    assert locked()
    for line in locked():
        assert re.match(r"[a-z0-9-]+==[^ ]+ .*--hash=sha256:[0-9a-f]{64}", line), line


def test_the_lock_has_no_address_and_no_path() -> None:
    """The lock installs from whichever index the machine is set to, and names no place on the machine that made it."""
    options = [line for line in locked() if line.startswith("-")]
    places = [line for line in LOCK.splitlines() if re.search(r"://|file:|(^|[\s=])[/~]|@ ", line)]
    assert (options, places) == ([], [])


def test_the_lock_answers_pyproject() -> None:
    """The lock holds every dependency and test tool in a version that pyproject.toml allows; else: make lock."""
    pins: dict[str, list[str]] = {}
    for line in locked():
        name, version = line.split(" ")[0].split("==")
        pins.setdefault(name, []).append(version)
    for requirement in RUNTIME + TEST:
        versions = pins.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not in requirements.lock: run make lock"
        assert all(requirement.specifier.contains(v) for v in versions), f"{requirement} is not met: run make lock"


# --- environment.yml

ENVIRONMENT = ROOT / "environment.yml"
CONDA_NAMES = {"matplotlib": "matplotlib-base"}


def test_conda_brings_every_runtime_dependency() -> None:
    """The conda environment has each runtime dependency with pyproject's bound, from conda-forge or from PyPI."""
    environment = yaml.safe_load(ENVIRONMENT.read_text())
    *conda, from_pypi = environment["dependencies"]
    listed = [line.replace(" ", "") for line in conda + from_pypi["pip"]]
    assert environment["name"] == "promptceiling"
    assert environment["channels"] == ["conda-forge"]
    assert f"python{PROJECT['requires-python']}" in listed
    for requirement in RUNTIME:
        assert f"{CONDA_NAMES.get(requirement.name, requirement.name)}{floor(requirement)}" in listed


def test_conda_installs_the_package_itself() -> None:
    """pip, which is listed for it, installs this checkout, so that the promptceiling command is there."""
    *conda, from_pypi = yaml.safe_load(ENVIRONMENT.read_text())["dependencies"]
    assert "pip" in conda
    assert from_pypi["pip"][-1] == "-e ."


def test_every_conda_dependency_says_what_it_is_for() -> None:
    """Each dependency line ends in a comment."""
    lines = ENVIRONMENT.read_text().split("dependencies:\n")[1].splitlines()
    assert [line for line in lines if not re.search(r"\S  # \S", line)] == []


# --- Makefile


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what `make install` reads, and nothing else."""
    if not shutil.which("make"):
        pytest.skip("there is no make on PATH")
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def environment() -> dict[str, str]:
    """This process's environment without what an outer make hands down."""
    outer = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GNUMAKEFLAGS", "PYTHON", "PORT"}
    return {name: value for name, value in os.environ.items() if name not in outer} | {"LC_ALL": "C"}


def make(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment() | more, capture_output=True, text=True, timeout=60
    )


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def installed(folder: Path, command: str = "") -> Path:
    """Makes `folder` look installed: a stamp newer than what it depends on, and a promptceiling command."""
    program = script(folder / ".venv/bin/promptceiling", command)
    (folder / ".venv/.installed").write_text(f"{folder.resolve()}\n")
    return program


def test_make_alone_lists_the_targets(checkout: Path) -> None:
    """`make` prints each target with a line, and does nothing else."""
    done = make(checkout)
    listed = dict(re.findall(r"^make (\w+) +(\S.*)$", done.stdout, re.MULTILINE))
    assert {"install", "app", "lab", "test", "lint", "bench", "lock"} <= listed.keys()
    assert not (checkout / ".venv").exists()


def test_too_old_a_python_is_one_sentence(checkout: Path) -> None:
    """A Python below 3.11 ends the install with what was found, what is expected and what to do."""
    old = script(checkout / "old-python", "echo 3.9")
    done = make(checkout, "install", f"PYTHON={old}")
    sentence, *rest = done.stderr.splitlines()
    assert done.returncode == 2
    assert f"needs Python 3.11 or newer, but {old} is 3.9" in sentence
    assert "make install PYTHON=" in sentence
    assert all(line.startswith("make: ***") for line in rest)
    assert not (checkout / ".venv").exists()


def test_no_python_at_all_is_one_sentence(checkout: Path) -> None:
    """Without any Python the sentence is the same one."""
    tools = checkout / "tools"
    tools.mkdir()
    for name in ("make", "sh", "cat"):
        (tools / name).symlink_to(shutil.which(name) or name)
    done = make(checkout, "install", PATH=str(tools))
    assert done.returncode == 2
    assert "needs Python 3.11 or newer, but python3 does not run" in done.stderr


def test_the_first_python_that_is_new_enough_is_taken(checkout: Path) -> None:
    """An old python3 and a python3.12 that does not start are passed over for python3.11."""
    tools = checkout / "tools"
    script(tools / "python3", "echo 3.9")
    script(tools / "python3.12", "exit 127")
    for name in ("python3.13", "python3.14"):
        script(tools / name, "echo 2.7")
    script(tools / "python3.11", 'case "$*" in *version*) echo 3.11;; *ensurepip*) exit 1;; esac')
    done = make(checkout, "install", PATH=f"{tools}:{os.environ['PATH']}")
    assert "python3.11 (3.11) comes without the venv module" in done.stderr


def test_a_missing_venv_module_is_one_sentence(checkout: Path) -> None:
    """A Python without venv ends the install with the name of Debian's package."""
    bare = script(checkout / "bare-python", 'case "$*" in *ensurepip*) exit 1;; *) echo 3.11;; esac')
    done = make(checkout, "install", f"PYTHON={bare}")
    sentence, *rest = done.stderr.splitlines()
    assert done.returncode == 2
    assert f"{bare} (3.11) comes without the venv module" in sentence
    assert "apt-get install python3-venv" in sentence
    assert all(line.startswith("make: ***") for line in rest)
    assert not (checkout / ".venv").exists()


def test_an_install_that_fails_is_done_again(checkout: Path) -> None:
    """An install that stops half way leaves no stamp, so the next call builds .venv anew."""
    half = script(
        checkout / "half-python",
        'case "$*" in *version*) echo 3.11;; *"-m venv"*) mkdir -p .venv/bin && echo built >> log\n'
        'printf "#!/bin/sh\\nexit 1\\n" > .venv/bin/python && chmod +x .venv/bin/python;; esac',
    )
    for _ in range(2):
        assert make(checkout, "install", f"PYTHON={half}").returncode == 2
        assert not (checkout / ".venv/.installed").exists()
    assert (checkout / "log").read_text() == "built\nbuilt\n"


def test_a_second_call_starts_at_once(checkout: Path) -> None:
    """With .venv in place no target looks for a Python or calls pip."""
    installed(checkout, 'echo "$@"')
    assert make(checkout, "app", "PYTHON=/nowhere").stdout == "app\n"
    assert make(checkout, "lab", "PYTHON=/nowhere", "PORT=9001").stdout == "lab --port 9001\n"


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_newer_lock_or_project_file_asks_for_an_install(checkout: Path, name: str) -> None:
    """.venv is built again once the lock or pyproject.toml has changed."""
    installed(checkout)
    later = (checkout / ".venv/.installed").stat().st_mtime + 10
    os.utime(checkout / name, (later, later))
    assert "does not run" in make(checkout, "app", "PYTHON=/nowhere").stderr


def test_a_moved_checkout_asks_for_an_install(checkout: Path) -> None:
    """The scripts in .venv name its folder, so a moved checkout does not use the old ones."""
    installed(checkout)
    moved = checkout.rename(checkout.with_name("moved"))
    assert "does not run" in make(moved, "app", "PYTHON=/nowhere").stderr


@pytest.mark.parametrize("target", ["app", "lab"])
def test_ctrl_c_ends_cleanly(checkout: Path, target: str) -> None:
    """Ctrl-C reaches the server, make waits for it to finish, and prints no error of its own."""
    installed(checkout, "trap 'sleep 0.2; echo ended; exit 130' INT; echo ready; while :; do sleep 0.05; done")
    running = subprocess.Popen(
        ["make", target], cwd=checkout, env=environment(), text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        os.killpg(running.pid, signal.SIGINT)
        assert running.communicate(timeout=30)[0] == "ended\n"
    except BaseException:
        os.killpg(running.pid, signal.SIGKILL)
        raise
    assert running.returncode in (0, 130, -signal.SIGINT)


def test_a_server_that_fails_is_a_failure(checkout: Path) -> None:
    """Only the 130 of Ctrl-C passes for a clean end."""
    installed(checkout, "exit 3")
    assert make(checkout, "app").returncode == 2


def test_make_lock_without_uv_is_one_sentence(checkout: Path) -> None:
    """`make lock` names the tool that it needs, and leaves the lock as it is."""
    tools = checkout / "tools"
    tools.mkdir()
    for name in ("make", "sh", "cat"):
        (tools / name).symlink_to(shutil.which(name) or name)
    done = make(checkout, "lock", PATH=str(tools))
    assert done.returncode == 2
    assert "found no uv on PATH: install it (pip install uv)" in done.stderr
    assert (checkout / "requirements.lock").read_text() == LOCK


# --- .ci/run


def test_the_checks_run_as_one_command() -> None:
    """.ci/run is an executable bash script without syntax errors that lints and then tests, with CI=1."""
    path = ROOT / ".ci/run"
    if not path.exists():
        pytest.skip("a source distribution does not carry .ci/run")
    text = path.read_text()
    assert os.access(path, os.X_OK)
    assert subprocess.run(["bash", "-n", path]).returncode == 0
    assert text.index("export CI=1") < text.index("step make lint") < text.index("step make test")
