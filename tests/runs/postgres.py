"""A PostgreSQL server of the tests' own: in a temporary folder, on a unix socket, ended with the session."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "nobody"  # who runs it where the tests run as root, which PostgreSQL refuses


def _binaries() -> Path:
    found = shutil.which("pg_ctl")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").is_file():
            return folder
    pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql).")


@contextmanager
def cluster() -> Iterator[str]:
    """The SQLAlchemy URL of a fresh server's database, for as long as the block runs."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (the extra 'postgresql').")
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="pc-pg-", dir="/tmp"))  # a socket's path must be short
    who = {"user": USER} if os.geteuid() == 0 else {}

    def call(name: str, *arguments: str) -> None:
        done = subprocess.run([binaries / name, *arguments], cwd=folder, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, **who)
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        if who:
            shutil.chown(folder, USER)
        call("initdb", "-D", f"{folder}/data", "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        call("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-w", "-o",
             f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c shared_buffers=16MB -c fsync=off",
             "start")
        try:
            yield f"postgresql+psycopg://tests@/postgres?host={folder}"
        finally:
            call("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
