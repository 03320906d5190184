"""Room 1: the labeled set, read, audited and split."""

from promptceiling.labeled_set.audit import Figure, Finding, audit, reliability
from promptceiling.labeled_set.ids import SPLITS
from promptceiling.labeled_set.labeled_set import LabeledSet, Notice
from promptceiling.labeled_set.near_duplicates import near_duplicate_clusters, near_duplicate_pairs
from promptceiling.labeled_set.production import Representativeness, compare_with_production
from promptceiling.labeled_set.read import (
    data_file,
    labeled_set_of,
    labeled_set_of_bytes,
    labeled_set_of_text,
    read_labeled_set,
    read_texts,
    texts_of_bytes,
)
from promptceiling.labeled_set.split import SHARES, split_labeled_set

__all__ = [
    "SHARES",
    "SPLITS",
    "Figure",
    "Finding",
    "LabeledSet",
    "Notice",
    "Representativeness",
    "audit",
    "compare_with_production",
    "data_file",
    "labeled_set_of",
    "labeled_set_of_bytes",
    "labeled_set_of_text",
    "near_duplicate_clusters",
    "near_duplicate_pairs",
    "read_labeled_set",
    "read_texts",
    "reliability",
    "split_labeled_set",
    "texts_of_bytes",
]
