import asyncio
import json
from dataclasses import replace

import pytest
from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import Reply, completion, error, serving

from promptceiling import SearchSpace, leaderboard, search_prompts
from promptceiling.decision import gather
from promptceiling.errors import InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Price, RunHandle, Workspace, completions, run_variants
from promptceiling.search import noise_floors

SET = split_labeled_set(made_set(made_cases(520)))
N = len(SET.split("validation"))
BASE = PromptVariant("base", fields_of(SET))
SPACE = SearchSpace(BASE, shots=(0, 2, 8), selections=("stratified", "similar"), outputs=("json_schema", "label"))
GRID = SPACE.variants()
WORDINGS = {"good": "Answer well.", "bad": "Answer badly.", "worse": "Answer worse."}


def searched(workspace, space=SPACE, **options):
    return asyncio.run(search_prompts(workspace, SET, space, Endpoint(), **options))


def wordings(**options):
    return [replace(BASE, name=name, instructions=text, output="label", **options) for name, text in WORDINGS.items()]


def by_wording(request):
    """What a server that knows the truth answers: it, always one label, or never a label, as the instructions say."""
    truth = dict(zip(SET.cases["input"], SET.cases["expected_category"], strict=True))
    system = request.body["messages"][0]["content"]
    label = truth[request.text] if "well" in system else "billing" if "badly" in system else "none"
    return completion(label)


def at_server(workspace, space, script=by_wording, **options):
    async def whole():
        async with serving(script) as server:
            endpoint = Endpoint(options.pop("base_url", server.base_url), "m")
            found = await search_prompts(workspace, SET, space, endpoint, **options)
            return found, server.requests

    return asyncio.run(whole())


def test_space_holds_each_variant_once_with_its_parent():
    """Without shots, selection and order are one; each variant but the first names the one it changes one thing of."""
    names = {v.name for v in GRID}

    assert len(GRID) == len({v.fingerprint for v in GRID}) == 2 * (1 + 2 * 2)
    assert [v.shots for v in GRID] == sorted(v.shots for v in GRID)
    assert GRID[0].parent is None
    assert all(v.parent in names for v in GRID[1:])
    assert {v.kind for v in GRID[1:]} == {"shots", "selection", "output"}


