"""The views: the only place with ipywidgets. Each shows a frozen state and changes nothing by itself."""

from promptceiling.panels.walkthrough import Walkthrough, open_walkthrough

__all__ = ["Walkthrough", "open_walkthrough"]
