import asyncio
import math
from dataclasses import replace

import pytest
from tests.runs.misbehaving_server import completion, serving
from tests.search.test_search import BASE, SET, N, by_wording

from promptceiling.errors import InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import changed
from promptceiling.runs import Endpoint, Workspace, run_variants
from promptceiling.search import diff_variants

GOOD = replace(BASE, name="good", instructions="Answer well.\nOnce.", output="label")
BAD = changed(GOOD, "bad", instructions="Answer badly.\nOnce.")


def answered(tmp_path, script=by_wording, variants=(GOOD, BAD)):
    """The difference of two variants that a server answered."""
    async def whole():
        async with serving(script) as server:
            endpoint = Endpoint(server.base_url, "m")
            with Workspace(tmp_path, durable=False) as workspace:
                await run_variants(workspace, SET, variants, endpoint)
                return diff_variants(SET, *variants, workspace, endpoint)

    return asyncio.run(whole())


def test_text_changes_are_told_line_by_line():
    """Lines that went, came and stayed, of everything that is sent but shots and case."""
    found = diff_variants(SET, GOOD, BAD)

    assert found.lines[:3] == (("gone", "Answer well."), ("new", "Answer badly."), ("same", "Once."))
    assert {sign for sign, _ in found.lines[3:]} == {"same"}
    assert found.settings == ()
    assert found.scored is None
    assert math.isnan(found.same_shots)


def test_shot_changes_are_told_over_all_cases():
    """As many cases have the same shots as have them in the same order; kept are those that the second shows too."""
    drawn = replace(BASE, name="drawn", shots=3, selection="fixed")
    turned = diff_variants(SET, drawn, changed(drawn, "turned", order="by_class"))
    more = diff_variants(SET, drawn, changed(drawn, "more", shots=6))
    near = diff_variants(SET, drawn, changed(drawn, "near", selection="similar"))

    assert turned.settings == (("order", "as chosen", "by class"),)
    assert turned.shots_kept == more.shots_kept == 1.0
    assert more.same_shots == 0.0
    assert near.shots_kept < 0.5


def test_score_is_told_per_class_and_case_by_case(tmp_path):
    """A wording that always names one label breaks the cases of the others, fixes none, and has its interval."""
    scored = answered(tmp_path).scored
    billing = next(c for c in scored.classes if c.label == "billing")

    assert {case.fate for case in scored.cases} == {"broken"}
    assert scored.both_right + scored.count("broken") == N
    assert {case.after for case in scored.cases} == {"billing"}
    assert (billing.f1_before.value, billing.broken, billing.fixed) == (1.0, 0, 0)
    assert sum(c.broken for c in scored.classes) == scored.count("broken")
    assert sum(c.support for c in scored.classes) == N
    assert scored.comparison.delta_f1_weighted.high < -0.5


def test_fixed_broken_and_still_wrong_are_told_apart(tmp_path):
    """Each case that either got wrong is one of the three, with both answers."""
    truth = dict(zip(SET.cases["input"], SET.cases["expected_category"], strict=True))

    def script(request):
        well, right = "well" in request.body["messages"][0]["content"], truth[request.text]
        return completion({"billing": right, "access": right if well else "none", "export": "none" if well else right}[
            right] if len(request.text) % 7 else "none")

    scored = answered(tmp_path, script).scored
    by_fate = {fate: {c.expected for c in scored.cases if c.fate == fate} for fate in ("fixed", "broken")}

    assert by_fate == {"fixed": {"export"}, "broken": {"access"}}
    assert all(c.before is None and c.after is None for c in scored.cases if c.fate == "still wrong")
    assert scored.count("still wrong") > 0


def test_answers_of_one_variant_alone_give_no_score(tmp_path):
    """Where nothing is shared nothing is claimed; an empty split is refused."""
    assert answered(tmp_path, variants=(GOOD, replace(GOOD, name="again"))).scored.cases == ()
    with Workspace(tmp_path / "empty", durable=False) as workspace:
        assert diff_variants(SET, GOOD, BAD, workspace, Endpoint()).scored is None
    with pytest.raises(InputError, match="has no cases"):
        diff_variants(split_labeled_set(SET), GOOD, BAD, split="nothing")
