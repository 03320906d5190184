"""What changes of a prompt do: the search within a budget, two variants side by side, and the noise of a score."""

from promptceiling.search.changes import CaseChange, ClassChange, VariantDiff, diff_variants
from promptceiling.search.floors import NoiseFloors, noise_floors
from promptceiling.search.race import ALPHA, beaten
from promptceiling.search.result import SearchProgress, SearchResult, Tried
from promptceiling.search.search import search_prompts
from promptceiling.search.space import SearchSpace

__all__ = [
    "ALPHA",
    "CaseChange",
    "ClassChange",
    "NoiseFloors",
    "SearchProgress",
    "SearchResult",
    "SearchSpace",
    "Tried",
    "VariantDiff",
    "beaten",
    "diff_variants",
    "noise_floors",
    "search_prompts",
]
