"""What a run costs: estimated before, set aside before each send, counted after it."""

from __future__ import annotations

from dataclasses import dataclass, field

from promptceiling.errors import InputError
from promptceiling.runs.answer import Answer, plausible
from promptceiling.runs.endpoint import Endpoint
from promptceiling.runs.prices import Price

OUTPUT_TOKENS = 2_048  # set aside for an answer whose length the parameters do not limit
_UNPAID = {"unreachable", "rate_limit", "server", "rejected", "context_length"}  # not sent, or said to be unanswered


def most_input_tokens(content: bytes) -> int:
    """More tokens than a request can have: a token is a byte of it at least, and chat formats add a few.

    >>> most_input_tokens(b"12345678")
    72
    """
    return len(content) + 64


def likely_tokens(content: bytes) -> float:
    """About how many tokens a request's JSON has, at four bytes a token; no tokenizer is asked, so a rough figure."""
    return len(content) / 4


def output_limit(parameters: dict[str, object]) -> int | None:
    """The most tokens that the answer may have, where the parameters say so."""
    for name in ("max_completion_tokens", "max_tokens"):
        value = parameters.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None


def check_budget(budget_usd: float | None, price: Price | None, endpoint: Endpoint) -> None:
    """Raises InputError for a budget that cannot be kept: the price of the model, or of its service tier, is unknown.
    """
    if budget_usd is None:
        return
    if price is None:
        raise InputError(f"No price is known for the model {endpoint.model!r}, so the budget cannot be kept. Name its "
                         "prices with --price-in and --price-out, or add it to data/prices.csv.")
    tier = dict(endpoint.parameters).get("service_tier", "default")
    if tier not in ("auto", "default", "standard", "flex") and price.as_of:
        raise InputError(f"No price is known for the service tier {tier!r}, so the budget cannot be kept. Name its "
                         "prices with --price-in and --price-out.")


@dataclass
class Purse:
    """Money set aside and spent, against a budget that covers every run of the workspace.

    Attributes
    ----------
    price: of the model; None where it is not known, and then nothing is counted.
    budget_usd: the most that may be spent; None for no bound.
    spent_usd: what earlier runs and this one have spent, and what is set aside at the moment.
    limit_tokens: the most that an answer may have, where the parameters say so.
    odd: answers whose token counts were missing or impossible, and were counted as the most they can be.
    impossible: answers with counts that no request of their size can have.
    """

    price: Price | None
    budget_usd: float | None = None
    spent_usd: float = 0.0
    limit_tokens: int | None = None
    odd: int = 0
    impossible: int = 0
    run_usd: float = 0.0
    out: int = field(default=0, repr=False)
    _longest: int = field(default=0, repr=False)

    def aside(self, content: bytes) -> float | None:
        """What is to be set aside for a send: the most that it can cost; None where no price is known."""
        if self.price is None:
            return None
        output = self.limit_tokens or max(OUTPUT_TOKENS, 2 * self._longest)
        return self.price.most_usd(most_input_tokens(content), output)

    def take(self, amount: float | None) -> bool:
        """Set an amount aside; False, and nothing is taken, where the budget does not hold it."""
        if amount is None:
            return True
        if self.budget_usd is not None and self.spent_usd + amount > self.budget_usd:
            return False
        self.spent_usd += amount
        self.run_usd += amount
        self.out += 1
        return True

    def settle(self, amount: float | None, cost: float | None) -> None:
        """Put back what a send did not cost of the amount set aside for it."""
        if amount is not None:
            self.spent_usd += (cost or 0.0) - amount
            self.run_usd += (cost or 0.0) - amount
            self.out -= 1

    def cost(self, answer: Answer, content: bytes) -> tuple[Answer, float | None]:
        """The answer without counts that cannot be, and what it cost.

        Counts that are missing, or larger than the request can have, are taken for the most that they can be.
        """
        most = most_input_tokens(content)
        kept = plausible(answer, most)
        given, output = kept.input_tokens, kept.output_tokens
        self.impossible += kept is not answer
        if self.price is None:
            return kept, None
        if kept is not answer or given is None or output is None:
            self.odd += 1
        if output is None:
            output = self.limit_tokens or max(OUTPUT_TOKENS, 2 * self._longest)
        else:
            self._longest = max(self._longest, output)
        if given is None:
            return kept, self.price.most_usd(most, output)
        return kept, self.price.cost_usd(
            given, kept.cached_tokens or 0, output, kept.cache_write_tokens or 0, kept.tier)

    def lost(self, kind: str, amount: float | None) -> float | None:
        """What a send without an answer cost: nothing where the server said that it did not answer, else the most."""
        return amount if amount is None or kind not in _UNPAID else 0.0
