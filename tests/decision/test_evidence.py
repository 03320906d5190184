import math
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from scipy.stats import norm
from tests.decision.made_up_evidence import (
    DEFAULTS,
    LOCAL_WELL,
    OPEN,
    PRICES,
    TUNED_IN_VAIN,
    alternative,
    around,
    evidence,
    nothing_run,
)
from tests.decision.test_verdict import anything

from promptceiling.decision import decide
from promptceiling.decision.evidence import evidence_from_json, evidence_to_json
from promptceiling.scores import Interval, leaderboard_of


@settings(deadline=None)
@given(anything)
def test_evidence_reads_back_from_json(found):
    """Every field comes back equal; figures without a value are compared by their text, since NaN equals nothing."""
    again = evidence_from_json(evidence_to_json(found))

    assert evidence_to_json(again) == evidence_to_json(found)
    assert type(again.prompts) is type(again.alternatives) is tuple


def test_unknown_and_endless_figures_read_back():
    """NaN and infinity stay what they are, and do not become null, text or a failure to read."""
    found = evidence(p95=OPEN, f1=Interval(0.5, math.nan, math.inf, 3), alternatives=(LOCAL_WELL, TUNED_IN_VAIN),
                     test_f1=Interval(math.nan, -math.inf, math.nan, 0))

    again = evidence_from_json(evidence_to_json(found))

    assert again.best.p95_ms.high == math.inf
    assert math.isnan(again.best.score.f1_weighted.low)
    assert again.best.score.f1_weighted.high == math.inf
    assert again.test_f1.low == -math.inf
    assert again.alternatives[0] == found.alternatives[0] or math.isnan(again.alternatives[0].comparison.failed_a)


def test_the_deciding_figure_is_the_test_splits_where_it_was_opened():
    """Validation until then, and nothing before the first run."""
    sealed, opened = around(0.7, 0.03), around(0.68, 0.03)

    assert evidence().f1 == (sealed, "validation")
    assert evidence(test_f1=opened).f1 == (opened, "test")
    assert nothing_run().f1 is None


def test_the_best_alternative_of_a_kind_counts():
    """Of two fine-tunes the one with the higher weighted F1, whatever their order; None where there is none."""
    better = alternative("fine-tune", around(0.1, 0.01))

    assert evidence(alternatives=(TUNED_IN_VAIN, better, LOCAL_WELL)).alternative("fine-tune") is better
    assert evidence(alternatives=(better, TUNED_IN_VAIN)).alternative("fine-tune") is better
    assert evidence().alternative("local") is None


def test_the_best_of_many_is_answered_by_what_is_expected_of_it():
    """0.90 ± 0.03 is above 0.85, but not the 0.87 ± 0.03 that is left once the luck of the choice is taken off."""
    found = evidence(f1=around(0.90, 0.03), selection_corrected=around(0.87, 0.03))
    decision = decide(found, DEFAULTS, PRICES)

    assert found.f1 == (around(0.87, 0.03), "validation")
    assert decide(replace(found, selection_corrected=None), DEFAULTS, PRICES).verdict == "ship the prompt"
    assert (decision.verdict, decision.row("f1").status) == ("undecidable, do this next", "undecidable")
    assert decision.row("f1").remedy.startswith("Score it on the sealed test split, where it was not picked.")
    assert decide(replace(found, test_f1=around(0.90, 0.03)), DEFAULTS, PRICES).verdict == "ship the prompt"


def test_twenty_equal_prompts_at_the_threshold_do_not_ship():
    """20 prompts of a true F1 of 0.85 on 200 cases, in 40 draws: their best is above 0.85 by its own interval in 6 or
    more of them, and by the figure that the decision uses in 3 at most: 2.5% of 40, and two standard errors."""
    rng, labels, above = np.random.default_rng(5), ["a", "b", "c", "d"], [0, 0]
    for _ in range(40):
        truth = rng.integers(0, 4, 200)
        hard = rng.standard_normal(200)
        said = {str(k): [labels[t if right else (t + 1) % 4] for t, right in zip(
            truth, hard + rng.standard_normal(200) < norm.ppf(0.85) * 2**0.5, strict=True)] for k in range(20)}
        board = leaderboard_of([labels[t] for t in truth], said, labels, draws=500)
        own = board.standings[0].f1_weighted
        figure = evidence(f1=own, selection_corrected=board.selection_corrected).f1[0]
        above = [above[0] + (own.low > 0.85), above[1] + (figure.low > 0.85)]

    assert above[0] >= 6
    assert above[1] <= 3
