"""Room 2: prompt variants, their shots, the messages they become, and reading what comes back."""

from promptceiling.prompts.lineage import changed, hard_variant, kind_of_change
from promptceiling.prompts.reading import OUTCOMES, Outcome, Reading, read_completion
from promptceiling.prompts.render import Rendered, Shot, render
from promptceiling.prompts.shots import ShotPicker
from promptceiling.prompts.variant import Field, PromptVariant, fields_of, standard_variants
from promptceiling.prompts.variants_file import read_variants

__all__ = [
    "OUTCOMES",
    "Field",
    "Outcome",
    "PromptVariant",
    "Reading",
    "Rendered",
    "Shot",
    "ShotPicker",
    "changed",
    "fields_of",
    "hard_variant",
    "kind_of_change",
    "read_completion",
    "read_variants",
    "render",
    "standard_variants",
]