def test_search_finds_the_best_and_asks_a_part_of_the_grid(tmp_path):
    """With a third of the calls it ends with a variant, asked in full, that is tied with the best of the whole grid."""
    with Workspace(tmp_path, durable=False) as workspace:
        found = searched(workspace, budget_calls=len(GRID) * N // 3)
        answers, openings = completions(workspace, SET), workspace.openings(SET.key)
        asyncio.run(run_variants(workspace, SET, GRID, Endpoint()))
        tied = {s.name: s.tied for s in leaderboard(workspace).standings}

    assert (found.state, found.n, found.grid_calls) == ("done", N, len(GRID) * N)
    assert found.calls == len(answers) <= len(GRID) * N // 3
    assert set(answers["split"]) == {"validation"}
    assert openings.empty
    assert found.tried[0].fate == "best"
    assert found.tried[0].f1_weighted.n == found.board.n == N
    assert found.selection_corrected.n == N - found.looks[-2]
    assert tied[found.best.name]
    assert {t.fate for t in found.tried} <= {"best", "finalist", "beaten", "budget"}
    assert {v.name for v in GRID} <= {t.variant.name for t in found.tried}


def test_search_that_was_stopped_goes_on_where_it_was(tmp_path):
    """Stopped in its second look it says so; run again it asks for the rest alone and ends as one that was never
    stopped. Every look is told when it begins, with who leads and how many calls the budget still holds."""
    handle = RunHandle()

    def stop(progress):
        if progress.look == 2 and progress.run is not None and progress.run.sent > 5:
            handle.stop()

    budget = len(GRID) * N // 2
    with Workspace(tmp_path / "a", durable=False) as workspace:
        stopped = searched(workspace, budget_calls=budget, handle=handle, on_progress=stop)
        again = searched(workspace, budget_calls=budget)
    told = []
    with Workspace(tmp_path / "b", durable=False) as workspace:
        whole = searched(workspace, budget_calls=budget, on_progress=told.append)
    began = [p for p in told if p.run is None]

    assert stopped.state == "cancelled"
    assert stopped.best is not None
    assert stopped.selection_corrected is None
    assert {t.fate for t in stopped.tried} <= {"best", "unfinished", "beaten", "budget"}
    assert stopped.tried[0].f1_weighted.n == stopped.looks[0]
    assert stopped.calls == stopped.calls_now
    assert again.calls_now + stopped.calls_now == whole.calls_now
    assert replace(again, calls_now=0) == replace(whole, calls_now=0)
    assert [p.look for p in began] == list(range(1, len(whole.looks) + 1))
    assert (began[0].leader, began[0].alive) == ("", len(GRID))
    assert all(p.leader for p in began[1:])
    assert [p.calls_left for p in began] == sorted((p.calls_left for p in began), reverse=True)


def test_search_that_was_stopped_at_once_claims_nothing(tmp_path):
    """Before the first look is whole nobody leads, however many answers came."""
    handle = RunHandle()

    def stop(progress):
        if progress.run is not None and progress.run.sent > 30:
            handle.stop()

    with Workspace(tmp_path, durable=False) as workspace:
        found = searched(workspace, handle=handle, on_progress=stop)

    assert (found.state, found.best) == ("cancelled", None)
    assert found.calls == found.calls_now > 30
    assert {t.fate for t in found.tried} == {"unfinished"}


def test_every_output_has_a_name_of_its_own():
    """A grid over all ways to answer, placements and orders names each variant differently."""
    space = SearchSpace(replace(BASE, output="label"), shots=(0, 2), orders=("as_chosen", "by_class"),
                        placements=("turns", "system"), outputs=("label", "json", "json_schema", "decisions"))
    names = [v.name for v in space.variants()]

    assert len(set(names)) == len(names)


def test_clear_losers_are_dropped_by_the_test_and_their_calls_saved(tmp_path):
    """Without a budget, wordings that are always wrong leave after the first look, with the name of who beat them."""
    with Workspace(tmp_path, durable=False) as workspace:
        found, requests = at_server(workspace, wordings())

    assert [(t.variant.name, t.fate, t.look, t.by) for t in found.tried] == [
        ("good", "best", len(found.looks), None), ("worse", "beaten", 1, "good"), ("bad", "beaten", 1, "good")]
    assert len(requests) == found.calls == N + 2 * found.looks[0]
    assert found.tried[0].f1_weighted.value == 1.0


def test_error_driven_shots_join_with_what_was_confused(tmp_path):
    """After the first look the leader joins with hard shots, by the labels that it confused, as its child."""
    truth = dict(zip(SET.cases["input"], SET.cases["expected_category"], strict=True))

    def script(request):
        label = truth[request.text]
        return completion("access" if label == "billing" and len(request.text) % 2 else label)

    with Workspace(tmp_path, durable=False) as workspace:
        found, _ = at_server(workspace, wordings(shots=2)[:1], script, error_driven=1)
    [hard] = [t for t in found.tried if t.variant.selection == "hard"]

    assert hard.variant.confused == (("access", "billing"),)
    assert (hard.variant.parent, hard.variant.name) == ("good", "2 hard shots after look 1")
    assert hard.fate in ("best", "finalist")


def test_budget_in_dollars_is_planned_by_price_and_never_passed(tmp_path):
    """Dollars become calls by the price of the grid's requests; the workspace's spending stays under them."""
    usage = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}
    price = Price("m", 1.0, 1.0, 1.0, "2026-11-23", "a list")

    def script(request):
        body = json.loads(by_wording(request).body)
        return Reply(body=json.dumps(body | {"usage": usage}).encode())

    with Workspace(tmp_path, durable=False) as workspace:
        found, requests = at_server(workspace, wordings(), script, budget_usd=0.05, price=price)
        spent = workspace.spent_usd()

    assert found.best.name == "good"
    assert spent == pytest.approx(found.cost_usd)
    assert 0 < spent <= 0.05
    assert len(requests) == found.calls_now


@pytest.mark.parametrize(("space", "options", "said"), [
    ([], {}, "holds no variant"),
    ([BASE, BASE], {}, "Two variants are named 'base'"),
    ([BASE], {"budget_calls": 3}, f"about 3 calls. A first look at 1 variants on {N // 4} cases, and one of them on"),
    ([BASE], {"alpha": 1.5}, "alpha is 1.5"),
    ([BASE], {"looks": 0}, "looks is 0"),
    (SearchSpace(BASE, selections=("hard",)), {}, "the search makes them by itself"),
])
def test_impossible_search_is_refused_before_anything_is_asked(tmp_path, space, options, said):
    """What cannot be searched is refused in a sentence, and the workspace stays empty."""
    with Workspace(tmp_path, durable=False) as workspace:
        with pytest.raises(InputError, match=said.replace("(", r"\(")):
            searched(workspace, space, **options)

        assert workspace.sets().empty


