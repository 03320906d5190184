"""The learning curve of the local classifier: what more labels would bring, measured by drawing fewer of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
from sqlalchemy import insert, select

from promptceiling.errors import InputError, WorkspaceError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.runs import Workspace, schema
from promptceiling.scores import LearningCurve, learning_curve, point_metrics
from promptceiling.tuning.leaks import unleaked_train
from promptceiling.tuning.linear import CountedTexts

CURVE_MODEL = "linear SVM"
DRAWS, FEWEST, MOST_SIZES, LARGEST_SHARE = 5, 8, 5, 0.8


def curve_sizes(n: int) -> tuple[int, ...]:
    """Numbers of labels to draw of `n`: four fifths of them, so that draws differ, and half of that again and again.

    At most five sizes, none under eight, unless there are fewer labels.

    >>> curve_sizes(532)
    (27, 53, 106, 213, 426)
    """
    top = LARGEST_SHARE * n
    sizes = [max(1, round(top))]
    while len(sizes) < MOST_SIZES and top / 2 ** len(sizes) >= FEWEST:
        sizes.append(round(top / 2 ** len(sizes)))
    return tuple(reversed(sizes))


def drawn_predictions(
    train: Sequence[tuple[str, str]], texts: Sequence[str], sizes: Sequence[int], *, draws: int = DRAWS, seed: int = 0,
    on_draw: Callable[[int, int, list[str]], None] | None = None, skip: frozenset[tuple[int, int]] = frozenset(),
) -> dict[int, list[list[str]]]:
    """Predictions for `texts` by classifiers trained on drawn cases: size -> one list for each draw.

    train: (text, label) pairs. Each classifier is the one that `trained` makes, but for the probabilities. Draws of a
    size are independent of those of others; a draw with one label alone answers that label. `on_draw(size, draw,
    predictions)` hears of each; pairs in `skip` are left out. Draws share cases, the more the larger their size, so
    they differ less than sets of labels gathered anew would.
    """
    found: dict[int, list[list[str]]] = {}
    counted = CountedTexts([text for text, _ in train], texts)
    for size in sizes:
        for draw in range(draws):
            if (size, draw) in skip:
                continue
            rng = np.random.default_rng([seed, size, draw])
            chosen = np.sort(rng.permutation(len(train))[:size])
            labels = [train[k][1] for k in chosen]
            said = [labels[0]] * len(texts) if len(set(labels)) < 2 else counted.predicted(chosen, labels, seed=draw)
            found.setdefault(size, []).append(said)
            if on_draw:
                on_draw(size, draw, said)
    return found


def run_learning_curve(
    workspace: Workspace, labeled_set: LabeledSet, *, sizes: Sequence[int] | None = None, draws: int = DRAWS,
    seed: int = 0, on_progress: Callable[[int, int], None] | None = None,
) -> LearningCurve:
    """Train on drawn parts of the train split, keep every draw's predictions on validation, and fit the curve.

    Draws that the workspace has are not trained again, so a curve that was interrupted goes on where it was.
    `on_progress(done, total)` hears of each draw. Raises InputError for a split without cases or a size that the train
    split does not have, and TuningError where it has fewer than two labels.
    """
    train, validation = unleaked_train(labeled_set), labeled_set.split("validation")
    for split, cases in (("train", train), ("validation", validation)):
        if cases.empty:
            raise InputError(f"The split {split!r} of {labeled_set.name} has no cases.", column="split")
    sizes = curve_sizes(len(train)) if sizes is None else tuple(sorted(set(sizes)))
    bad = [size for size in sizes if not 1 <= size <= len(train)]
    if bad:
        raise InputError(f"A learning curve at {bad[0]} labels cannot be drawn: the train split has {len(train)} "
                         "cases.")
    key, place = workspace.save_set(labeled_set), {label: k for k, label in enumerate(labeled_set.labels())}
    model = _model(seed)
    stored = {(size, draw) for size, draw, _ in _kept(workspace, key, model)}
    total, done = len(sizes) * draws, len(stored & {(s, d) for s in sizes for d in range(draws)})

    def keep(size: int, draw: int, said: list[str]) -> None:
        nonlocal done
        with workspace.writing() as connection:
            connection.execute(insert(schema.curve_draws).values(
                set_key=key, model=model, split="validation", labels=size, draw=draw,
                predicted=json.dumps([place[label] for label in said])))
        done += 1
        if on_progress:
            on_progress(done, total)

    if on_progress:
        on_progress(done, total)
    drawn_predictions(
        list(zip(train["input"], train[EXPECTED + MAIN_FIELD], strict=True)), validation["input"].tolist(), sizes,
        draws=draws, seed=seed, on_draw=keep, skip=frozenset(stored))
    return _curve(labeled_set, _kept(workspace, key, model))


def learning_curve_of(workspace: Workspace, labeled_set: LabeledSet, *, seed: int = 0) -> LearningCurve | None:
    """The curve of weighted F1 on validation from the draws that are kept; None without any.

    Its points are over draws on the same validation cases: what the cases' own noise does to the height of the whole
    curve is in the classifier's own interval. Raises WorkspaceError for draws that do not fit the set.
    """
    kept = _kept(workspace, labeled_set.key, _model(seed))
    return _curve(labeled_set, kept) if kept else None


def _curve(labeled_set: LabeledSet, kept: Sequence[tuple[int, int, list[int]]]) -> LearningCurve:
    validation, labels = labeled_set.split("validation"), labeled_set.labels()
    expected = validation[EXPECTED + MAIN_FIELD].tolist()
    scores: dict[int, list[float]] = {}
    for size, draw, said in kept:
        if len(said) != len(expected) or not all(isinstance(k, int) and 0 <= k < len(labels) for k in said):
            raise WorkspaceError(f"Draw {draw} of the learning curve at {size} labels does not fit the labeled set; it "
                                 "was altered. Measure the curve again.")
        scores.setdefault(size, []).append(
            point_metrics(expected, [labels[k] for k in said], labels).f1_weighted)
    return learning_curve(scores)


def _model(seed: int) -> str:
    return f"{CURVE_MODEL}, seed {seed}"


def _kept(workspace: Workspace, set_key: str, model: str) -> list[tuple[int, int, list[int]]]:
    t = schema.curve_draws
    with workspace.engine.connect() as connection:
        rows = connection.execute(
            select(t.c.labels, t.c.draw, t.c.predicted).where(t.c.set_key == set_key, t.c.model == model)
            .order_by(t.c.labels, t.c.draw)).all()
    return [(labels, draw, json.loads(predicted)) for labels, draw, predicted in rows]
