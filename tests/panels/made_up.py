"""Texts that must be shown and never run, the state that panels are built from, and what a page's markup holds."""

from dataclasses import replace
from html.parser import HTMLParser

import ipywidgets
from tests.decision.made_up_evidence import LOCAL_ALIKE, TUNED_WELL, alternative, around, evidence, prompt
from tests.made_up import made_cases, made_set

from promptceiling.decision import Assumptions
from promptceiling.labeled_set import split_labeled_set

IMAGE, SCRIPT_END, TEMPLATE = "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "{{7*7}}"
HOSTILE = f"{IMAGE} {SCRIPT_END} {TEMPLATE} $\\frac$ & \"'"
HARMLESS = {"style", "div", "span", "p", "strong", "h1", "h2", "h3", "dl", "dt", "dd", "ul", "li", "table", "caption",
            "thead", "tbody", "tr", "th", "td", "details", "summary", "section", "article", "header", "code", "pre",
            "figure", "figcaption", "progress", "button", "nav", "a"}
DRAWN = {"svg", "g", "path", "defs", "use", "text", "tspan", "rect", "clippath", "style"}


class Page(HTMLParser):
    """What a browser would make of markup: `elements` with their attributes, and the `words` between them."""

    def __init__(self, markup):
        super().__init__()
        self.elements, self.words = [], ""
        self.feed(str(markup))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data


def markup_of(widget):
    """The markup of every HTML widget in a view, one after another."""
    if isinstance(widget, ipywidgets.HTML):
        return widget.value
    return "".join(markup_of(child) for child in getattr(widget, "children", ()))


def state_of(widget):
    """What a view shows, part by part: markup, options, values, and whether each can be moved."""
    if children := getattr(widget, "children", ()):
        return [state_of(child) for child in children]
    names = ("value", "index", "_options_labels", "description", "disabled", "min", "max")
    return [getattr(widget, name, None) for name in names]


def page_of(widget):
    return Page(markup_of(widget))


def assert_shown_as_text(widget):
    """The hostile text stands in the page as text: no element, and no attribute that runs, comes of it."""
    page = page_of(widget)
    tags = {tag for tag, _ in page.elements}

    assert tags <= HARMLESS | DRAWN, tags - HARMLESS - DRAWN
    assert not [name for _, attrs in page.elements for name in attrs if name.startswith("on")]
    assert all(attrs.get("href", "#")[0] in "#?" for tag, attrs in page.elements if tag == "a")
    for text in (IMAGE, SCRIPT_END, TEMPLATE):
        assert text in page.words


def hostile_set(n=60):
    """A split set with a hostile label, and a hostile text in every case; split as their numbers say."""
    cases = [case | {"input": f"{case['input']} {HOSTILE}"} for case in made_cases(n)]
    for k, case in enumerate(cases):
        case["expected_category"] = HOSTILE if k % 3 == 0 else case["expected_category"]
        case["second_category"] = HOSTILE
    return split_labeled_set(made_set(cases, name=HOSTILE))


def plain_set(n=60, seed=1):
    return split_labeled_set(made_set(made_cases(n, seed=seed)))


def rich_evidence(**changes):
    """Two prompts and both alternatives over the embedded model."""
    second = prompt(around(0.6, 0.03), name="zero-shot")
    second = replace(second, delta_to_best=around(-0.1, 0.03), tied=False, best_share=0.0)
    return evidence(prompts=(prompt(), second), alternatives=(LOCAL_ALIKE, TUNED_WELL),
                    embedded=True, **changes)


def hostile_evidence():
    """Evidence whose every name from data is hostile."""
    best = prompt(name=HOSTILE, model=HOSTILE)
    best = replace(best, score=replace(
        best.score, constant_label=HOSTILE, remarks=(HOSTILE,),
        per_class=tuple(replace(c, label=HOSTILE) for c in best.score.per_class)))
    return evidence(
        name=HOSTILE, prompts=(best, prompt(name="zero-shot")), label_names=(HOSTILE, "billing"),
        alternatives=(replace(alternative("fine-tune", around(0.12, 0.03)), name=HOSTILE, model=HOSTILE),))


JOB = {"job_id": "j", "status": "succeeded", "base_model": "m", "fine_tuned_model": "ft:m", "examples": 200,
       "trained_tokens": None, "losses": [[1, 0.9], [2, 0.5], [3, 0.4]]}
STATED, OTHERWISE = Assumptions(), Assumptions(f1_ship=0.6, sla_ms=10.0)
