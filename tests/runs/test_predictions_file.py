import asyncio
import csv
import re

import pandas as pd
import pytest
from tests.made_up import made_cases, made_set

from promptceiling.errors import InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Workspace, completions, run_variants
from promptceiling.runs.predictions_file import COLUMNS, paired, read_predictions, write_predictions


def given_file(tmp_path, content, name="predictions.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_written_predictions_are_read_back(tmp_path):
    """What a run writes is what `score` reads: the same rows, with every column of the contract."""
    labeled_set = split_labeled_set(made_set(made_cases(30)))
    with Workspace(tmp_path) as workspace:
        asyncio.run(run_variants(workspace, labeled_set, [PromptVariant("v", fields_of(labeled_set))], Endpoint()))
        frame = completions(workspace, labeled_set)
    frame.loc[0, ["outcome", "predicted"]] = ["unparsed", None]
    write_predictions(frame, tmp_path / "out.csv")
    again = read_predictions(tmp_path / "out.csv")

    assert tuple(again.columns) == (*COLUMNS, "unit")
    assert again["unit"].tolist() == frame["unit"].tolist()
    assert again["id"].tolist() == frame["case_id"].tolist()
    assert again["predicted"].tolist() == frame["predicted"].tolist()
    assert again["outcome"].tolist() == frame["outcome"].tolist()
    assert again["confidence"].astype(float).tolist() == frame["confidence"].tolist()


@pytest.mark.parametrize("label", [
    "=HYPERLINK(\"http://h\")", "+1 (555)", "-", "@SUM(A1)", "\tx", "\rx", "'=x", "''+x", "-1", "+2.5", "'tis", "a\rb"])
def test_no_cell_is_a_formula_and_all_are_read_back(tmp_path, label):
    """Ids, labels and names that a spreadsheet would compute are written so that it does not, and are read as they
    were."""
    texts = ["case_id", "unit", "variant", "expected", "predicted"]
    frame = pd.DataFrame({name: [label] for name in texts} | {"repeat": "0", "outcome": "answered"})
    for column in COLUMNS[COLUMNS.index("confidence"):]:
        frame[column] = None
    write_predictions(frame, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        _, cells = csv.reader(file)
    again = read_predictions(tmp_path / "out.csv")

    assert not [cell for cell in cells if re.match(r"[=+@\t\r-]", cell) and not re.fullmatch(r"[+-][0-9.]+", cell)]
    assert again[["id", "group", *texts[2:]]].to_numpy().tolist() == [[label] * len(texts)]


def test_three_columns_are_enough(tmp_path):
    """With id, expected and predicted alone, the variant is the file's name and an empty prediction is unparsed."""
    frame = read_predictions(given_file(tmp_path, "id,expected,predicted\n007,NA,NA\nb,x,\n", "mine.csv"))

    assert frame[["id", "expected", "predicted", "variant", "repeat", "outcome"]].to_numpy().tolist() == [
        ["007", "NA", "NA", "mine", "0", "answered"], ["b", "x", None, "mine", "0", "unparsed"]]


def test_prediction_of_another_outcome_is_none(tmp_path):
    """A text beside the outcome `failed` is no prediction."""
    frame = read_predictions(given_file(tmp_path, "id,expected,predicted,outcome\na,x,x,failed\nb,x,y,\n"))

    assert frame["predicted"].tolist() == [None, "y"]
    assert frame["outcome"].tolist() == ["failed", "answered"]


@pytest.mark.parametrize(("content", "said"), [
    (b"", "has no column 'id'; found ."), (b"\xff\xfe", "cannot be read as a CSV of predictions"),
    (b"id,expected\na,x\n", "no column 'predicted'; found 'id', 'expected'. Expected at least id, expected,"),
    (b"id,expected,predicted\n", "has a header and no predictions"),
    (b"id,expected,predicted\n,x,x\n", "row 1 has no id"),
    (b"id,id,expected,predicted\na,b,x,x\n", "has a column more than once"),
    (b"id,expected,predicted\na,x,x\nb,,x\n", "row 2 has no expected"),
    (b"id,expected,predicted\na,x,x\na,x,y\n", "row 2 repeats the id 'a' of variant 'predictions'."),
    (b"id,expected,predicted,outcome\na,x,x,good\n", "row 1 has the outcome 'good'; expected one of answered, "),
    (b'id,expected,predicted\na,"x,x\n', "cannot be read as a CSV of predictions"),
    (b"id,expected,predicted\na,x,x,y\n", "row 1 has 4 values where the header has 3"),
    (b"id,expected,predicted\na,x,x\nb,x\n", "row 2 has 2 values where the header has 3"),
], ids=str)
def test_unusable_file_is_refused_with_row_and_column(tmp_path, content, said):
    """What cannot be scored is refused in a sentence with the file, the row and what is expected."""
    with pytest.raises(InputError) as caught:
        read_predictions(given_file(tmp_path, content))

    assert said in str(caught.value)
    assert caught.value.file == "predictions.csv"


def test_missing_file_and_folder_are_refused(tmp_path):
    """A path that cannot be read or written is refused in words."""
    with pytest.raises(InputError, match="There is no file"):
        read_predictions(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="cannot be read as a CSV"):
        read_predictions(tmp_path)


def test_same_id_in_another_repeat_or_variant_is_no_repeat(tmp_path):
    """A case may stand once a variant and repeat."""
    content = "id,expected,predicted,variant,repeat\na,x,x,v,0\na,x,x,v,1\na,x,x,w,0\n"

    assert len(read_predictions(given_file(tmp_path, content))) == 3


def both(tmp_path, a, b):
    head = "id,expected,predicted,outcome\n"
    return paired(read_predictions(given_file(tmp_path, head + a, "a.csv")),
                  read_predictions(given_file(tmp_path, head + b, "b.csv")), ("a.csv", "b.csv"))


def test_two_files_are_paired_by_id(tmp_path):
    """Rows meet by id in any order; ids of one side alone are left out; failures are marked."""
    frame = both(tmp_path, "1,x,x,\n2,y,,failed\n3,x,y,\n", "3,x,x,\n1,x,y,\n2,y,y,\n9,x,x,\n")

    assert frame.index.tolist() == ["1", "2", "3"]
    assert frame["a"].tolist() == ["x", None, "y"]
    assert frame["b"].tolist() == ["y", "y", "x"]
    assert frame["failed_a"].tolist() == [False, True, False]
    assert not frame["failed_b"].any()


@pytest.mark.parametrize(("a", "b", "said"), [
    ("1,x,x,\n", "2,x,x,\n", r"a\.csv and b\.csv share no id \(such as '1' and '2'\)"),
    ("1,x,x,\n2,x,x,\n", "1,y,x,\n2,x,x,\n", r"expect different labels for 1 ids: '1'\."),
])
def test_files_that_do_not_belong_together_are_refused(tmp_path, a, b, said):
    """Without a shared id, or with two opinions on what is right, nothing is compared."""
    with pytest.raises(InputError, match=said):
        both(tmp_path, a, b)
