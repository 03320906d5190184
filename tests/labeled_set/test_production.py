import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.made_up import WORDS, made_cases, made_set, real_set

from promptceiling.errors import InputError
from promptceiling.labeled_set import compare_with_production, data_file, read_labeled_set
from promptceiling.labeled_set.production import auc_interval


def test_two_halves_of_one_set_are_not_told_apart():
    """A random half of a set is representative of the other half."""
    cases = read_labeled_set(data_file("support_tickets.csv")).cases
    half = np.random.default_rng(0).permutation(len(cases)) % 2 == 0
    compared = compare_with_production(made_set(cases[half].drop(columns="row").to_dict("records")),
                                       cases.loc[~half, "input"].tolist())

    assert compared.low <= 0.5 <= compared.high
    assert compared.verdict == "representative"


def test_two_samples_of_one_source_hold_chance_in_their_interval():
    """Of 20 pairs of samples drawn from one source, the interval of the AUC holds 0.5 about 95 in 100 times.

    `tests/simulations/production.py` has the same of real questions; DeLong's interval alone holds it 80 to 90 times.
    """
    cases = [made_cases(80, seed=seed) for seed in range(20)]
    found = [compare_with_production(made_set(own[:40]), [c["input"] for c in own[40:]]) for own in cases]

    assert sum(f.low <= 0.5 <= f.high for f in found) >= 18
    assert not any(f.verdict == "not representative" for f in found)


def test_texts_of_another_kind_are_told_apart_and_named():
    """Bank questions against Ubuntu questions: not representative, with "card" among the terms that differ."""
    questions = real_set("banking77_test").cases["input"].tolist()[:600]
    compared = compare_with_production(real_set("askubuntu_test"), questions)

    assert compared.verdict == "not representative"
    assert compared.low > 0.9
    assert "card" in [word for word, *_ in compared.terms]
    assert len(compared.production_examples) == 5


def test_missing_class_in_the_labeled_set_shows():
    """Production with a third of its texts of a kind that was never labeled is told apart by that kind's words."""
    cases = made_cases(1200)
    labeled = [c for c in cases[:600] if c["expected_category"] != "export"]
    compared = compare_with_production(made_set(labeled), [c["input"] for c in cases[600:]])

    assert compared.verdict == "not representative"
    of_kind = [any(word in text for word in WORDS["export"]) for text in compared.production_examples]
    assert sum(of_kind) >= 3


def test_same_texts_on_both_sides_are_representative():
    """A labeled set drawn from the production sample is not told apart by memory of single texts."""
    cases = made_cases(200)
    compared = compare_with_production(made_set(cases[:100]), [c["input"] for c in cases])

    assert compared.low <= 0.5 <= compared.high or compared.high < 0.6


def test_auc_is_that_of_scikit_learn_and_its_interval_covers():
    """The AUC equals scikit-learn's; of 300 draws with a true AUC of 0.76 about 95% of the intervals hold it.

    Normal scores one standard deviation apart have AUC = Phi(1 / sqrt(2)) = 0.7602.
    """
    rng = np.random.default_rng(0)
    a, b = np.round(rng.normal(1, 1, 50), 1), np.round(rng.normal(0, 1, 70), 1)
    assert auc_interval(a, b)[0] == pytest.approx(roc_auc_score([1] * 50 + [0] * 70, np.concatenate([a, b])))

    held = 0
    for _ in range(300):
        _, low, high = auc_interval(rng.normal(1, 1, 60), rng.normal(0, 1, 60))
        held += low <= 0.7602 <= high
    assert 0.91 <= held / 300 <= 0.985


def test_too_few_production_texts_are_refused():
    """Below 30 texts there is nothing to compare."""
    with pytest.raises(InputError, match="production sample has 5 texts; expected at least 30"):
        compare_with_production(made_set(made_cases(60)), ["a", "b", "c", "d", "e"])
