"""Money, by hand: each option's set-up and month, replicas, what a shutdown costs, payback and break-even."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from promptceiling.decision import Assumptions
from promptceiling.decision.bill import (
    HOURS_PER_MONTH,
    Measured,
    break_even_volume,
    cumulative_usd,
    forced_usd,
    month_usd,
    payback_months,
    replicas,
    saved_by_horizon,
    setup_usd,
    total,
)

ROUND = {"usd_per_hour": 100, "data_hours": 20, "training_hours": 5, "evaluation_hours": 5, "deployment_hours": 10,
         "training_usd": 30, "labels_per_hour": 50, "labels_enough": 500}


def stated(**changes):
    return Assumptions(**(ROUND | changes))


def test_the_prompts_month_is_its_calls_and_its_watching():
    """2,000,000 requests at $0.00078 are $1,560; 4 hours at $100 are $400: $1,960. Set-up: 16 hours, $1,600."""
    a = stated(requests_per_month=2e6, prompt_hours=4, prompt_setup_hours=16)
    found = month_usd("prompt", a, Measured(usd_per_request=0.00078))

    assert found == {"calls": pytest.approx(1_560), "watching": 400}
    assert total(setup_usd("prompt", a, Measured())) == 1_600


def test_a_batch_and_a_price_factor_change_calls_alone():
    """Of $1,560, 40% wait for half the price: 1,560 x (1 - 0.4 x 0.5) = $1,248; at 1.5 times the price $1,872."""
    a = stated(requests_per_month=2e6, batch_share=0.4, batch_discount=0.5, price_factor=1.5, prompt_hours=4)
    found = month_usd("prompt", a, Measured(usd_per_request=0.00078))

    assert found == {"calls": pytest.approx(1_872), "watching": 400}


def test_a_fine_tunes_setup_is_a_round_of_the_loop_a_training_run_and_the_labels_that_are_missing():
    """20 hours of data $2,000; 200 of 500 labels missing at 50 an hour: 4 hours, $400; training 5 hours and $30: $530;
    evaluation $500; deployment $1,000. In all $4,430."""
    found = setup_usd("fine-tune", stated(), Measured(labels=300))

    assert found == {"data collection": 2_000, "labels that are missing": 400, "training": 530, "evaluation": 500,
                     "deployment": 1_000}
    assert total(found) == 4_430
    assert setup_usd("fine-tune", stated(), Measured(labels=800))["labels that are missing"] == 0


def test_a_hosted_fine_tunes_month_is_its_gpus_its_watching_and_its_share_of_a_re_training():
    """One replica at $1.20 an hour, 730.485 hours: $876.58. Monitoring 6 and drift 4 hours: $600 and $400. A
    re-training is half of 40 hours and a $30 run, $2,030, every 6 months: $338.33."""
    a = stated(gpu_usd_per_hour=1.2, monitoring_hours=6, drift_hours=4, retrain_share=0.5, retrain_every_months=6)
    found = month_usd("fine-tune", a, Measured())

    assert found == {"hosting": pytest.approx(876.582), "monitoring": 600, "drift detection": 400,
                     "re-training": pytest.approx(2_030 / 6)}


def test_a_fine_tune_that_is_billed_per_token_has_calls_and_no_gpu():
    """2,000,000 requests at $0.0003: $600, and the same people."""
    found = month_usd("fine-tune", stated(requests_per_month=2e6), Measured(usd_per_request=0.0003))

    assert found["calls"] == pytest.approx(600)
    assert "hosting" not in found


def test_the_local_classifiers_month_is_a_small_server_and_a_loop_of_training_and_evaluation():
    """Peak 2 x 10,000,000 / 2,629,746 s = 7.6 a second; a p95 of 250 ms serves 4: two servers at $40, $80. Re-training:
    half of 10 hours every 6 months, $83.33."""
    a = stated(requests_per_month=1e7, peak_to_mean=2, cpu_usd_per_month=40, retrain_share=0.5, retrain_every_months=6,
               monitoring_hours=6, drift_hours=4, local_setup_hours=8)
    found = month_usd("local", a, Measured(requests_per_s=4))

    assert found == {"hosting": 80, "monitoring": 600, "drift detection": 400, "re-training": pytest.approx(500 / 6)}
    assert total(setup_usd("local", a, Measured())) == 800


@pytest.mark.parametrize(("volume", "rate", "least", "expected"), [
    (100_000, 10, 1, 1), (30e6, 10, 1, 5), (30e6, 10, 8, 8), (30e6, None, 1, 5), (30e6, 100, 1, 1),
])
def test_replicas_serve_the_peak(volume, rate, least, expected):
    """30,000,000 a month are 11.4 a second, 45.6 at a peak of 4: five of 10 a second; never fewer than asked."""
    a = stated(requests_per_month=volume, peak_to_mean=4, min_replicas=least, requests_per_s_per_replica=10)

    assert replicas(a, rate) == expected


def test_the_end_of_a_base_model_costs_an_evaluation_or_a_round():
    """Within the horizon: the prompt is evaluated anew (5 hours), a fine-tune goes through 40 hours and a run again."""
    a, ending = stated(horizon_months=12), Measured(ends_in=1.6)

    assert forced_usd("prompt", a, ending) == 500
    assert forced_usd("fine-tune", a, ending) == 4_030
    assert forced_usd("fine-tune", a, Measured(ends_in=13.0)) == forced_usd("prompt", a, Measured()) == 0
    assert forced_usd("local", a, ending) == 0


def test_what_has_been_paid_grows_by_the_month_and_jumps_at_the_end_of_the_model():
    """Set-up $1,600, $400 a month, and $500 in the second month, when the base model ends."""
    a = stated(prompt_setup_hours=16, prompt_hours=4)

    assert cumulative_usd("prompt", a, Measured(usd_per_request=0.0, ends_in=1.6), 3) == [1_600, 2_000, 2_900, 3_300]


def test_a_fine_tune_pays_back_when_its_savings_have_covered_its_setup():
    """The prompt costs $20,000 + $400 a month; the tune $2,214.92: saved $18,185.08 a month, and $4,030 are paid
    after 0.22 months. With $0.01 for each of 8 points of 2,000,000 answers another $1,600 is saved."""
    a = stated(requests_per_month=2e6, retrain_share=0.5, retrain_every_months=6, requests_per_s_per_replica=10)
    prompt, tune = Measured(usd_per_request=0.01), Measured(gain=0.08, labels=500)
    saved = 20_400 - (1.2 * HOURS_PER_MONTH + 600 + 400 + 2_030 / 6)

    assert payback_months(a, prompt, tune) == pytest.approx(4_030 / saved)
    richer = stated(requests_per_month=2e6, usd_per_error=0.01)
    assert payback_months(richer, prompt, tune) == pytest.approx(4_030 / (saved + 1_600))
    assert payback_months(a, Measured(usd_per_request=0.0001), tune) == math.inf
    assert math.isnan(payback_months(a, Measured(), tune))


def test_break_even_is_the_volume_at_which_the_horizon_ends_level():
    """Saved over 12 months: 12 (0.01 V + 400 - 2,214.92) - 4,030 = 0 at V = 215,075, where one replica still does."""
    a = stated(retrain_share=0.5, retrain_every_months=6)

    def saved(volumes):
        world = SimpleNamespace(**{n: getattr(a, n) for n in Assumptions.__dataclass_fields__}
                                | {"requests_per_month": volumes})
        return saved_by_horizon(world, Measured(usd_per_request=0.01), Measured(labels=500))

    month = 1.2 * HOURS_PER_MONTH + 1_000 + 2_030 / 6
    (found,) = break_even_volume(saved)

    assert found == pytest.approx((month - 400 + 4_030 / 12) / 0.01, rel=1e-6)
    assert saved(np.array([[found * 1.0001]])) > 0 > saved(np.array([[found * 0.9999]]))


def test_there_is_no_break_even_where_a_replica_costs_more_than_the_calls_it_serves():
    """A request that costs next to nothing never pays for a GPU."""
    a = stated()
    world = SimpleNamespace(**{n: getattr(a, n) for n in Assumptions.__dataclass_fields__})

    def saved(volumes):
        world.requests_per_month = volumes
        return saved_by_horizon(world, Measured(usd_per_request=1e-9), Measured())

    assert break_even_volume(saved).tolist() == [math.inf]


def test_many_worlds_at_once_give_what_each_gives_alone():
    """Arrays of worlds: the same sums as world by world, for every option."""
    rng = np.random.default_rng(0)
    names = ("requests_per_month", "usd_per_hour", "gpu_usd_per_hour", "data_hours", "labels_per_hour")
    drawn = {n: getattr(stated(), n) * rng.lognormal(0, 0.5, 20) for n in names}
    base = {n: getattr(stated(), n) for n in Assumptions.__dataclass_fields__}
    together, usd = SimpleNamespace(**base | drawn), rng.lognormal(-6, 1, 20)

    for kind in ("prompt", "local", "fine-tune"):
        many = total(month_usd(kind, together, Measured(usd_per_request=None if kind != "prompt" else usd)))
        for k in range(20):
            one = SimpleNamespace(**base | {n: drawn[n][k] for n in names})
            alone = total(month_usd(kind, one, Measured(usd_per_request=None if kind != "prompt" else usd[k])))
            assert alone == pytest.approx(np.broadcast_to(many, 20)[k])
