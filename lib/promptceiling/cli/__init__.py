"""The headless door: `main`, with one module for each kind of command."""

from promptceiling.cli import check, decide, endpoint, export, run, score, search, serve
from promptceiling.cli.group import main

__all__ = ["check", "decide", "endpoint", "export", "main", "run", "score", "search", "serve"]
