"""What the texts of a labeled set give away, and how many of them are different ones, as the audit finds it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from promptceiling.decision.snapshot import kept_text
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.repeats import templates
from promptceiling.labeled_set.texts import leaked_labels
from promptceiling.runs import Workspace

NAME = "texts"  # of the row that a published file keeps it in, since it may hold no texts


@dataclass(frozen=True, slots=True)
class Texts:
    """Findings that a score rests on.

    Attributes
    ----------
    stating: cases whose text states its own label, as in "category: billing".
    scored: validation and test cases; effective: as many, with those of one template counted once.
    parted: groups, such as customers, that stand in more than one split.
    """

    stating: int = 0
    scored: int = 0
    effective: int = 0
    parted: int = 0

    @property
    def own(self) -> float:
        """The share of the scored cases that count for themselves."""
        return self.effective / self.scored if self.scored else 1.0


ADAPTER: TypeAdapter[Texts] = TypeAdapter(Texts)


def texts_of(workspace: Workspace, labeled_set: LabeledSet) -> Texts:
    """What is found in the texts; of a published file, what was found when it was published."""
    kept = kept_text(workspace, NAME)
    if kept is not None:
        return ADAPTER.validate_json(kept)
    cases = labeled_set.cases
    scored = cases[cases["split"] != "train"].reset_index(drop=True)
    stating = [f.figure("share").count for f in leaked_labels(cases) if f.code == "stated_label"]
    effective = [f.figure("effective").count for f in templates(scored)] if len(scored) else []
    groups = cases[cases["group"] != ""].groupby("group")["split"].nunique() if "group" in cases else None
    return Texts(sum(stating), len(scored), sum(effective) if effective else len(scored),
                 0 if groups is None else int((groups > 1).sum()))
