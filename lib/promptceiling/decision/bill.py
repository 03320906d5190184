"""What each option costs to set up and to run, line by line, and when a fine-tune has paid for itself.

Every sum is plain arithmetic over what is stated (`Assumptions`, or the same names with an array of many plausible
worlds) and what was measured. With V requests a month, w the USD an hour of work, R replicas:

- prompt: set-up = prompt_setup_hours w; a month = V c + prompt_hours w, c the measured USD of a request.
- local classifier: set-up = local_setup_hours w; a month = R cpu + (monitoring + drift) w + round / cadence, where a
  round is training and evaluation anew, at `retrain_share` of their hours.
- fine-tune: set-up = (data + training + evaluation + deployment hours) w + training run + labels that are missing;
  a month = R gpu x 730.5 h (or V c where it is billed per token) + (monitoring + drift) w + round / cadence, where a
  round is the set-up's hours at `retrain_share`, and a training run.
- Decisions API: as the prompt, at the price of its input tokens.

R = max(min_replicas, ceil(peak / requests a second of a replica)), peak = V / (seconds of a month) x peak_to_mean.
When a base model ends, a prompt is evaluated anew and a fine-tune of it goes through a whole round: a one-off sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from promptceiling.decision.cost import rate_of

Kind = Literal["prompt", "local", "fine-tune", "decisions"]
HOURS_PER_MONTH = 730.485  # 365.2425 days / 12 x 24 hours
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
Sums = Mapping[str, Any]  # line -> USD: a float, or an array with one sum a world


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of an option; every number may be an array with one value a world.

    Attributes
    ----------
    usd_per_request: of its tokens, without batch discount; None where it is not billed per token.
    requests_per_s: throughput of one replica; None for the stated one.
    gain: weighted F1 above the prompt's.
    labels: labeled cases that are there.
    ends_in: months until its base model ends; None where no end is known.
    """

    usd_per_request: Any = None
    requests_per_s: Any = None
    gain: Any = 0.0
    labels: int = 0
    ends_in: float | None = None


def replicas(stated: Any, requests_per_s: Any = None, least: Any = None) -> Any:
    """Replicas that serve the peak.

    >>> from promptceiling.decision import Assumptions
    >>> replicas(Assumptions(requests_per_month=30e6, peak_to_mean=4, requests_per_s_per_replica=10))
    5
    """
    rate = stated.requests_per_s_per_replica if requests_per_s is None else requests_per_s
    peak = stated.requests_per_month / SECONDS_PER_MONTH * stated.peak_to_mean
    return _most(_up(peak / rate), stated.min_replicas if least is None else least)


def setup_usd(kind: Kind, stated: Any, measured: Measured) -> Sums:
    """What has to be paid before the option serves, line by line."""
    w = stated.usd_per_hour
    if kind == "fine-tune":
        missing = _most(stated.labels_enough - measured.labels, 0)
        return {
            "data collection": stated.data_hours * w, "labels that are missing": missing / stated.labels_per_hour * w,
            "training": stated.training_hours * w + stated.training_usd,
            "evaluation": stated.evaluation_hours * w, "deployment": stated.deployment_hours * w}
    if kind == "local":
        return {"set-up": stated.local_setup_hours * w}
    return {"iterations": stated.prompt_setup_hours * w}


def month_usd(kind: Kind, stated: Any, measured: Measured) -> Sums:
    """What a month costs, line by line."""
    w = stated.usd_per_hour
    if kind in ("prompt", "decisions"):
        return {"calls": calls_usd(stated, measured.usd_per_request), "watching": stated.prompt_hours * w}
    watching = {"monitoring": stated.monitoring_hours * w, "drift detection": stated.drift_hours * w}
    if kind == "local":
        again = (stated.training_hours + stated.evaluation_hours) * w * stated.retrain_share
        serving = {"hosting": replicas(stated, measured.requests_per_s, 1) * stated.cpu_usd_per_month}
    else:
        again = round_usd(stated) * stated.retrain_share + stated.training_usd
        serving = ({"hosting": replicas(stated, measured.requests_per_s) * stated.gpu_usd_per_hour * HOURS_PER_MONTH}
                   if measured.usd_per_request is None
                   else {"calls": calls_usd(stated, measured.usd_per_request)})
    return serving | watching | {"re-training": again / stated.retrain_every_months}


