"""In a page that only shows: where a cell cannot go on, its reason stands there as a sentence, and the page goes on."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from promptceiling.errors import PromptCeilingError
from promptceiling.panels.markup import notice, page, style


def say_errors() -> None:
    """From now on, show an error of ours as a notice in the page, and what rests on it as not shown. Outside of a
    notebook this does nothing."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((PromptCeilingError, NameError), _show)


def _show(shell: Any, kind: type[BaseException], error: BaseException, traceback: Any, tb_offset: Any = None) -> None:
    from IPython.display import display

    said = notice(f"Not shown: it needs {error.name}, which a cell above did not make.", "note") \
        if isinstance(error, NameError) else notice(str(error))
    display(widgets.HTML(str(page(style(), said))))  # type: ignore[no-untyped-call]
