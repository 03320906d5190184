"""What a run will cost, roughly, before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts import PromptVariant
from promptceiling.runs.embedding import vectors_at_hand
from promptceiling.runs.endpoint import Endpoint
from promptceiling.runs.money import likely_tokens
from promptceiling.runs.prices import Price, price_of
from promptceiling.runs.runner import requests_of
from promptceiling.runs.workspace import Workspace

OUTPUT_TOKENS = 30.0  # of a short JSON answer without reasoning


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rough figure: tokens are counted as four bytes each, without a tokenizer.

    Attributes
    ----------
    calls: requests that the workspace has no answer to.
    from_store: requests that it has.
    input_tokens, output_tokens: of all calls together; the output at the mean of what the model answered so far in
        this workspace, else at 30 tokens an answer, which a model that reasons exceeds many times.
    usd: by `price`, None where no price is known.
    """

    model: str
    calls: int
    from_store: int
    input_tokens: float
    output_tokens: float
    price: Price | None
    usd: float | None

    def __str__(self) -> str:
        if not self.calls:
            return f"Estimate: nothing is to be asked or paid, all {self.from_store:,} answers are stored."
        said = (f"Estimate: {self.calls:,} calls ({self.from_store:,} are stored), about {self.input_tokens:,.0f} "
                f"input and {self.output_tokens:,.0f} output tokens, counted roughly and offline")
        if self.price is None or self.usd is None:
            return (f"{said}; no price is known for {self.model!r}: name it with --price-in and --price-out, or add it "
                    "to data/prices.csv.")
        if self.usd == 0:
            return f"{said}: {self.price.source}."
        dated = f"{self.price.source}, {self.price.as_of}" if self.price.as_of else self.price.source
        return f"{said}: about ${self.usd:,.4f} ({dated})."


def estimate_run(
    workspace: Workspace | None, labeled_set: LabeledSet, variants: Sequence[PromptVariant], endpoint: Endpoint, *,
    split: str = "validation", repeats: int = 1, price: Price | None = None, case_ids: Collection[str] | None = None,
) -> Estimate:
    """What `run_variants` with the same arguments would ask and cost; nothing is stored without a workspace.

    Nothing is sent. Raises InputError for an empty split.
    """
    vectors, variants = vectors_at_hand(workspace, labeled_set, variants, endpoint, split)
    requests = requests_of(labeled_set, variants, endpoint, split, repeats, case_ids, vectors)
    price = price or price_of(endpoint)
    stored = workspace.usable_keys(requests.keys) if workspace else set()
    todo = [key for key in requests.keys if key not in stored]
    given = sum(likely_tokens(requests.content(key)) for key in todo)
    chats = sum(requests.route(key) != "decisions" for key in todo)  # a decision has no output that is charged
    output = chats * ((workspace and workspace.mean_output_tokens(endpoint.model)) or OUTPUT_TOKENS)
    return Estimate(endpoint.model, len(todo), len(stored), given, output, price,
                    None if price is None else price.cost_usd(given, 0, output))