def test_set_without_a_split_and_a_budget_without_a_price_are_refused(tmp_path):
    """Neither is guessed."""
    with Workspace(tmp_path, durable=False) as workspace:
        with pytest.raises(InputError, match="has not been split"):
            asyncio.run(search_prompts(workspace, made_set(made_cases(9)), [BASE], Endpoint()))
        with pytest.raises(InputError, match="No price is known for 'm'"):
            asyncio.run(search_prompts(workspace, SET, [BASE], Endpoint("http://127.0.0.1:9/v1", "m"), budget_usd=1))


def test_endpoint_that_cannot_be_used_ends_the_search_in_words(tmp_path):
    """A refused key stops it; nothing is claimed of any variant."""
    with Workspace(tmp_path, durable=False) as workspace:
        found, _ = at_server(workspace, wordings(), [error(401)])

    assert (found.state, found.best, found.selection_corrected) == ("stopped", None, None)
    assert "refused the key" in found.sentence


def test_variant_with_many_failures_leaves_and_is_no_loser(tmp_path):
    """A wording whose calls fail is out as failed, not as worse; the others go on."""
    def script(request):
        return error(400, code="context_length_exceeded") if "badly" in str(request.body) else by_wording(request)

    with Workspace(tmp_path, durable=False) as workspace:
        found, _ = at_server(workspace, wordings(), script)

    assert {t.variant.name: t.fate for t in found.tried} == {"good": "best", "bad": "failed", "worse": "beaten"}


def test_part_asked_variants_take_no_cases_from_a_leaderboard(tmp_path):
    """After a search the leaderboard holds those asked in full, on all their cases."""
    with Workspace(tmp_path, durable=False) as workspace:
        found = searched(workspace, budget_calls=len(GRID) * N // 3)
        board = leaderboard(workspace)

    assert board.n == N
    assert {s.name for s in board.standings} == {t.variant.name for t in found.tried if t.fate in ("best", "finalist")}


def test_noise_floors_are_spreads_over_draws_and_over_orders(tmp_path):
    """Drawn shots have both floors; chosen ones that of order alone; the embedded model does not care for order."""
    drawn = replace(BASE, name="drawn", shots=2, selection="fixed")
    with Workspace(tmp_path, durable=False) as workspace:
        floors = asyncio.run(noise_floors(workspace, SET, drawn, Endpoint(), draws=3))
        chosen = asyncio.run(noise_floors(workspace, SET, replace(drawn, selection="similar"), Endpoint(), draws=2))
        with pytest.raises(InputError, match="has no shots to draw"):
            asyncio.run(noise_floors(workspace, SET, BASE, Endpoint()))
        with pytest.raises(InputError, match="over 1 draws"):
            asyncio.run(noise_floors(workspace, SET, drawn, Endpoint(), draws=1))

    assert len(floors.shots.scores) == len(floors.order.scores) == 3
    assert floors.shots.spread.low > 0
    assert floors.order.spread.value == pytest.approx(0, abs=1e-9)
    assert (chosen.shots, len(chosen.order.scores)) == (None, 2)


def test_a_noise_floor_is_no_candidate_and_no_iteration(tmp_path):
    """Draws and orders of one prompt are not ranked beside it, and count for no plateau."""
    drawn = replace(BASE, name="drawn", shots=2, selection="fixed")
    with Workspace(tmp_path, durable=False) as workspace:
        asyncio.run(run_variants(workspace, SET, [BASE, drawn], Endpoint()))
        asyncio.run(noise_floors(workspace, SET, drawn, Endpoint(), draws=5))
        evidence, board = gather(workspace, SET.key), leaderboard(workspace)

    assert {p.name for p in evidence.prompts} == {s.name for s in board.standings} == {BASE.name, "drawn"}
    assert set(evidence.plateau.iterations) == {BASE.name, "drawn"}
    assert not any("left out" in remark for remark in board.remarks)
