"""The parts that panels are put together from: dropdowns over positions, and boxes in the project's look."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

import ipywidgets as widgets


def dropdown(description: str, width: str = "min(560px, 96%)") -> widgets.Dropdown:
    """One without options yet."""
    return widgets.Dropdown(description=description, layout=widgets.Layout(width=width))


def fill(control: widgets.Dropdown, names: Sequence[str], on_choice: Callable[[object], None]) -> None:
    """Put names in, the first one chosen; no name disables the control. `on_choice` hears of later choices alone."""
    with contextlib.suppress(ValueError):  # raised where it was not observing yet
        control.unobserve(on_choice, names="value")
    control.options = [(name, position) for position, name in enumerate(names)]
    control.value = 0 if names else None
    control.disabled = not names
    control.observe(on_choice, names="value")


def controls(*children: widgets.Widget) -> widgets.VBox:
    """Controls in the project's look, named for screen readers and usable by keyboard."""
    box = widgets.VBox((*children, _mends()))
    box.add_class("pc-controls")
    return box


def _mends() -> widgets.Output:
    """Our own script, which gives ipywidgets the names, roles and keys that it lacks; it shows nothing."""
    script = (Path(__file__).parent / "mends.js").read_text(encoding="utf-8")
    output = widgets.Output(outputs=(
        {"output_type": "display_data", "data": {"application/javascript": script}, "metadata": {}},))
    output.add_class("pc-mends")
    return output


def panel(*children: widgets.Widget) -> widgets.VBox:
    """Parts of a panel, one below the other, as wide as the page."""
    box = widgets.VBox(children)
    box.add_class("pc-walkthrough")
    return box
