import warnings

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from tests.made_up import made_cases, real_set

from promptceiling.labeled_set import held_out, label_errors
from promptceiling.labeled_set.label_errors import find_label_errors


def searched(cases, *, seed=0, share=0.05):
    """(share of flipped labels among the top 5% ranked, the same for the lowest out-of-fold probability)."""
    rng = np.random.default_rng(seed)
    labels = cases["expected_category"].to_numpy(dtype=object).copy()
    k = int(share * len(labels))
    flipped = rng.choice(len(labels), k, replace=False)
    classes = np.unique(labels)
    for at in flipped:
        labels[at] = rng.choice(classes[classes != labels[at]])
    found = find_label_errors(cases["input"].tolist(), labels.tolist(), cases["id"].tolist())
    baseline = found.order[np.argsort(found.given_p, kind="stable")]
    return float(np.isin(found.order[:k], flipped).mean()), float(np.isin(baseline[:k], flipped).mean())


def test_flipped_labels_rank_first():
    """With 5% of labels flipped at random, two thirds of the top 5% are flipped ones, and no fewer than the baseline's.

    The baseline ranks by the lowest probability of the given label, from the same model. `tests/simulations` holds the
    same over three whole sets and ten draws.
    """
    cases = real_set("banking77_test").cases.iloc[::2]
    ours, baseline = np.mean([searched(cases, seed=seed) for seed in range(3)], axis=0)

    assert ours >= max(baseline, 2 / 3)


def test_unit_of_a_case_has_no_part_in_its_score():
    """Leaving a fold out by its block of the inverse gives what fitting anew without it gives, to rounding.

    The reference is scikit-learn's ridge regression on the same features and a constant column, weighted alike.
    """
    cases = made_cases(40)
    texts, folds = [c["input"] for c in cases], np.array([*range(20), *[20, 21] * 5, *[22] * 10])
    targets = np.eye(3)[[k % 3 for k in range(40)]]
    weights = np.linspace(0.5, 2, 40)
    features = np.column_stack([held_out._features(texts).toarray(), np.ones(40)])
    expected = np.zeros_like(targets)
    for fold in range(23):
        fit = Ridge(alpha=1.0, fit_intercept=False, tol=1e-12).fit(
            features[folds != fold], targets[folds != fold], sample_weight=weights[folds != fold])
        expected[folds == fold] = fit.predict(features[folds == fold])

    assert np.abs(held_out.held_out_scores(texts, targets, folds, 0, weights) - expected).max() < 1e-5


def test_features_are_those_of_scikit_learn():
    """N-grams cut once a word and counted once a text give the TF-IDF values that cutting every text gives."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["My CARD card  card was\tdeclined", "Ça va? Où est ma carte", "a", "كيف حالك card", "my card, my Card"]
    ours = held_out._features(texts).toarray()
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), dtype=np.float32).fit_transform(texts).toarray()
    grams = TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(3, 4), min_df=2, dtype=np.float32)

    assert np.allclose(ours, np.hstack([words, grams.fit_transform(texts).toarray()]), atol=1e-6)


@pytest.mark.parametrize("longest", [10**9, 200])
def test_reduced_features_are_those_of_scikit_learn(monkeypatch, longest):
    """From the same start the singular vectors give the inner products that scikit-learn's randomised SVD gives."""
    from sklearn.utils.extmath import randomized_svd

    monkeypatch.setattr(held_out, "_DIMENSIONS", 40)
    found = held_out._features([c["input"] for c in made_cases(300)])
    common = found[:, np.flatnonzero(np.bincount(found.indices, minlength=found.shape[1]) > 1)[:longest]]
    left, values, _ = randomized_svd(common, 40, n_iter=3, random_state=0)
    ours = held_out._reduced(common, 0)

    assert np.abs(ours @ ours.T - (left * values**2) @ left.T).max() < 1e-4


def test_large_sets_are_searched_by_their_singular_vectors(monkeypatch):
    """Above the size that is solved exactly, the flipped labels of an easy set still rank first."""
    monkeypatch.setattr(held_out, "EXACT", 50)
    monkeypatch.setattr(label_errors, "EXACT", 50)
    cases = made_cases(120)
    given = ["export" if k % 20 == 0 else c["expected_category"] for k, c in enumerate(cases)]
    flipped = {k for k in range(120) if given[k] != cases[k]["expected_category"]}

    found = find_label_errors([c["input"] for c in cases], given, [c["id"] for c in cases])

    assert set(found.order[: len(flipped)].tolist()) == flipped


def test_flipped_labels_of_an_easy_set_are_all_found():
    """Where words give the class away, the flipped labels rank first, each with its true label proposed."""
    import pandas as pd

    cases = pd.DataFrame(made_cases(240))
    truth = cases["expected_category"].tolist()
    given = ["export" if k % 20 == 0 and label != "export" else label for k, label in enumerate(truth)]
    flipped = {k for k in range(240) if given[k] != truth[k]}

    found = find_label_errors(cases["input"].tolist(), given, cases["id"].tolist())

    first = list(zip(found.order.tolist(), found.proposed, strict=True))[: len(flipped)]
    assert {k for k, _ in first} == flipped
    assert all(truth[k] == proposed for k, proposed in first)
    assert found.suspected[: len(flipped)].mean() > 0.7
    assert not found.suspected[len(flipped) :].any()


def test_rank_does_not_depend_on_the_order_of_rows():
    """Sorting the file ranks the same cases in the same order."""
    cases = made_cases(90)
    texts, labels, ids = ([c[k] for c in cases] for k in ("input", "expected_category", "id"))
    order = np.random.default_rng(0).permutation(90)
    one = find_label_errors(texts, labels, ids)
    other = find_label_errors(*([values[k] for k in order] for values in (texts, labels, ids)))

    assert [ids[k] for k in one.order] == [ids[order[k]] for k in other.order]


@pytest.mark.parametrize("n", [0, 1, 20])
def test_too_few_cases_are_not_searched(n):
    """Below fifty cases there is nothing to learn from, and nothing is said."""
    cases = made_cases(n)

    assert find_label_errors(*([c[k] for c in cases] for k in ("input", "expected_category", "id"))) is None


def test_equal_texts_are_searched_without_a_warning():
    """5,000 texts that are all the same have nothing to tell labels apart by, and say so in no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find_label_errors(["n/a"] * 5000, ["x", "y"] * 2500, [str(k) for k in range(5000)])

    assert len(found.order) == 5000
