"""What should have been done before a fine-tune is even considered, ticked by evidence and not by hand."""

from __future__ import annotations

from dataclasses import dataclass

from promptceiling.decision.conditions import LEAST_CASES
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.precedence import other_models
from promptceiling.decision.words import of_kind
from promptceiling.scores.plateau import ITERATIONS, KINDS


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that comes first: what it is, whether the evidence shows it, and how that is known or what is left."""

    name: str
    done: bool
    because: str


def checklist_of(evidence: Evidence) -> tuple[Item, ...]:
    """The four things that come first: labeled set, baseline, systematic iteration, another base model."""
    return (_labeled(evidence), _baseline(evidence), _iterations(evidence), _other(evidence))


def _labeled(evidence: Evidence) -> Item:
    name, scored = "A labeled evaluation set", evidence.kept_apart
    if evidence.leaking:
        return Item(
            name, False, f"{evidence.leaking:,} of {scored:,} scored cases nearly repeat a train case: part them.")
    kept = f"{scored:,} of {evidence.labels:,} labeled cases are kept apart for scoring"
    return Item(name, scored >= LEAST_CASES, f"{kept}.", ) if scored >= LEAST_CASES else Item(
        name, False, f"{kept}; at least {LEAST_CASES} are needed.")


def _baseline(evidence: Evidence) -> Item:
    name = "A measured baseline"
    whole = [s for s in evidence.prompts if s.score.complete]
    first = min(whole, key=lambda s: s.first_run_at, default=None)
    if first is None:
        return Item(name, False, "No prompt was scored in full: run one.")
    f1 = first.score.f1_weighted
    return Item(name, True, f"{first.name}: weighted F1 {f1.value:.2f} [{f1.low:.2f}, {f1.high:.2f}] on {f1.n} cases, "
                            f"on {first.first_run_at[:10]}.")


def _iterations(evidence: Evidence) -> Item:
    name, plateau = "Systematic iteration over prompt variants", evidence.plateau
    count = len(plateau.iterations) if plateau else 0
    kinds = len(plateau.kinds) if plateau else 0
    done = f"{of_kind(count, 'variant')} of {of_kind(kinds, 'kind')} {'was' if count == 1 else 'were'} scored"
    if count >= ITERATIONS and kinds >= KINDS:
        return Item(name, True, f"{done}.")
    return Item(name, False, f"{done}; at least {ITERATIONS} of {KINDS} kinds are systematic.")


def _other(evidence: Evidence) -> Item:
    name, others = "Another base model on the same set", other_models(evidence)
    if others:
        return Item(name, True, f"Tried: {', '.join(others)}.")
    tried = f"Only {evidence.best.model} was asked" if evidence.best else "No model was asked"
    return Item(name, False, f"{tried}. Run the best prompt on a stronger or a smaller one.")
