"""Start the app: Voila in a process of its own, with an environment that holds nothing but what a page needs."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from promptceiling.app.pages import Page, notebook, pages_of
from promptceiling.errors import PromptCeilingError

PORT = 8866
HOST = "127.0.0.1"
APP_HINT = " (with make: make app PORT=...)"
_ALLOWED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE",
            "APPDATA", "LOCALAPPDATA", "COMSPEC", "PATHEXT")
_PATIENCE_S = 60.0
_ENDS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]  # a closed terminal hangs up


def stripped_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the app's processes may see: an allow-list, and that they only read. No key ever."""
    kept = {name: environment[name] for name in _ALLOWED if name in environment}
    return kept | {"PROMPTCEILING_READ_ONLY": "1", "PYTHONUNBUFFERED": "1"}


@contextlib.contextmanager
def _home() -> Iterator[None]:
    """A home that can be written to, which Jupyter and matplotlib want: a temporary one where the account has none."""
    before = os.path.expanduser("~")
    if os.access(before, os.W_OK):
        yield
        return
    with TemporaryDirectory(prefix="promptceiling-") as folder:
        os.environ["HOME"] = folder
        try:
            yield
        finally:
            os.environ["HOME"] = before


@_home()
def serve_app(
    published: Sequence[Path], *, host: str = HOST, port: int = PORT, base_url: str = "/", token: str = "",
    tell_token: bool = False, workbook: bool = False, say: Callable[[str], None] = print,
) -> int:
    """Serve the walkthrough over published files until interrupted; the exit status, 130 for Ctrl-C.

    One file is the page itself; several, or `workbook` (notebooks 1 to 5, to read), get a start page that lists them.
    With a `token` nothing is shown without it. `say` hears the address once the server answers, with the token in it
    where `tell_token`. Raises PromptCeilingError for an occupied port, a file that is not published, or a server that
    does not start.
    """
    check_port(host, port, APP_HINT)
    base_url = f"/{base_url.strip('/')}/" if base_url.strip("/") else "/"
    command = [sys.executable, "-m", "promptceiling.app.voila_server"]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, env=stripped_environment(), stdin=subprocess.PIPE, start_new_session=True)
    previous = {number: signal.signal(number, _interrupt) for number in _ENDS}
    try:
        pages = pages_of(published, workbook=workbook)  # while the server imports what it needs
        _tell(process, pages, host, port, base_url, token)
        address = f"http://{host if ':' not in host else f'[{host}]'}:{port}{base_url}"
        _wait(process, address)
        if not token and not _loopback(host):
            say(f"Whoever reaches {host} can read this page: no token is asked for (--token asks).")
        say(f"Prompt Ceiling is at {address}{f'?token={token}' if token and tell_token else ''} "
            "(read-only; Ctrl-C ends it)")
        return process.wait() or 1
    except KeyboardInterrupt:
        say("Ended.")
        return 130
    finally:
        _end(process)
        for number, handler in previous.items():
            signal.signal(number, handler)


def _tell(
    process: subprocess.Popen[bytes], pages: Sequence[Page], host: str, port: int, base_url: str, token: str
) -> None:
    """Hand the server its site. Through a pipe: what is in its environment or arguments, every kernel could read.

    The pipe stays open for as long as this process lives, and the server with it: killed, it leaves no server behind.
    """
    site = {"host": host, "port": port, "base_url": base_url, "token": token,
            "root": str(notebook("walkthrough.ipynb").parent), "pages": [page.told() for page in pages]}
    if process.stdin is None:
        raise AssertionError
    with contextlib.suppress(BrokenPipeError):  # one that ended is found by `_wait`
        process.stdin.write(json.dumps(site).encode() + b"\n")
        process.stdin.flush()


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def check_port(host: str, port: int, hint: str = "") -> None:
    """Raise PromptCeilingError where a port is taken or not allowed; `hint` says how else another one is named."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PromptCeilingError(
                f"Port {port} on {host} cannot be used: {error.strerror}. Name another, such as --port "
                f"{port + 1 if port < 65535 else port - 1}{hint}."
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
    """End the server and its kernels: gently, and after five seconds not. A second Ctrl-C changes nothing."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in _ENDS:
        signal.signal(number, signal.SIG_IGN)
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()
    signal.signal(signal.SIGINT, previous)
