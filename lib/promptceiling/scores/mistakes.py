"""Errors that a person can act on: confused pairs, cases all variants miss, answers that change between repeats."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptceiling.errors import InputError
from promptceiling.scores.interval import NOTHING, Interval, wilson


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """`predicted` (None: no label of the set) where `expected` was right.

    count: cases; share: of the cases that expect `expected`, with Wilson's interval; positions: which cases.
    """

    expected: str
    predicted: str | None
    count: int
    share: Interval
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MissedByAll:
    """A case that no variant gets right; often its label is the error.

    position: of the case; answer: the commonest answer (None: no label); agree: variants that gave it, of `variants`.
    """

    position: int
    expected: str
    answer: str | None
    agree: int
    variants: int


@dataclass(frozen=True, slots=True)
class Flip:
    """A case whose answer changes between repeats: its answers with how often each came, commonest first."""

    case: object
    answers: tuple[tuple[str | None, int], ...]


@dataclass(frozen=True, slots=True)
class Flips:
    """Cases that were asked more than once, and those of them that flipped.

    share: flipped of asked, with Wilson's interval; correctness: of those asked, the share that was right in some
    repeats and wrong in others.
    """

    share: Interval
    correctness: Interval
    flips: tuple[Flip, ...]


def confused_pairs(
    expected: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str], *, most: int | None = None
) -> tuple[ConfusedPair, ...]:
    """Wrong answers by expected and predicted label, commonest first, then in the order of the labels.

    >>> [(p.expected, p.predicted, p.count) for p in confused_pairs(["a", "a", "b"], ["b", "b", None], ["a", "b"])]
    [('a', 'b', 2), ('b', None, 1)]
    """
    _same_length(expected, predicted)
    place: dict[str | None, int] = {label: k for k, label in enumerate(labels)}
    found: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    for position, (right, said) in enumerate(zip(expected, predicted, strict=True)):
        if said != right:
            found[right, said if said in place else None].append(position)
    support = Counter(expected)
    ranked = sorted(found, key=lambda pair: (-len(found[pair]), place.get(pair[0], -1), place.get(pair[1], len(place))))
    return tuple(
        ConfusedPair(right, said, len(found[right, said]), wilson(len(found[right, said]), support[right]),
                     tuple(found[right, said]))
        for right, said in ranked[:most])


def missed_by_all(
    expected: Sequence[str], predictions: Mapping[str, Sequence[str | None]]
) -> tuple[MissedByAll, ...]:
    """Cases that every variant gets wrong, those first on which most variants agree. No variant misses nothing.

    >>> missed_by_all(["a", "b"], {"x": ["b", "b"], "y": ["b", None]})[0].answer
    'b'
    """
    for answers in predictions.values():
        _same_length(expected, answers)
    found = []
    for position, right in enumerate(expected):
        answers = [said[position] for said in predictions.values()]
        if answers and right not in answers:
            answer, agree = Counter(answers).most_common(1)[0]
            found.append(MissedByAll(position, right, answer, agree, len(answers)))
    return tuple(sorted(found, key=lambda case: (-case.agree, case.position)))


def flips_between(
    cases: Sequence[object], expected: Sequence[str], predicted: Sequence[str | None]
) -> Flips:
    """Cases whose answers differ between repeats; `cases` names the case of each completion.

    Cases with one completion are not counted; with none asked twice, shares are NaN.

    >>> flips_between([1, 1, 2, 2], ["a"] * 4, ["a", "b", "a", "a"]).share.value
    0.5
    """
    _same_length(cases, expected)
    _same_length(cases, predicted)
    answers: dict[object, list[str | None]] = defaultdict(list)
    hits: dict[object, list[bool]] = defaultdict(list)
    for case, right, said in zip(cases, expected, predicted, strict=True):
        answers[case].append(said)
        hits[case].append(said == right)
    repeated = [case for case, given in answers.items() if len(given) > 1]
    if not repeated:
        return Flips(NOTHING, NOTHING, ())
    flipped = [case for case in repeated if len(set(answers[case])) > 1]
    return Flips(
        wilson(len(flipped), len(repeated)), wilson(sum(len(set(hits[case])) > 1 for case in repeated), len(repeated)),
        tuple(Flip(case, tuple(Counter(answers[case]).most_common())) for case in flipped))


def _same_length(one: Sequence[object], other: Sequence[object]) -> None:
    if len(one) != len(other):
        raise InputError(f"Answers must fit the cases one by one: {len(one)} and {len(other)} were given.")
