"""Whether this process may only show: no workspace is then written and no endpoint asked, whatever a notebook says."""

from __future__ import annotations

import os

READ_ONLY_VARIABLE = "PROMPTCEILING_READ_ONLY"
WHY = "This page only shows: it writes nothing, asks nothing and spends nothing."


def only_shows() -> bool:
    """Whether the process was started to show only, as the app's are; nothing in a page can change it."""
    return _ONLY_SHOWS


_ONLY_SHOWS = bool(os.environ.get(READ_ONLY_VARIABLE))