def forced_usd(kind: Kind, stated: Any, measured: Measured) -> Any:
    """What the end of the base model costs, once; 0 where none is known within the horizon."""
    if measured.ends_in is None or measured.ends_in > stated.horizon_months or kind == "local":
        return 0.0
    if kind == "fine-tune":
        return round_usd(stated) + stated.training_usd
    return stated.evaluation_hours * stated.usd_per_hour


def calls_usd(stated: Any, usd_per_request: Any) -> Any:
    """Calls of a month at what is paid of the listed price; NaN where a request's cost is not known."""
    return math.nan if usd_per_request is None else stated.requests_per_month * usd_per_request * rate_of(stated)


def round_usd(stated: Any) -> Any:
    """The hours of a first round of the loop."""
    hours = stated.data_hours + stated.training_hours + stated.evaluation_hours + stated.deployment_hours
    return hours * stated.usd_per_hour


def cumulative_usd(kind: Kind, stated: Any, measured: Measured, months: int) -> list[Any]:
    """What has been paid by the end of each month, from the day of the set-up (month 0) on."""
    first, month = total(setup_usd(kind, stated, measured)), total(month_usd(kind, stated, measured))
    forced = forced_usd(kind, stated, measured)
    ends = math.inf if measured.ends_in is None else measured.ends_in
    return [first + month * k + (forced if ends <= k else 0.0) for k in range(months + 1)]


def saving_usd(stated: Any, prompt: Measured, tuned: Measured) -> Any:
    """What a fine-tune saves in a month against the prompt, the wrong answers that it avoids counted as stated."""
    avoided = tuned.gain * stated.requests_per_month * stated.usd_per_error
    return (total(month_usd("prompt", stated, prompt)) - total(month_usd("fine-tune", stated, tuned)) + avoided)


def payback_months(stated: Any, prompt: Measured, tuned: Measured) -> Any:
    """Months until savings have paid a fine-tune's set-up; infinite where a month saves nothing.

    The prompt's set-up is paid in either case: nobody tunes without one to hold it against.
    """
    return months_to_pay(total(setup_usd("fine-tune", stated, tuned)), saving_usd(stated, prompt, tuned))


def months_to_pay(first: Any, saved: Any) -> Any:
    """Months until what is saved each month has paid a first sum; infinite where nothing is saved."""
    if isinstance(saved, np.ndarray):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(saved > 0, first / np.where(saved > 0, saved, 1.0), np.inf)
    return math.nan if math.isnan(saved) else first / saved if saved > 0 else math.inf


def break_even_volume(
    saved: Callable[[NDArray[np.float64]], NDArray[np.float64]], *, low: float = 1e2, high: float = 1e11,
    steps: int = 240,
) -> NDArray[np.float64]:
    """The volume a month from which on a fine-tune has saved more by the horizon than it cost, shape (worlds,).

    saved: volumes, shape (steps, 1) -> what is saved by the horizon, shape (steps, worlds). Infinite where nothing is
    saved at the largest volume. Replicas come in steps, so that a larger volume can lose again: the answer is beyond
    the last volume of a grid that loses, found between it and the next by a straight line.
    """
    volumes = np.geomspace(low, high, steps)
    gains = saved(volumes[:, None])
    losing = ~(gains >= 0)
    last = steps - 1 - losing[::-1].argmax(axis=0)  # the last that loses, where any does
    before, after = np.minimum(last, steps - 2), np.minimum(last + 1, steps - 1)
    worlds = np.arange(gains.shape[1])
    lost, won = gains[before, worlds], gains[after, worlds]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = volumes[before] + (volumes[after] - volumes[before]) * -lost / (won - lost)
    return np.where(losing[-1], np.inf, np.where(losing.any(axis=0), between, low))


def saved_by_horizon(stated: Any, prompt: Measured, tuned: Measured) -> Any:
    """What a fine-tune has saved at the end of the horizon, its set-up and the forced round paid."""
    forced = forced_usd("prompt", stated, prompt) - forced_usd("fine-tune", stated, tuned)
    return (saving_usd(stated, prompt, tuned) * stated.horizon_months + forced
            - total(setup_usd("fine-tune", stated, tuned)))


def total(sums: Sums) -> Any:
    """The sum of all lines."""
    return sum(sums.values())


def _most(a: Any, b: Any) -> Any:
    return np.maximum(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else max(a, b)


def _up(x: Any) -> Any:
    return np.ceil(x) if isinstance(x, np.ndarray) else math.ceil(x) if math.isfinite(x) else x
