import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from tests.made_up import made_cases, made_set

from promptceiling.labeled_set import audit
from promptceiling.labeled_set.agreement import kappa_of


def finding(cases, code, **options):
    return next(f for f in audit(made_set(cases), **options) if f.code == code)


def double_read(yes_yes, yes_no, no_yes, no_no):
    """Cases that were read twice, by how often the first and the second reader said yes and no."""
    readings = [("yes", "yes")] * yes_yes + [("yes", "no")] * yes_no + [("no", "yes")] * no_yes + [("no", "no")] * no_no
    return [case | {"expected_category": first, "second_category": second}
            for case, (first, second) in zip(made_cases(len(readings)), readings, strict=True)]


def test_kappa_is_scikit_learns():
    """On random readings of four labels the value is equal, and its interval holds it."""
    rng = np.random.default_rng(0)
    first = rng.choice(list("abcd"), 200).tolist()
    second = [x if rng.random() < 0.7 else rng.choice(list("abcd")) for x in first]
    found = kappa_of(first, second)

    assert found.value == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    assert found.low < found.value < found.high
    assert kappa_of(["a"] * 5, ["a"] * 5) is None


def test_second_reading_has_the_textbook_kappa():
    """20, 5, 10 and 15 of 50 readings give kappa 0.40.

    They agree on 35 / 50 = 0.7; by chance they would on (25 * 30 + 25 * 20) / 50^2 = 0.5; so kappa is
    (0.7 - 0.5) / (1 - 0.5) = 0.4. Wilson's interval of 35 / 50 is [0.5625, 0.8090], so that of kappa is
    [0.0625 / 0.5, 0.3090 / 0.5].
    """
    found = finding(double_read(20, 5, 10, 15), "agreement")

    assert "A second reading of 50 cases agrees on 70.0% [56.2%, 80.9%]" in found.message
    assert "Cohen's kappa is 0.40 [0.12, 0.62]." in found.message
    assert found.severity == "weakens"


def test_disagreements_are_listed_by_row():
    """The rows on which the two readings differ are named, and settling them is the remedy."""
    found = finding(double_read(3, 1, 1, 3), "agreement")

    assert found.rows == (4, 5)
    assert found.remedy.startswith("Settle the disagreements")


def test_full_agreement_is_fine():
    """Two readings that never differ have kappa 1 and ask for nothing; 20 cases leave room below it.

    Wilson's lower end of 20 / 20 is 0.8389, and by chance half agree: (0.8389 - 0.5) / 0.5 = 0.678.
    """
    found = finding(double_read(10, 0, 0, 10), "agreement")

    assert (found.severity, found.remedy, found.rows) == ("fine", "", ())
    assert "Cohen's kappa is 1.00 [0.68, 1.00]." in found.message


def test_agreement_that_is_too_good_is_doubted():
    """Two readings of 200 cases that differ once are fine, and the finding asks whether the second was independent."""
    assert "did not see the first's labels" in finding(double_read(100, 1, 0, 99), "agreement").why
    assert "did not see" not in finding(double_read(95, 10, 0, 95), "agreement").why


def test_kappa_of_a_single_class_is_said_to_be_undefined():
    """Where both readers gave one class only there is no kappa, and no "nan" is shown."""
    cases = double_read(6, 0, 0, 0) + [case | {"id": "x", "second_category": ""} for case in made_cases(1)]
    found = finding(cases, "agreement")

    assert "kappa is not defined, since one class alone occurs" in found.message
    assert found.severity == "weakens"


def test_cases_read_once_are_no_part_of_the_agreement():
    """Only the cases with a second reading are counted."""
    cases = double_read(5, 0, 0, 5)
    once = [case | {"id": f"once{k}", "second_category": ""} for k, case in enumerate(made_cases(7, seed=1))]

    assert "A second reading of 10 cases" in finding(cases + once, "agreement").message


def test_without_a_second_reading_nothing_is_said_of_it():
    """A column of second readings that is missing or empty makes no finding."""
    cases = made_cases(6)

    assert not [f for f in audit(made_set(cases)) if f.code == "agreement"]
    assert not [f for f in audit(made_set([c | {"second_category": ""} for c in cases])) if f.code == "agreement"]


@pytest.mark.parametrize(("n", "severity", "remedy"), [
    (29, "weakens", "Label 1 more while few-shot prompting serves."), (30, "fine", ""), (31, "fine", "")])
def test_too_few_cases_weaken_and_say_how_many_are_missing(n, severity, remedy):
    """The size is measured against the number that is called enough, and the difference is named."""
    found = finding(made_cases(n), "size", enough=30)

    assert (found.severity, found.remedy) == (severity, remedy)


def test_size_names_the_smallest_class():
    """10 cases in three classes are 4, 3 and 3; one relabeled leaves a class with a single case."""
    cases = [*made_cases(10), made_cases(1)[0] | {"id": "x", "expected_category": "rare"}]

    assert finding(cases, "size").message == "11 labeled cases in 4 classes; the smallest, 'rare', has 1."


@pytest.mark.parametrize(("common", "severity"), [(81, "weakens"), (80, "fine")])
def test_one_class_above_four_fifths_weakens(common, severity):
    """With more than 80 of 100 cases in a class, the constant answer scores nearly as high as a good one."""
    cases = [case | {"expected_category": "a" if k < common else "b"} for k, case in enumerate(made_cases(100))]
    found = finding(cases, "balance")

    assert found.severity == severity
    assert f"'a', is {common} of 100 ({common}.0% [" in found.message
    constant = found.figure("constant_f1")
    assert f"a weighted F1 of {constant.value:.2f} [{constant.low:.2f}, {constant.high:.2f}]" in found.message
    assert constant.value == pytest.approx(2 * (common / 100) ** 2 / (1 + common / 100))
    assert constant.low < constant.value < constant.high
    assert f"{common} to {100 - common} cases" in found.message


def test_one_text_with_two_labels_is_told():
    """The same words under two labels are named by their rows: nothing can score both right."""
    cases = made_cases(60)
    cases[50] |= {"input": cases[10]["input"].upper(), "expected_category": "other"}

    assert finding(cases, "conflicting_labels").rows == (11, 51)


def test_one_text_twice_with_one_label_is_no_conflict():
    """A plain repeat is a near-duplicate and contradicts nothing."""
    cases = made_cases(60)
    cases[50] |= {"input": cases[10]["input"], "expected_category": cases[10]["expected_category"]}

    assert not [f for f in audit(made_set(cases)) if f.code == "conflicting_labels"]
    assert finding(cases, "near_duplicates").message == (
        "1 of 60 (1.7% [0.3%, 8.9%]) cases nearly repeat an earlier one, 1 of them in all but case, space and "
        "punctuation.")


def test_many_near_duplicates_weaken_and_name_the_later_ones():
    """From 2% on, repeats weaken the set, and the rows that could go are named."""
    cases = made_cases(60)
    for k in (50, 51):
        cases[k] |= {"input": cases[k - 30]["input"] + "!"}
    found = finding(cases, "near_duplicates")

    assert (found.severity, found.rows) == ("weakens", (51, 52))


def test_worst_comes_first():
    """Findings that weaken stand before those that are fine."""
    severities = [f.severity for f in audit(made_set(double_read(20, 5, 10, 15)))]

    assert severities == sorted(severities, key=("blocks", "weakens", "fine").index)
    assert {"weakens", "fine"} <= set(severities)
