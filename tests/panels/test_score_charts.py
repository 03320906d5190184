"""The charts of scores."""

from tests.decision.made_up_evidence import around
from tests.panels.made_up import DRAWN, HOSTILE, IMAGE, Page

from promptceiling.panels.score_charts import class_chart, latency_chart, learning_chart, reliability_chart, risk_chart
from promptceiling.scores import ClassScore, calibration_of, learning_curve

STATED = calibration_of([True, True, False, True] * 20, [0.9, 0.8, 0.4, 0.6] * 20)
CLIMB = learning_curve({k: [0.9 - k**-0.5] * 5 for k in (25, 50, 100, 200)})


def told(drawn):
    """The text alternative, which is printed below the drawing too."""
    page = Page(drawn)
    (label,) = {attrs["aria-label"] for tag, attrs in page.elements if tag == "svg"}
    assert page.words.endswith(label)
    return label


def test_reliability_tells_each_bin_with_interval_and_count():
    """Four confidences of twenty cases each, right always but for the lowest."""
    said = told(reliability_chart(STATED))

    assert "stated 0.40: right 0.00 [0.00, 0.16], n 20" in said
    assert "stated 0.90: right 1.00 [0.84, 1.00], n 20" in said


def test_risk_is_told_at_half_and_at_all():
    """Half of the answers are without error, all of them have a quarter wrong; both with Wilson's interval and n."""
    assert ("0.00 [0.00, 0.09] where the most confident 50% are, n 40; 0.25 [0.17, 0.35] (dashed) where all are, "
            "n 80.") in told(risk_chart(STATED))


def test_latency_end_that_is_open_is_said_and_marked():
    """Twenty calls are too few for the upper end of p95; p50 and p95 differ by their marks."""
    said = told(latency_chart({"few": [k / 1000 for k in range(1, 21)]}))

    assert "p50 10.0 ms [6.0, 15.0]" in said
    assert "p95 19.0 ms [17.0, open], n 20" in said


def test_labels_are_told_with_interval_and_cases():
    """A label's F1, its interval and its support."""
    assert "billing 0.70 [0.60, 0.80], 30 cases" in told(
        class_chart([ClassScore("billing", *[around(0.7, 0.1)] * 3, 30)]))


def test_learning_curve_is_continued_or_says_why_not():
    """A smooth curve has its next doubling; three sizes have a refusal in words."""
    few = learning_curve({k: [0.5] * 5 for k in (25, 50, 100)})

    assert "Forecast (squares): 400 labels 0.85" in told(learning_chart(CLIMB))
    assert "1,600 labels: 1600 labels are more than 4 times" in told(learning_chart(CLIMB))
    assert told(learning_chart(few)).endswith("No forecast: 3 sizes were tried; a forecast needs 4.")


def test_hostile_names_are_text_and_colours_the_pages_own():
    """Names of variants and labels are drawn as words; no colour is fixed."""
    for drawn in (class_chart([ClassScore(HOSTILE, *[around(0.7, 0.1)] * 3, 30)]), latency_chart({HOSTILE: [0.1] * 9})):
        page = Page(drawn)
        assert {tag for tag, _ in page.elements} <= DRAWN | {"figure", "figcaption", "div", "span"}
        assert IMAGE in page.words
    for drawn in (reliability_chart(STATED), risk_chart(STATED), learning_chart(CLIMB)):
        assert "var(--pc-accent)" in drawn
        assert "#0" not in drawn.lower()
