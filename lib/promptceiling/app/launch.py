"""Start the app: Voila in a process of its own, with an environment that holds nothing but what a page needs."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from promptceiling.decision import read_published
from promptceiling.errors import PromptCeilingError

PORT = 8866
HOST = "127.0.0.1"
_ALLOWED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE",
            "APPDATA", "LOCALAPPDATA", "COMSPEC", "PATHEXT")
_PATIENCE_S = 60.0


def notebook(name: str) -> Path:
    """The path of a notebook that comes with the project. Raises PromptCeilingError where it is missing."""
    here = Path(__file__).resolve()
    for root in (here.parents[3] / "notebooks", here.parents[1] / "notebooks"):
        if (root / name).is_file():
            return root / name
    raise PromptCeilingError(f"The notebook {name} is missing; restore it from the repository.")


def stripped_environment(published: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the app's processes may see: an allow-list, and where the published file is. No key ever."""
    kept = {name: environment[name] for name in _ALLOWED if name in environment}
    return kept | {"PROMPTCEILING_PUBLISHED": str(published.resolve()), "PYTHONUNBUFFERED": "1"}


def serve_app(published: Path, *, host: str = HOST, port: int = PORT, say: Callable[[str], None] = print) -> int:
    """Serve the walkthrough over a published file until interrupted; the exit status, 130 for Ctrl-C.

    `say` hears the address once the server answers. Raises PromptCeilingError for an occupied port, a file that is not
    published, or a server that does not start.
    """
    read_published(published)
    check_port(host, port)
    page = str(notebook("walkthrough.ipynb"))
    command = [sys.executable, "-m", "promptceiling.app.voila_server", page, host, str(port)]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, env=stripped_environment(published), stdin=subprocess.DEVNULL, start_new_session=True)
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        address = f"http://{host if ':' not in host else f'[{host}]'}:{port}/"
        _wait(process, address)
        say(f"Prompt Ceiling is at {address} (read-only; Ctrl-C ends it)")
        return process.wait() or 1
    except KeyboardInterrupt:
        say("Ended.")
        return 130
    finally:
        _end(process)
        signal.signal(signal.SIGTERM, previous)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def check_port(host: str, port: int) -> None:
    """Raise PromptCeilingError where a port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PromptCeilingError(
                f"Port {port} on {host} cannot be used: {error.strerror}. Choose another with --port "
                f"(make app PORT={port + 1})."
            ) from None


def _wait(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise PromptCeilingError(f"The server ended at once with status {process.returncode}; its lines are above.")
        try:
            with urllib.request.urlopen(f"{address}voila/static/voila.js", timeout=5):  # noqa: S310 - our own address
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise PromptCeilingError(f"The server did not answer at {address} within {_PATIENCE_S:g} s.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and its kernels: gently, and after five seconds not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
