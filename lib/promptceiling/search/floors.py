"""The noise floors of a prompt: how far its score moves with other shots, and with the same shots in another order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.prompts import PromptVariant
from promptceiling.prompts.lineage import NOISE
from promptceiling.runs import Endpoint, Price, Progress, RunHandle, Workspace, completions, run_variants
from promptceiling.scores import Variation, variation_of


@dataclass(frozen=True, slots=True)
class NoiseFloors:
    """A gain smaller than these is one that another draw, or another order, can give or take.

    Attributes
    ----------
    shots: over draws of other shots; None where the shots are not drawn but chosen by the case.
    order: over orders of the same shots; None with fewer than two shots.
    state: of the run: "done", or why some of it is missing; a floor that is not complete is None.
    """

    shots: Variation | None
    order: Variation | None
    state: str = "done"


def floor_variants(variant: PromptVariant, draws: int) -> tuple[tuple[PromptVariant, ...], tuple[PromptVariant, ...]]:
    """The variants whose scores show the two spreads: one a draw of shots, and one an order; none where there is none.

    >>> from promptceiling.prompts import Field
    >>> v = PromptVariant("v", (Field("category", ("a", "b")),), shots=3, selection="similar")
    >>> [len(variants) for variants in floor_variants(v, 4)]
    [0, 4]
    """
    if draws < 2:
        raise InputError(f"A spread over {draws} draws cannot be had; expected 2 or more.")
    seeds = range(variant.seed, variant.seed + draws)
    drawn = variant.selection in ("fixed", "stratified") and variant.shots > 0
    others = tuple(replace(variant, name=f"{variant.name}, draw {k + 1}", kind=NOISE, parent=variant.name, seed=seed)
                   for k, seed in enumerate(seeds)) if drawn else ()
    orders = tuple(replace(variant, name=f"{variant.name}, order {k + 1}", kind=NOISE, parent=variant.name,
                           order="shuffled", order_seed=seed)
                   for k, seed in enumerate(seeds)) if variant.shots > 1 else ()
    return others, orders


async def noise_floors(
    workspace: Workspace, labeled_set: LabeledSet, variant: PromptVariant, endpoint: Endpoint, *, draws: int = 5,
    budget_usd: float | None = None, concurrency: int = 8, price: Price | None = None,
    on_progress: Callable[[Progress], None] | None = None, handle: RunHandle | None = None,
) -> NoiseFloors:
    """The spread of a prompt's weighted F1 over `draws` draws of its shots and over as many orders of them.

    Up to 2 x draws calls for each validation case; what is stored is not asked again. Raises InputError for fewer than
    two draws, and for a variant without shots, which has neither floor. The answers are kept as those of a noise floor:
    they are no candidates, so no leaderboard ranks them and no plateau counts them as iterations.
    """
    others, orders = floor_variants(variant, draws)
    if not others and not orders:
        raise InputError(f"{variant.name!r} has no shots to draw or to put in order, so it has no such noise.")
    summary = await run_variants(
        workspace, labeled_set, [*others, *orders], endpoint, budget_usd=budget_usd, concurrency=concurrency,
        price=price, on_progress=on_progress, handle=handle)
    cases = labeled_set.split("validation").set_index("id")
    frame = completions(workspace, labeled_set)
    frame = frame[(frame["base_url"] == endpoint.base_url) & (frame["model"] == endpoint.model)
                  & (frame["repeat"] == 0) & (frame["split"] == "validation") & (frame["outcome"] != "failed")]
    said = {key: rows.set_index("case_id")["predicted"] for key, rows in frame.groupby(["variant", "fingerprint"])}

    def spread(variants: tuple[PromptVariant, ...]) -> Variation | None:
        found = [said.get((v.name, v.fingerprint)) for v in variants]
        if not found or any(answers is None or len(answers) < len(cases) for answers in found):
            return None
        draws_of = [[p if isinstance(p, str) else None for p in answers[cases.index]]
                    for answers in found if answers is not None]
        return variation_of(cases[EXPECTED + MAIN_FIELD].tolist(), draws_of, labeled_set.labels(),
                            units=cases["unit"].tolist())

    return NoiseFloors(spread(others), spread(orders), summary.state)
