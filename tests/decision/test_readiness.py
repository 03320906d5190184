"""Whether the labels carry a fine-tune."""

import pytest
from tests.made_up import made_cases, made_set

from promptceiling.decision import Readiness, gather
from promptceiling.decision.readiness import keep_production, readiness_of
from promptceiling.errors import WorkspaceError
from promptceiling.labeled_set import audit, compare_with_production, split_labeled_set
from promptceiling.runs import Workspace
from promptceiling.scores import Interval, learning_curve

NOTHING = Readiness(1000, 400, None, None, None, None)


def state(readiness, place):
    return readiness.conditions()[place]


@pytest.mark.parametrize(("labels", "wanted", "said"), [(499, 500, "not met"), (500, 500, "met"), (50, 40, "met")])
def test_enough_labels_by_the_stated_number(labels, wanted, said):
    """The number is a default that a user can change; the remedy says how many are missing."""
    found = Readiness(labels, 1, None, None, None, None).conditions(wanted)[0]
    assert (found.state, found.remedy) == (said, "" if said == "met" else f"Label {wanted - labels:,} more.")


@pytest.mark.parametrize(("kappa", "said"), [((0.8, 0.7, 0.9), "met"), ((0.4, 0.3, 0.5), "not met"),
                                             ((0.6, 0.5, 0.7), "undecidable")])
def test_second_reading_is_judged_by_the_interval_of_kappa(kappa, said):
    """A kappa alone never decides."""
    found = state(Readiness(1000, 400, Interval(0.9, 0.85, 0.95, 200), Interval(*kappa, 200), None, None), 1)
    assert found.state == said
    assert "200 cases were labeled alike" in found.reason


@pytest.mark.parametrize(("auc", "said"), [((0.52, 0.48, 0.56), "met"), ((0.9, 0.87, 0.93), "not met"),
                                           ((0.6, 0.55, 0.65), "undecidable")])
def test_representative_by_the_interval_of_the_two_sample_test(auc, said):
    """An AUC whose interval holds the bar is undecidable."""
    assert state(Readiness(1000, 400, None, None, Interval(*auc, 300), None), 2).state == said


def test_what_was_not_measured_says_how_to():
    """Each missing condition has a remedy."""
    assert [c.state for c in NOTHING.conditions()] == ["met", *["not measured"] * 3]
    assert all(c.remedy for c in NOTHING.conditions()[1:])


@pytest.mark.parametrize(("curve", "said"), [
    ({k: [0.8 + d / 1000 for d in range(5)] for k in (50, 100, 200, 400)}, "met"),
    ({k: [0.95 - 2 * k**-0.5 + d / 1000 for d in range(5)] for k in (50, 100, 200, 400)}, "not met"),
    ({k: [0.7 + 0.1 * (k > 300) + d / 1000 for d in range(5)] for k in (50, 100, 200, 400)}, "undecidable"),
])
def test_curve_says_whether_twice_the_labels_would_move_the_score(curve, said):
    """Flat is met, climbing is not met, and a refused forecast is undecidable with its reason."""
    found = state(Readiness(1000, 400, None, None, None, learning_curve(curve)), 3)
    assert found.state == said
    assert ("no forecast" in found.reason) == (said == "undecidable")


def test_the_second_reading_is_the_audits(tmp_path):
    """Share and kappa are the figures that the audit of the same labels gives."""
    cases = [case | {"second_category": case["expected_category"] if k % 5 else "other"}
             for k, case in enumerate(made_cases(60))]
    labeled_set = split_labeled_set(made_set(cases))
    (found,) = [f for f in audit(labeled_set) if f.code == "agreement"]
    with Workspace(tmp_path, durable=False) as workspace:
        ready = readiness_of(workspace, labeled_set)

    for name, interval in (("agreement", ready.second_reading), ("kappa", ready.kappa)):
        figure = found.figure(name)
        assert interval == Interval(figure.value, figure.low, figure.high, figure.n)


def test_production_sample_is_kept_as_scores_and_its_auc_recomputed(tmp_path):
    """What was compared is part of the evidence, equal to what the comparison said, and no text of it is stored."""
    labeled_set = split_labeled_set(made_set(made_cases(60)))
    live = [case["input"] for case in made_cases(40, seed=1)] + [f"another subject number{k}" for k in range(6)]
    found = compare_with_production(labeled_set, live)
    with Workspace(tmp_path) as workspace:
        keep_production(workspace, labeled_set, found)
        keep_production(workspace, labeled_set, found)
        kept = gather(workspace, labeled_set.key).readiness.production_auc

        assert (kept.value, kept.low, kept.high, kept.n) == pytest.approx((found.auc, found.low, found.high, 46))
        assert 0 < found.low < found.high < 1
        with workspace.writing() as connection:
            connection.exec_driver_sql("UPDATE production SET labeled_scores = '[NaN, 1]'")
        with pytest.raises(WorkspaceError, match="not whole"):
            readiness_of(workspace, labeled_set)
    assert b"another subject" not in (tmp_path / "store.sqlite").read_bytes()
