"""The read-only app: Voila on the walkthrough over a published file, and the demonstration that it shows by default."""

from promptceiling.app.demonstration import demonstration
from promptceiling.app.launch import serve_app

__all__ = ["demonstration", "serve_app"]
