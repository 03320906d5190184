"""Every error that this library raises on purpose, each with a sentence that says where, what, and what to do.

PromptCeilingError
├── InputError        a file or a value cannot be read as what it should be; nothing was changed
├── WorkspaceError    a workspace or a published file cannot be opened, read or written
├── EndpointError     the endpoint can not be used as configured; answers that came before are kept
└── TuningError       a fine-tuning job can not be started or did not finish; its state is kept
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PromptCeilingError(Exception):
    """The root: `str(error)` is one sentence for a person, without a traceback and without a key."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows where a cell raises it: the sentence, and no traceback."""
        return [f"{type(self).__name__}: {self}"]


class InputError(PromptCeilingError):
    """Input that cannot be used.

    Attributes
    ----------
    file: the file's name as the user gave it, or None.
    row: 1-based data row (the header is not counted), or None.
    column: the column's name, or None.
    """

    def __init__(
        self, message: str, *, file: str | None = None, row: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(message)
        self.file = file
        self.row = row
        self.column = column


class WorkspaceError(PromptCeilingError):
    """A workspace or published file that cannot be opened, read or written."""


class EndpointError(PromptCeilingError):
    """An endpoint that cannot be used as configured; no further call is made."""


class TuningError(PromptCeilingError):
    """A fine-tuning job that cannot be started, failed, or was cancelled."""


def meant(word: str, known: Iterable[str]) -> str:
    """The question that goes with a word that is not known, with a space before it; "" where none is near.

    >>> meant("shotz", ["shots", "order"])
    " Did you mean 'shots'?"
    """
    near = get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
