"""The charts."""

import math
import warnings

from tests.decision.made_up_evidence import around, plateau
from tests.panels.made_up import DRAWN, HOSTILE, IMAGE, Page

from promptceiling.panels.charts import count_chart, difference_chart, interval_chart, loss_chart, plateau_chart
from promptceiling.scores import Interval


def test_hostile_names_are_drawn_as_text():
    """Markup, a template, and dollar signs that mathematics would be read between, stay words."""
    page = Page(interval_chart(
        [HOSTILE, "$\\bad$"], [around(0.7, 0.1), around(0.6, 0.1)], threshold=0.8, described=HOSTILE))

    assert {tag for tag, _ in page.elements} <= DRAWN | {"figure", "figcaption", "div", "span"}
    assert IMAGE in page.words
    assert "$\\bad$" in page.words


def test_names_in_any_script_are_drawn_without_a_warning():
    """The browser has the fonts; the machine that draws needs none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = count_chart(["請求書", "फ़ोन", "🚚"], [3, 2, 1], described="x")

    assert all(name in Page(drawn).words for name in ("請求書", "फ़ोन", "🚚"))


def test_colours_are_the_pages_own():
    """No colour is fixed in a drawing, so that it follows the page's light or dark look."""
    for drawn in (count_chart(["a"], [1], described="x"), loss_chart([[1, 0.9], [2, 0.5]], described="x"),
                  plateau_chart(plateau("confirmed"), threshold=0.8, described="x"),
                  difference_chart(["F1"], [Interval(0.1, 0.02, 0.2, 90)], (0.05, 0.08), described="x")):
        assert "var(--pc-accent)" in drawn
        assert "#0" not in drawn.lower()


def test_interval_without_ends_is_a_point():
    """An interval that cannot be had is left out of the drawing, and its value stays."""
    drawn = interval_chart(["a"], [Interval(0.5, math.nan, math.nan, 1)], threshold=0.8, described="x")

    assert "nan" not in drawn


def test_every_chart_has_a_text_alternative():
    """The sentence that describes a chart is read aloud in its place, and printed below it."""
    page = Page(count_chart(["a"], [1], described="One class."))

    assert {attrs["aria-label"] for tag, attrs in page.elements if tag == "svg"} == {"One class."}
    assert "One class." in page.words
