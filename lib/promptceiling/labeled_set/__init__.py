"""Room 1: the labeled set, read, audited and split."""

from promptceiling.labeled_set.audit import Finding, audit
from promptceiling.labeled_set.labeled_set import LabeledSet, Notice
from promptceiling.labeled_set.near_duplicates import near_duplicate_clusters, near_duplicate_pairs
from promptceiling.labeled_set.read import data_file, read_labeled_set
from promptceiling.labeled_set.split import SHARES, SPLITS, split_labeled_set

__all__ = [
    "SHARES",
    "SPLITS",
    "Finding",
    "LabeledSet",
    "Notice",
    "audit",
    "data_file",
    "near_duplicate_clusters",
    "near_duplicate_pairs",
    "read_labeled_set",
    "split_labeled_set",
]
