"""What requests took, measured: tokens and latency, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from promptceiling.scores import Interval, percentile_interval


@dataclass(frozen=True, slots=True)
class TokenUse:
    """Measured tokens of a request: the mean over its calls, with a normal 95% interval."""

    input: Interval
    cached: Interval
    output: Interval


def token_use(rows: pd.DataFrame) -> TokenUse | None:
    """The tokens of answers whose server counted them; None where it counted none."""
    known = rows[rows["input_tokens"].notna() & rows["output_tokens"].notna()]
    if known.empty:
        return None
    return TokenUse(
        _mean(known["input_tokens"]), _mean(known["cached_tokens"].fillna(0)), _mean(known["output_tokens"]))


def latency_ms(latencies: pd.DataFrame, fingerprint: str, model: str, quantile: float = 0.95) -> Interval | None:
    """A percentile of what was measured apart for a variant and a model, in milliseconds; None where nothing was."""
    own = latencies[(latencies["fingerprint"] == fingerprint) & (latencies["model"] == model)]
    return percentile_interval((own["seconds"] * 1000).tolist(), quantile) if len(own) else None


def _mean(values: pd.Series) -> Interval:
    x = values.astype(float).to_numpy()
    margin = 1.96 * float(x.std(ddof=1)) / len(x) ** 0.5 if len(x) > 1 else float("nan")
    return Interval(float(x.mean()), float(x.mean()) - margin, float(x.mean()) + margin, len(x))
