"""Whether this process may only show: no workspace is then written and no endpoint asked, whatever a notebook says."""

from __future__ import annotations

import errno
import os
import socket
import sys
import tempfile
from typing import Any

READ_ONLY_VARIABLE = "PROMPTCEILING_READ_ONLY"
WHY = "This page only shows: it writes nothing, asks nothing and spends nothing."

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.rename": 2, "os.link": 2, "os.symlink": 2} | dict.fromkeys(
    ("os.mkdir", "os.rmdir", "os.remove", "os.truncate", "os.chmod", "os.chown", "os.utime"), 1)  # event -> its paths

_REMOVALS = ("os.remove", "os.rmdir")  # they tell the open folder that their path is relative to, or -1


def only_shows() -> bool:
    """Whether the process was started to show only, as the app's are; nothing in a page can change it."""
    return _ONLY_SHOWS


def forbid_writing() -> None:
    """Where the process only shows, make Python refuse from now on to change a file, open a database to be written, or
    connect to a host, whoever calls: the wall behind the panels' own refusals. It cannot be taken back.

    Left out are the temporary folder, and what native code does without Python.
    """
    if only_shows():
        sys.addaudithook(_Wall())


class _Wall:
    """An audit hook that raises OSError, with `WHY`, before a change is made."""

    def __init__(self) -> None:
        self._free = os.path.realpath(tempfile.gettempdir()) + os.sep

    def __call__(self, event: str, told: tuple[Any, ...]) -> None:
        if event == "open":
            refused = bool(told[2] & _WRITES) and not self._may_change(told[0])
        elif event in _CHANGES:
            refused = not all(map(self._may_change, _within(told[1], told[:1]) if event in _REMOVALS
                                  else told[:_CHANGES[event]]))
        elif event == "sqlite3.connect":
            refused = not ("mode=ro" in (name := os.fsdecode(told[0])) or name == ":memory:" or self._may_change(name))
        elif event == "socket.connect":
            refused = told[0].family in (socket.AF_INET, socket.AF_INET6)
        else:
            return
        if refused:
            raise OSError(errno.EROFS, WHY, str(told[0]))

    def _may_change(self, path: Any) -> bool:
        if isinstance(path, int):  # open already
            return True
        name = os.fsdecode(path).removeprefix("file://")
        return name == os.devnull or (os.path.realpath(name) + os.sep).startswith(self._free)


def _within(folder: int, paths: tuple[Any, ...]) -> tuple[Any, ...]:
    """Paths that are relative to an open folder, as when a temporary one is emptied; -1 is none."""
    if folder == -1:
        return paths
    if sys.platform == "darwin":
        import fcntl

        name = os.fsdecode(fcntl.fcntl(folder, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    else:
        name = os.readlink(f"/proc/self/fd/{folder}")
    return tuple(os.path.join(name, os.fsdecode(path)) for path in paths)


_ONLY_SHOWS = bool(os.environ.get(READ_ONLY_VARIABLE))
