import math

from hypothesis import given, settings
from tests.decision.made_up_evidence import LOCAL_WELL, OPEN, TUNED_IN_VAIN, alternative, around, evidence, nothing_run
from tests.decision.test_verdict import anything

from promptceiling.decision.evidence import evidence_from_json, evidence_to_json
from promptceiling.scores import Interval


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
