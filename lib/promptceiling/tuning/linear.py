"""A linear classifier over words and pieces of words: what is trained here, and how it is kept without pickle."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptceiling.errors import InputError, TuningError

RECIPE = "TF-IDF of words (1-2) and pieces of words (2-5), linear SVM"
_FOLDS = 3
_NO_WORD = "No train text has a word of two letters, so there is nothing to learn from."
_TEMPERATURES = np.geomspace(0.05, 5.0, 25)
_SETTINGS: tuple[dict[str, Any], ...] = (
    {"sublinear_tf": True, "ngram_range": (1, 2), "dtype": np.float32},
    {"sublinear_tf": True, "analyzer": "char_wb", "ngram_range": (2, 5), "dtype": np.float32},
)
Floats = NDArray[np.float64]


class LinearClassifier:
    """TF-IDF of words and of character n-grams within words, under one linear SVM a label.

    Made by `trained` or `load`. Equal texts, labels and seed give equal answers.

    Attributes
    ----------
    labels: the labels that it can answer, sorted.
    temperature: what the decision values are divided by before they become probabilities.
    """

    def __init__(self, vectorizers: Sequence[Any], coefficients: Floats, intercepts: Floats, labels: Sequence[str],
                 temperature: float) -> None:
        self._vectorizers = list(vectorizers)
        self._coefficients, self._intercepts = coefficients, intercepts
        self.labels, self.temperature = tuple(labels), temperature

    def decide(self, texts: Sequence[str]) -> Floats:
        """Decision values, shape (texts, labels)."""
        from scipy.sparse import hstack  # imported late: pages that only read need not wait for it

        rows = hstack([v.transform(list(texts)) for v in self._vectorizers]).tocsr()
        return np.asarray(rows @ self._coefficients + self._intercepts, dtype=np.float64)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest label of each text."""
        return [self.labels[k] for k in self.decide(texts).argmax(axis=1)]

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Probabilities, shape (texts, labels): a softmax whose temperature was fitted out of fold on the train split
        (Guo et al. 2017, "On calibration of modern neural networks")."""
        return _softmax(self.decide(texts) / self.temperature)

    def save(self, folder: str | Path) -> None:
        """Write the classifier as JSON and plain arrays; nothing is pickled. Raises TuningError where it cannot."""
        folder = Path(folder)
        about = {"recipe": RECIPE, "labels": list(self.labels), "temperature": self.temperature,
                 "terms": [sorted(v.vocabulary_, key=v.vocabulary_.__getitem__) for v in self._vectorizers]}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "classifier.json").write_text(json.dumps(about), encoding="ascii")
            np.savez_compressed(
                folder / "weights.npz", allow_pickle=False, coefficients=self._coefficients,
                intercepts=self._intercepts, **{f"idf_{k}": v.idf_ for k, v in enumerate(self._vectorizers)})
        except OSError as error:
            raise TuningError(f"The classifier cannot be written to {folder}: {error.strerror}.") from None

    @classmethod
    def load(cls, folder: str | Path) -> LinearClassifier:
        """The classifier that `save` wrote: it answers as that one did. Raises InputError for anything else."""
        folder = Path(folder)
        try:
            about = json.loads((folder / "classifier.json").read_text(encoding="ascii"))
            with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
                vectorizers = [_vectorizer(k, terms, arrays[f"idf_{k}"]) for k, terms in enumerate(about["terms"])]
                return cls(vectorizers, arrays["coefficients"], arrays["intercepts"], about["labels"],
                           float(about["temperature"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{folder} holds no classifier that was saved here ({type(error).__name__}). Expected "
                             "classifier.json and weights.npz; train it again.", file=str(folder)) from None


def trained(texts: Sequence[str], labels: Sequence[str], *, seed: int = 0, calibrated: bool = True) -> LinearClassifier:
    """A classifier trained on texts and labels, in about a second for 2,000 short texts.

    With `calibrated` its temperature is fitted on three folds, which takes three more trainings; without, probabilities
    are those of temperature 1. Raises TuningError for fewer than two labels, or texts without a word.
    """
    from scipy.sparse import hstack  # imported late: pages that only read need not wait for it
    from sklearn.feature_extraction.text import TfidfVectorizer

    names = sorted(set(labels))
    if len(names) < 2:
        raise TuningError(f"The train split has only the label {names[0]!r}; a classifier needs at least two. "
                          "Label cases of another class." if names else "There is no train case to learn from.")
    vectorizers = [TfidfVectorizer(**settings) for settings in _SETTINGS]
    try:
        parts = [v.fit_transform(list(texts)) for v in vectorizers]
    except ValueError:
        raise TuningError(_NO_WORD) from None
    coefficients, intercepts, temperature = fitted(hstack(parts).tocsr(), labels, seed=seed, calibrated=calibrated)
    return LinearClassifier(vectorizers, coefficients, intercepts, names, temperature)


def fitted(rows: Any, labels: Sequence[str], *, seed: int, calibrated: bool) -> tuple[Floats, Floats, float]:
    """Coefficients (features, labels), intercepts and temperature of a linear SVM over any features."""
    codes = np.unique(np.asarray(labels, dtype=object), return_inverse=True)[1]
    temperature = _temperature(rows, codes, seed) if calibrated else 1.0
    return *_svm(rows, codes, seed), temperature


class CountedTexts:
    """Texts whose n-grams are counted once, for training on many parts of them.

    train, texts: those that are drawn from, and those that are predicted.
    """

    def __init__(self, train: Sequence[str], texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import CountVectorizer  # imported late, as above

        counters = [CountVectorizer(**{k: v for k, v in s.items() if k != "sublinear_tf"}) for s in _SETTINGS]
        try:
            self._train = [counter.fit_transform(list(train)).tocsr() for counter in counters]
        except ValueError:
            raise TuningError(_NO_WORD) from None
        self._texts = [counter.transform(list(texts)).tocsc() for counter in counters]

    def predicted(self, chosen: NDArray[np.intp], labels: Sequence[str], *, seed: int) -> list[str]:
        """What `trained` on the chosen train texts predicts: the same n-grams, weights and answers."""
        from scipy.sparse import hstack  # imported late, as above
        from sklearn.feature_extraction.text import TfidfTransformer

        rows, held = [], []
        for counts, others in zip(self._train, self._texts, strict=True):
            own = counts[chosen].tocsc()
            there = np.flatnonzero(own.getnnz(axis=0))
            weights = TfidfTransformer(sublinear_tf=True).fit(own[:, there])
            rows.append(weights.transform(own[:, there]))
            held.append(weights.transform(others[:, there]))
        coefficients, intercepts, _ = fitted(hstack(rows).tocsr(), labels, seed=seed, calibrated=False)
        names = sorted(set(labels))
        return [names[k] for k in np.asarray(hstack(held).tocsr() @ coefficients + intercepts).argmax(axis=1)]


def _svm(rows: Any, codes: NDArray[np.intp], seed: int) -> tuple[Floats, Floats]:
    from sklearn.svm import LinearSVC  # imported late: pages that only read need not wait for it

    with warnings.catch_warnings():  # few cases of many labels are what a learning curve begins with
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        model = LinearSVC(C=1.0, random_state=seed).fit(rows, codes)
    if len(model.classes_) == 2:  # one row stands for both
        return np.vstack([-model.coef_, model.coef_]).T, np.concatenate([-model.intercept_, model.intercept_])
    return np.ascontiguousarray(model.coef_.T), np.asarray(model.intercept_)


def _temperature(rows: Any, codes: NDArray[np.intp], seed: int) -> float:
    """The temperature with the least log loss over out-of-fold decision values; 1 where folds miss a label."""
    from sklearn.model_selection import StratifiedKFold  # imported late, as above

    counts = np.bincount(codes)
    usable = counts >= _FOLDS  # a rarer label is in no fold's training half for certain
    if usable.sum() < 2:
        return 1.0
    kept = usable[codes]
    rows, codes = rows[np.flatnonzero(kept)], np.unique(codes[kept], return_inverse=True)[1]
    decided, truth = [], []
    for train, held in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(np.zeros(len(codes)), codes):
        coefficients, intercepts = _svm(rows[train], codes[train], seed)
        decided.append(np.asarray(rows[held] @ coefficients + intercepts))
        truth.append(codes[held])
    values, right = np.vstack(decided), np.concatenate(truth)
    losses = [-np.log(_softmax(values / t)[np.arange(len(right)), right].clip(1e-12)).mean() for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _vectorizer(place: int, terms: Sequence[str], idf: Floats) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer  # imported late, as above

    vectorizer = TfidfVectorizer(**_SETTINGS[place], vocabulary={term: k for k, term in enumerate(terms)})
    vectorizer.idf_ = idf.astype(np.float32)
    return vectorizer


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
