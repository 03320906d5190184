"""Everything that a decision rests on, as one frozen object: figures with intervals and n, and where they came from."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from promptceiling.decision.alternatives import Alternative
from promptceiling.decision.answers import PART_ASKED
from promptceiling.decision.earlier import Earlier, Opening
from promptceiling.decision.readiness import Readiness
from promptceiling.decision.texts import Texts
from promptceiling.decision.usage import TokenUse
from promptceiling.decision.words import of_kind
from promptceiling.scores import Interval, Plateau, Score, Slice


@dataclass(frozen=True, slots=True)
class Scored:
    """A variant, or an alternative, as it was scored on the validation split.

    Attributes
    ----------
    name, kind, model, base_url: what it is and what answered.
    first_run_at: when it was first scored; iterations are in this order.
    score: all metrics with intervals; `delta_to_best`, `tied`, `best_share`: its standing among the prompts (None for
        an alternative).
    tokens: per request, None where the server gave no usage.
    p95_ms: latency measured apart, None where it was not.
    requests_per_s: answers a second of its run, several at a time; None where it cannot be told from the answers.
    output: how it was asked to answer: "json_schema", "json", "label", "decisions".
    cases: validation cases that it was asked; 0 in files of before they were counted.
    """

    name: str
    kind: str
    model: str
    base_url: str
    fingerprint: str
    first_run_at: str
    score: Score
    delta_to_best: Interval | None
    tied: bool | None
    best_share: float | None
    tokens: TokenUse | None
    p95_ms: Interval | None
    requests_per_s: Interval | None = None
    output: str = ""
    cases: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one task.

    Attributes
    ----------
    name, set_key, content_hash: the labeled set.
    labels: its labeled cases; classes: label -> cases; splits: split -> cases.
    second_reading: share of cases that a second reader labeled alike, None without one.
    prompts: by weighted F1 on validation, best first; empty where nothing has run.
    selection_corrected: the winner's weighted F1 corrected for having been picked, see `f1`.
    test_f1: the best prompt's weighted F1 on the sealed test split, None while sealed or too incomplete to count (over
        5% not asked or failed).
    confusion: counts `[expected][predicted]` of the best prompt on validation, over `label_names` and "no label".
    alternatives: local classifiers and fine-tunes, where measured.
    readiness: whether the labels carry a fine-tune; None in files of before it was asked.
    slices: the best prompt's accuracy by slices of the validation cases, see `slices_of`.
    missed_by_all: share of the cases that every complete prompt was asked which all of them get wrong.
    leaking: cases of validation and test that nearly repeat a train case.
    shutdown_dates: model -> day on which it ends, as its endpoint said.
    openings: the ledger, with what other versions of the set opened of its cases.
    earlier: what was scored of the task in other versions of the set.
    texts: what the texts give away, and how many of them are different ones.
    """

    name: str
    set_key: str
    content_hash: str
    labels: int
    classes: Mapping[str, int]
    splits: Mapping[str, int]
    second_reading: Interval | None
    prompts: tuple[Scored, ...]
    selection_corrected: Interval | None
    test_f1: Interval | None
    plateau: Plateau | None
    label_names: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    alternatives: tuple[Alternative, ...]
    openings: tuple[Opening, ...]
    embedded: bool
    readiness: Readiness | None = None
    leaking: int = 0
    shutdown_dates: Mapping[str, str] = field(default_factory=dict)
    slices: tuple[Slice, ...] = ()
    missed_by_all: Interval | None = None
    earlier: Earlier = field(default_factory=Earlier)
    texts: Texts = field(default_factory=Texts)

    @property
    def best(self) -> Scored | None:
        """The prompt with the highest weighted F1 on validation."""
        return self.prompts[0] if self.prompts else None

    @property
    def f1(self) -> tuple[Interval, str] | None:
        """The figure that the decision uses, and its split: the test split's where it was opened, else validation's.

        That of validation is the lower, at each end, of the winner's own and the one corrected for having picked it:
        of 20 equal prompts at the threshold itself the best has its own interval above it in 20 to 40% of draws.
        """
        if self.test_f1 is not None:
            return self.test_f1, "test"
        if self.best is None:
            return None
        own, corrected = self.best.score.f1_weighted, self.selection_corrected
        if corrected is None or math.isnan(corrected.low):
            return own, "validation"
        return Interval(min(own.value, corrected.value), min(own.low, corrected.low), min(own.high, corrected.high),
                        min(own.n, corrected.n)), "validation"

    @property
    def asked_in_full(self) -> bool:
        """Whether the best prompt was asked nearly all validation cases: a part of them may be the easy ones."""
        return self.best is None or not 0 < self.best.cases < PART_ASKED * self.splits.get("validation", 0)

    @property
    def kept_apart(self) -> int:
        """The cases of validation and test."""
        return self.splits.get("validation", 0) + self.splits.get("test", 0)

    @property
    def rests_on(self) -> str:
        """What a decision rests on, in a sentence: labels, variants, alternatives, openings of the sealed split."""
        tested, models = len(self.openings), " and ".join(dict.fromkeys(s.model for s in self.prompts))
        return (f"{self.labels:,} labeled cases, {of_kind(len(self.prompts), 'prompt variant')}"
                f"{f' on {models}' if models else ''}, {of_kind(len(self.alternatives), 'alternative')}; the sealed "
                f"test split was opened {of_kind(tested, 'time')}.")

    def alternative(self, kind: str) -> Alternative | None:
        """The best measured alternative of a kind, by weighted F1."""
        found = [a for a in self.alternatives if a.kind == kind]
        return max(found, key=lambda a: a.f1_weighted.value, default=None)


_ADAPTER: TypeAdapter[Evidence] = TypeAdapter(Evidence)


def evidence_to_json(evidence: Evidence) -> str:
    """JSON text; NaN and infinities as Python's json writes them."""
    return json.dumps(_ADAPTER.dump_python(evidence), sort_keys=True)


def evidence_from_json(text: str) -> Evidence:
    """The evidence in JSON text that `evidence_to_json` wrote."""
    return _ADAPTER.validate_python(json.loads(text))
