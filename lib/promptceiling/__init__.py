"""Measure your prompt's ceiling before you pay for a fine-tune."""

from promptceiling.errors import EndpointError, InputError, PromptCeilingError, TuningError, WorkspaceError
from promptceiling.evaluate import evaluate_classifier
from promptceiling.results import compare, leaderboard, plateau
from promptceiling.search import SearchSpace, noise_floors, search_prompts

__all__ = [
    "EndpointError",
    "InputError",
    "PromptCeilingError",
    "SearchSpace",
    "TuningError",
    "WorkspaceError",
    "compare",
    "evaluate_classifier",
    "leaderboard",
    "noise_floors",
    "plateau",
    "search_prompts",
]
