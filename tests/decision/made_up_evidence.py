"""Evidence built by hand: a plain case that each test changes in the one thing that it is about."""

import math
from dataclasses import replace

from promptceiling.decision import Alternative, Assumptions, Evidence, Opening, Scored, TokenUse
from promptceiling.runs import Price
from promptceiling.scores import ClassScore, Comparison, Interval, Plateau, Score
from promptceiling.scores.compare import worth_of

LABELS = ("access", "billing")
PRICES = {"m": Price("m", 1.0, 0.1, 5.0, "2026-11-23", "made up"),
          "gpt-6-luna": Price("gpt-6-luna", 0.1, 0.01, 0.5, "2026-11-23", "made up")}


def around(value, half, n=400):
    """The interval value ± half."""
    return Interval(value, value - half, value + half, n)


def score(f1, *, n=400, failed=0, constant=0.4):
    """A score with this weighted F1 (an interval), `failed` of `n` completions without an answer."""
    scored = n - failed
    outcomes = {"answered": scored, "failed": failed} if failed else {"answered": n}
    each = tuple(ClassScore(label, f1, f1, f1, scored // 2) for label in LABELS)
    return Score(n=n, scored=scored, units=scored, outcomes=outcomes, f1_weighted=f1, f1_macro=f1, accuracy=f1,
                 f1_weighted_failed_wrong=f1, constant_label="billing", constant_f1=constant, per_class=each)


def tokens(fresh=800.0, cached=0.0, output=50.0, *, half=0.0, n=400):
    """Tokens a request, each ± half."""
    return TokenUse(around(fresh, half, n), around(cached, half if cached else 0.0, n), around(output, half, n))


def prompt(f1=around(0.7, 0.03), *, name="5 shots", p95=around(20.0, 5.0, 100), use="plain", model="m", **about):  # noqa: B008
    """A scored prompt variant."""
    return Scored(name=name, kind="shots", model=model, base_url="http://127.0.0.1:1/v1", fingerprint=f"f-{name}",
                  first_run_at="2026-11-23T10:00:00.000+00:00", score=score(f1, **about),
                  delta_to_best=around(0.0, 0.0), tied=True, best_share=1.0,
                  tokens=tokens() if use == "plain" else use, p95_ms=p95)


def alternative(kind, delta, *, comparable=True, n=400, labels_needed=None):
    """A fine-tune or local classifier that differs from the prompt by `delta` (an interval)."""
    compared = Comparison(
        n=n, left_out=0, delta_f1_weighted=delta, delta_accuracy=delta, only_a=10, only_b=20, mcnemar_p=0.1,
        margins=(0.05, 0.08), share_at_least=((0.05, 0.5), (0.08, 0.2)), worth=worth_of(delta),
        labels_needed=labels_needed)
    return Alternative(kind=kind, name=kind, model="ft:m", split="test", f1_weighted=around(0.7 + delta.value, 0.03, n),
                       prompt_f1_weighted=around(0.7, 0.03, n), comparison=compared, comparable=comparable, tokens=None,
                       p95_ms=None)


def plateau(state, *, best=0.7, labels_needed=None):
    """A history in this state: by default six iterations of four kinds whose last three gained half a point.

    A half width h asks for 400 (h / 0.015)^2 cases in all, so h follows from `labels_needed`;
    without a number it is so wide that none is realistic.
    """
    value, high = {"confirmed": (0.005, 0.01), "still climbing": (0.05, 0.06)}.get(state, (0.005, 0.2))
    if labels_needed:
        high = 0.005 + 0.015 * ((labels_needed - 5 + 400) / 400) ** 0.5
    names = "abcd" if state == "too few iterations" else "abcdef"
    kinds = ("shots",) if state == "one kind only" else ("instructions", "shots", "selection", "output")
    climb = (0.5, 0.6, 0.65, best, best, best)[: len(names)]
    return Plateau(state=state, iterations=tuple(names), best_so_far=climb, kinds=kinds,
                   gain=Interval(value, 0.0, high, 400), limit=0.02, labels_needed=labels_needed)


def evidence(**changes):
    """1,000 labels, one prompt at 0.70 ± 0.03, fast and cheap, still climbing; nothing else was measured.

    `f1`, `p95`, `use`, `failed`, `constant` change the prompt; every other name is a field of Evidence.
    """
    of_prompt = {k: changes.pop(k) for k in ("f1", "p95", "use", "failed", "constant", "model") if k in changes}
    plain = Evidence(
        name="made", set_key="k", content_hash="h", labels=1000, classes={"access": 400, "billing": 600},
        splits={"train": 200, "validation": 400, "test": 400}, second_reading=None, prompts=(prompt(**of_prompt),),
        selection_corrected=None, test_f1=None, plateau=plateau("still climbing"), label_names=LABELS,
        confusion=((150, 50, 0), (70, 130, 0)), alternatives=(),
        openings=(Opening("2026-11-23T11:00:00.000+00:00", "5 shots", "m", "r1"),), embedded=False)
    return replace(plain, **changes)


def nothing_run(**changes):
    """Evidence before the first run."""
    return evidence(prompts=(), plateau=None, confusion=(), openings=(), **changes)


TUNED_WELL, TUNED_IN_VAIN = alternative("fine-tune", around(0.12, 0.03)), alternative("fine-tune", around(0.01, 0.02))
LOCAL_WELL, LOCAL_ALIKE = alternative("local", around(0.12, 0.03)), alternative("local", around(0.0, 0.02))
GOOD, SLOW = around(0.9, 0.02), around(500.0, 50.0, 100)
DEAR = tokens(40_000.0, 0.0, 4_000.0)  # $60 per 1,000 requests at the prices above: $6,000 at the default volume
OPEN = Interval(40.0, 30.0, math.inf, 40)
DEFAULTS = Assumptions()
