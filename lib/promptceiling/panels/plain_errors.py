"""In a page that only shows: where a cell cannot go on, its reason stands there as a sentence."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from promptceiling.errors import PromptCeilingError
from promptceiling.panels.markup import notice, page, style


def say_errors() -> None:
    """From now on, show an error of ours as a notice in the page. Outside of a notebook this does nothing."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((PromptCeilingError,), _show)


def _show(shell: Any, kind: type[BaseException], error: BaseException, traceback: Any, tb_offset: Any = None) -> None:
    from IPython.display import display

    display(widgets.HTML(str(page(style(), notice(str(error))))))  # type: ignore[no-untyped-call]
