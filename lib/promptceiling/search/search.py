"""Search a space of prompts within a budget: race variants on growing shares of the validation split."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts import PromptVariant
from promptceiling.runs import Endpoint, Price, Progress, RunHandle, Workspace, price_of, run_variants
from promptceiling.runs.embedding import vectors_at_hand
from promptceiling.runs.estimate import OUTPUT_TOKENS
from promptceiling.runs.money import likely_tokens
from promptceiling.runs.runner import requests_of
from promptceiling.search.course import Course
from promptceiling.search.race import ALPHA
from promptceiling.search.result import SearchProgress, SearchResult
from promptceiling.search.space import SearchSpace

ERROR_DRIVEN = 2  # variants with hard shots that join, one after each of the first looks


async def search_prompts(
    workspace: Workspace, labeled_set: LabeledSet, space: SearchSpace | Sequence[PromptVariant], endpoint: Endpoint, *,
    budget_calls: int | None = None, budget_usd: float | None = None, alpha: float = ALPHA, looks: int = 4,
    error_driven: int = ERROR_DRIVEN, seed: int = 0, concurrency: int = 8, price: Price | None = None,
    on_progress: Callable[[SearchProgress], None] | None = None, handle: RunHandle | None = None,
) -> SearchResult:
    """The best prompt of a space that a budget finds, with the figure to expect of it on new cases.

    All variants are asked the same first share of the validation cases, those that are left twice as many at each
    further look, and the finalists all of them. After each look a variant leaves where it can no longer win (`beaten`:
    the chance that the truly best one is ever dropped so is at most `alpha`), then those behind where the budget cannot
    follow all. After the first looks up to `error_driven` variants join: the leader with `hard` shots, by what it
    confused so far. The test split is never touched.

    `budget_calls` counts every answer that the search rests on, stored or new: so a search that was stopped, run again
    with the same arguments, takes the same way, asks for nothing again, and goes on. `budget_usd` is the most that all
    runs of this workspace together may cost, as in `run_variants`; how many calls it holds is estimated at first, and
    it is never passed. `handle.stop()` ends the search; what came is kept and told.

    Raises InputError for a set that is not split, no variant, two of one name, and a budget that does not hold the
    first look and one finalist; the sentence says what it takes.
    """
    variants = space.variants() if isinstance(space, SearchSpace) else tuple(space)
    course = Course(labeled_set, variants, looks=looks, error_driven=error_driven, alpha=alpha, seed=seed)
    calls = _affordable(course, workspace, endpoint, budget_calls, budget_usd, price)
    course.check(calls)
    handle = handle or RunHandle()

    def tell(run: Progress | None) -> None:
        if on_progress:
            on_progress(SearchProgress(
                course.look + 1, len(course.sizes), len(course.alive), course.calls,
                None if calls is None else calls - course.calls, course.leader, run))

    while course.state == "done" and course.look < len(course.sizes):
        tell(None)
        course.heard(await run_variants(
            workspace, labeled_set, course.alive, endpoint, case_ids=course.ids[: course.sizes[course.look]],
            concurrency=concurrency, price=price, budget_usd=budget_usd, handle=handle, on_progress=tell))
        course.judge(workspace, endpoint, calls)
    return course.result(embedded=endpoint.embedded)


def _affordable(
    course: Course, workspace: Workspace, endpoint: Endpoint, calls: int | None, usd: float | None, price: Price | None
) -> int | None:
    """The calls that both budgets hold; dollars by the estimated cost of a call of the grid.

    What this search has spent already counts as its own, so that it goes on as it began.
    """
    if usd is None:
        return calls
    price = price or price_of(endpoint)
    if price is None:
        raise InputError(f"No price is known for {endpoint.model!r}, so a budget in dollars cannot be kept. State its "
                         "price, or a budget in calls.")
    vectors, variants = vectors_at_hand(workspace, course.labeled_set, course.alive, endpoint, "validation")
    requests = requests_of(course.labeled_set, variants, endpoint, "validation", 1, course.ids, vectors)
    first = set(course.ids[: course.sizes[0]])
    contents = [requests.content(key) for _, case, _, key in requests.items if case in first]
    given = sum(map(likely_tokens, contents)) / len(contents)
    each = price.cost_usd(given, 0, workspace.mean_output_tokens(endpoint.model) or OUTPUT_TOKENS)
    if each == 0:
        return calls
    sends = workspace.sends()
    own = float(sends.loc[sends["request_key"].isin(requests.keys), "cost_usd"].sum())
    held = math.floor(max(0.0, usd - (workspace.spent_usd() - own)) / each)
    return held if calls is None else min(calls, held)
