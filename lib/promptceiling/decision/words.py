"""Numbers as text; the only place where a figure is rounded."""

from __future__ import annotations

import math
from collections.abc import Callable

from promptceiling.scores import Interval


def figure(interval: Interval) -> str:
    """A score with its interval.

    >>> figure(Interval(0.834, 0.8, 0.862, 360))
    '0.83 [0.80, 0.86]'
    """
    return f"{_two(interval.value)} [{_two(interval.low)}, {_two(interval.high)}]"


def points(difference: float) -> str:
    """A difference of scores in percentage points.

    >>> points(-0.0213)
    '-2.1 pp'
    """
    return "unknown" if math.isnan(difference) else f"{round(100 * difference, 1) + 0.0:+.1f} pp"


def of_kind(number: int, noun: str) -> str:
    """A number of things, by the name of one.

    >>> of_kind(1, "kind"), of_kind(1200, "kind")
    ('1 kind', '1,200 kinds')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def difference(interval: Interval) -> str:
    """A difference of scores in percentage points, with its interval.

    >>> difference(Interval(-0.034, -0.075, 0.008, 392))
    '-3.4 pp [-7.5, +0.8]'
    """
    low, high = (points(end).removesuffix(" pp") for end in (interval.low, interval.high))
    return f"{points(interval.value)} [{low}, {high}]"


def milliseconds(interval: Interval) -> str:
    """A latency; an end that too few calls leave open is said.

    >>> milliseconds(Interval(6.21, 5.9, math.inf, 40))
    '6.2 ms [5.9, open]'
    """
    high = "open" if math.isinf(interval.high) else _short(interval.high)
    return f"{_short(interval.value)} ms [{_short(interval.low)}, {high}]"


def dollars(interval: Interval) -> str:
    """An amount in USD, as `usd` rounds it.

    >>> dollars(Interval(0.01234, 0.012, 0.0127, 400)), dollars(Interval(95.0, 88.125, 104.2, 400))
    ('$0.0123 [0.0120, 0.0127]', '$95.00 [88.12, 104]')
    """
    return f"${_money(interval.value)} [{_money(interval.low)}, {_money(interval.high)}]"


def amount(interval: Interval) -> str:
    """An amount in USD, with its interval and n where it was measured; else it follows from what is stated.

    >>> amount(Interval(2140.7, 2140.7, 2140.7, 0)), amount(Interval(430.0, 429.0, 431.0, 404))
    ('$2,141 (stated)', '$430 [429, 431], n 404')
    """
    measured = interval.n and interval.low != interval.high
    return f"{dollars(interval)}, n {interval.n}" if measured else f"{usd(interval.value)} (stated)"


def _two(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{value:.2f}"


def _short(value: float) -> str:
    if math.isnan(value):
        return "unknown"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _money(value: float) -> str:
    if math.isnan(value):
        return "unknown"
    if value == 0 or math.isinf(value):
        return f"{value:g}"
    digits = 0 if abs(value) >= 100 else 2 if abs(value) >= 1 else 2 - math.floor(math.log10(abs(value)))
    return f"{value:,.{digits}f}"


def percent(share: float) -> str:
    """A share in whole percent; one that is neither all nor none is never rounded to it.

    >>> percent(0.998), percent(0.002), percent(1), percent(0.256)
    ('99%', '1%', '100%', '26%')
    """
    return f"{share:.0%}" if share in (0, 1) else f"{min(max(share, 0.01), 0.99):.0%}"


def span(interval: Interval, say: Callable[[float], str]) -> str:
    """A figure and its range, each end in words.

    >>> span(Interval(2.0, 1.5, math.inf, 400), months)
    '2 months [1.5 months, never]'
    """
    return f"{say(interval.value)} [{say(interval.low)}, {say(interval.high)}]"


def paid_back(interval: Interval, worlds: int) -> str:
    """When a fine-tune has paid for itself, as the end of a sentence that begins with it.

    >>> paid_back(Interval(math.inf, math.inf, math.inf, 400), 400)
    'never pays for itself, in none of 400 plausible worlds'
    >>> paid_back(Interval(2.0, 1.0, 5.0, 400), 400)
    'has paid for itself after 2 months [1 month, 5 months] (range of 400 plausible worlds)'
    """
    if math.isinf(interval.value) and math.isinf(interval.low):
        return f"never pays for itself, in none of {worlds} plausible worlds"
    when = f"never as stated, in some worlds after {months(interval.low)}" if math.isinf(interval.value) else (
        f"after {span(interval, months)}")
    return f"has paid for itself {when} (range of {worlds} plausible worlds)"


def breaks_even(interval: Interval, horizon_months: int) -> str:
    """From which volume on a fine-tune has saved more than it cost, in a sentence.

    >>> breaks_even(Interval(2e6, 1e6, math.inf, 400), 12)
    'It breaks even within 12 months from 2 million [1 million, no volume] requests a month on (400 plausible worlds).'
    >>> breaks_even(Interval(math.inf, 3e6, math.inf, 400), 12)
    'It breaks even within 12 months at no volume, in some of 400 plausible worlds from 3 million requests a month on.'
    """
    def volume(requests: float) -> str:
        return count(requests) if math.isfinite(requests) else "no volume"

    head = f"It breaks even within {horizon_months} months"
    if math.isfinite(interval.value):
        return f"{head} from {span(interval, volume)} requests a month on ({interval.n} plausible worlds)."
    if math.isfinite(interval.low):
        return (f"{head} at no volume, in some of {interval.n} plausible worlds from {count(interval.low)} requests a "
                "month on.")
    return f"{head} at no volume, in none of {interval.n} plausible worlds."


def usd(amount: float) -> str:
    """An amount in USD: whole dollars from 100 on, cents from 1 on where there are any, else three significant digits.

    >>> usd(1234.5), usd(10.6), usd(40), usd(0.01234), usd(0)
    ('$1,234', '$10.60', '$40', '$0.0123', '$0')
    """
    return "unknown" if math.isnan(amount) else f"${_money(amount).removesuffix('.00')}"


def count(number: float) -> str:
    """A large count in words that are read at a glance.

    >>> count(100_000), count(41_200_000), count(2.5e9)
    ('100,000', '41.2 million', '2.5 billion')
    """
    if not math.isfinite(number):
        return "no number"
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{float(f'{number / size:.3g}'):,g} {name}"
    return f"{number:,.0f}"


def rough(number: float) -> str:
    """An estimated count, to the three digits that an estimate carries.

    >>> rough(139_318), rough(2_868_720), rough(289)
    ('139,000', '2.87 million', '289')
    """
    return count(float(f"{number:.3g}"))


def months(number: float) -> str:
    """A time in months.

    >>> months(12), months(1.57), months(math.inf), months(1)
    ('12 months', '1.6 months', 'never', '1 month')
    """
    if math.isnan(number):
        return "unknown"
    if math.isinf(number):
        return "never"
    said = f"{number:,.0f}" if number >= 10 else f"{float(f'{number:.2g}'):g}"
    return f"{said} month{'' if said == '1' else 's'}"
