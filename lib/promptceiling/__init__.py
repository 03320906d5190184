"""Measure your prompt's ceiling before you pay for a fine-tune."""

from promptceiling.errors import EndpointError, InputError, PromptCeilingError, TuningError, WorkspaceError
from promptceiling.evaluate import evaluate_classifier
from promptceiling.results import compare, leaderboard, plateau

__all__ = [
    "EndpointError",
    "InputError",
    "PromptCeilingError",
    "TuningError",
    "WorkspaceError",
    "compare",
    "evaluate_classifier",
    "leaderboard",
    "plateau",
]
