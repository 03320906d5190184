"""What requests took, measured: tokens, latency and throughput, with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from promptceiling.scores import Interval, percentile_interval
from promptceiling.scores.interval import NOTHING, Z
from promptceiling.scores.metrics import unit_codes
from promptceiling.scores.units import Units

_BLOCKS, _PER_BLOCK = 10, 5


@dataclass(frozen=True, slots=True)
class TokenUse:
    """Measured tokens of a request: the mean over its calls, with Student's 95% interval over their units.

    `cached` and `cache_write` are parts of `input`, and `reasoning` is a part of `output`; they are 0 where the server
    names none.
    """

    input: Interval
    cached: Interval
    output: Interval
    reasoning: Interval = NOTHING
    cache_write: Interval = NOTHING


def token_use(rows: pd.DataFrame) -> TokenUse | None:
    """The tokens of answers whose server counted them; None where it counted none."""
    known = rows[rows["input_tokens"].notna() & rows["output_tokens"].notna()]
    if known.empty:
        return None
    unit = unit_codes(known["unit"].tolist())
    return TokenUse(*(_mean(known[f"{name}_tokens"].fillna(0), unit)
                      for name in ("input", "cached", "output", "reasoning", "cache_write")))


def requests_per_s(rows: pd.DataFrame) -> Interval | None:
    """Answers a second of a run, from the times at which they came; None for fewer than 50 or for no time between.

    The answers in order of time are cut into 10 blocks of as many each; the mean time of a block, with its normal 95%
    interval over the blocks, gives the rate. A run with pauses has uneven blocks and so a wide interval.
    """
    came = rows.loc[rows["outcome"] != "failed", "received_at"].dropna()
    if len(came) < _BLOCKS * _PER_BLOCK:
        return None
    times = pd.to_datetime(came, utc=True, format="ISO8601")
    seconds = np.sort((times - times.min()).dt.total_seconds().to_numpy())
    took = np.diff(seconds[np.linspace(0, len(seconds) - 1, _BLOCKS + 1).astype(int)])
    mean, margin = float(took.mean()), Z * float(took.std(ddof=1)) / len(took) ** 0.5
    if mean <= 0:
        return None
    size = (len(seconds) - 1) / _BLOCKS
    return Interval(size / mean, size / (mean + margin), size / (mean - margin) if mean > margin else math.inf,
                    len(seconds))


def latency_ms(
    latencies: pd.DataFrame, fingerprint: str, model: str, base_url: str, quantile: float = 0.95
) -> Interval | None:
    """A percentile of what was measured apart for a variant and a model where it is served, in milliseconds; None where
    nothing was: a model of the same name elsewhere is as fast as what serves it there."""
    own = latencies[(latencies["fingerprint"] == fingerprint) & (latencies["model"] == model)
                    & (latencies["base_url"] == base_url)]
    return percentile_interval((own["seconds"] * 1000).tolist(), quantile) if len(own) else None


def _mean(values: pd.Series, unit: NDArray[np.intp]) -> Interval:
    """Student's interval over units: a case that was asked twice sends the same words twice. NaN ends for one unit."""
    x = values.astype(float).to_numpy()
    n, mean, own = len(x), float(x.mean()), Units.of(unit, len(x))
    off = np.bincount(unit, weights=x - mean)
    margin = own.reach() * float((off**2).sum() * own.inflation) ** 0.5 / n if own.freedom > 0 else math.nan
    return Interval(mean, mean - margin, mean + margin, n)
