"""Small made-up labeled sets, and where the real ones lie."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from promptceiling.labeled_set import LabeledSet, read_labeled_set

DATASETS = Path(__file__).parents[1] / "../shared/datasets"

WORDS = {
    "billing": ("invoice", "refund", "charge", "card", "payment", "vat", "receipt", "price"),
    "access": ("login", "password", "locked", "token", "session", "account", "signin", "sso"),
    "export": ("csv", "download", "export", "column", "archive", "backup", "import", "file"),
}


def made_cases(n: int, *, seed: int = 0, labels: tuple[str, ...] = tuple(WORDS)) -> list[dict[str, str]]:
    """`n` cases whose texts are twelve words drawn from their class: none is a near-duplicate of another."""
    rng = np.random.default_rng(seed)
    cases = []
    for k in range(n):
        label = labels[k % len(labels)]
        words = [f"{rng.choice(WORDS[label])}{rng.integers(10_000)}" for _ in range(12)]
        cases.append({"id": f"c{k:04}", "input": " ".join(words), "expected_category": label})
    return cases


def made_set(cases: list[dict[str, str]], name: str = "made") -> LabeledSet:
    """A labeled set of these cases, as if read from a file that held them in this order."""
    frame = pd.DataFrame(cases, dtype="str")
    frame.insert(1, "row", range(1, len(cases) + 1))
    return LabeledSet(name, frame)


def written(path: Path, cases: list[dict[str, str]]) -> Path:
    """The path, once the cases are written there as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(cases[0]))
        writer.writeheader()
        writer.writerows(cases)
    return path


def real_set(name: str) -> LabeledSet:
    """One of the public sets, such as "askubuntu_test"; skips the test where they are not beside the checkout."""
    path = DATASETS / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"The public set {name} is not beside this checkout ({DATASETS}).")
    return read_labeled_set(path)
