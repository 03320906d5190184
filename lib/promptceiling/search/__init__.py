"""Search for the best prompt within a budget, and the noise that a score has of its own."""

from promptceiling.search.floors import NoiseFloors, noise_floors
from promptceiling.search.race import ALPHA, beaten
from promptceiling.search.result import SearchProgress, SearchResult, Tried
from promptceiling.search.search import search_prompts
from promptceiling.search.space import SearchSpace

__all__ = [
    "ALPHA",
    "NoiseFloors",
    "SearchProgress",
    "SearchResult",
    "SearchSpace",
    "Tried",
    "beaten",
    "noise_floors",
    "search_prompts",
]
