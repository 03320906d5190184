"""The headless door: `main`, with one module for each kind of command."""

from promptceiling.cli import check, decide, run, score, serve
from promptceiling.cli.group import main

__all__ = ["check", "decide", "main", "run", "score", "serve"]
