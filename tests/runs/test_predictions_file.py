import asyncio
import csv
import gzip
import os
import re
import threading

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
    again = read_predictions(tmp_path / "out.csv").rows

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
    again = read_predictions(tmp_path / "out.csv").rows

    assert not [cell for cell in cells if re.match(r"[=+@\t\r-]", cell) and not re.fullmatch(r"[+-][0-9.]+", cell)]
    assert again[["id", "group", *texts[2:]]].to_numpy().tolist() == [[label] * len(texts)]


def test_three_columns_are_enough(tmp_path):
    """With id, expected and predicted alone, the variant is the file's name and an empty prediction is unparsed."""
    frame = read_predictions(given_file(tmp_path, "id,expected,predicted\n007,NA,NA\nb,x,\n", "mine.csv")).rows

    assert frame[["id", "expected", "predicted", "variant", "repeat", "outcome"]].to_numpy().tolist() == [
        ["007", "NA", "NA", "mine", "0", "answered"], ["b", "x", None, "mine", "0", "unparsed"]]


@pytest.mark.parametrize(("content", "name", "told"), [
    ("id;expected;predicted\n1;é;é\n2;b;c\n", "p.csv", ()),
    ("id\tgold\tprediction\n1\té\té\n2\tb\tc\n", "p.tsv", ("expected", "predicted")),
    ("case_id,y_true,y_pred\n1,é,é\n2,b,c\n".encode("utf-16"), "p.csv", ("id", "expected", "predicted")),
    ("Id,Expected Label,Predicted-Label\n1,é,é\n2,b,c\n".encode("cp1252"), "p.csv", ("id", "expected", "predicted")),
    ('{"id": 1, "label": "é", "prediction": "é"}\n{"id": 2, "label": "b", "prediction": "c"}\n', "p.jsonl",
     ("expected", "predicted")),
    ('[{"id": 1, "expected": "é", "predicted": "é"}, {"id": 2, "expected": "b", "predicted": "c"}]', "p.json", ()),
    (gzip.compress("id,expected,predicted\n1,é,é\n2,b,c\n".encode()), "p.csv.gz", ()),
], ids=["semicolon", "tab", "UTF-16", "Windows-1252", "JSON Lines", "JSON", "gzip"])
def test_other_shapes_and_names_are_read_and_told(tmp_path, content, name, told):
    """Any table that the labeled set's reader takes is one of predictions; what was read under another name is said."""
    found = read_predictions(given_file(tmp_path, content, name))

    assert found.rows[["id", "expected", "predicted"]].to_numpy().tolist() == [["1", "é", "é"], ["2", "b", "c"]]
    assert [n.split("read as ")[1] for n in found.notices if "read as" in n] == [f"{ours!r}." for ours in told]


def test_a_pipe_is_read_as_a_file_is(tmp_path):
    """What comes through a pipe comes once, whatever shape it has."""
    for content in (b"id,expected,predicted\n1,x,y\n", b"id;expected;predicted\n1;x;y\n"):
        pipe = tmp_path / f"pipe{len(content)}{content[2:3].hex()}"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=(content,))
        writer.start()

        assert read_predictions(pipe).rows["predicted"].tolist() == ["y"]
        writer.join()


def test_cases_without_ids_are_known_by_their_row(tmp_path):
    """Two files without ids are compared row by row, which is said; never when they differ in length."""
    head = "label,prediction\n"
    a, b = (read_predictions(given_file(tmp_path, head + rows, name))
            for rows, name in (("x,x\ny,x\n", "a.csv"), ("x,y\ny,y\n", "b.csv")))
    longer = read_predictions(given_file(tmp_path, head + "x,x\ny,x\nx,x\n", "c.csv"))

    assert paired(a, b)[["expected", "a", "b"]].to_numpy().tolist() == [["x", "x", "y"], ["y", "x", "y"]]
    assert "a.csv has no column 'id': a case is known by the number of its row." in a.notices
    with pytest.raises(InputError, match=r"a\.csv has 2 rows and c\.csv 3, and neither has a column 'id'"):
        paired(a, longer)


def test_predictions_in_other_words_than_the_labels_are_told(tmp_path):
    """A label in another case or with a space is wrong, and nobody has to find that out from a low score."""
    rows = "1,billing,Billing\n2,billing,billing \n3,bug,bug\n4,bug,Billing\n5,bug,\n"
    notices = read_predictions(given_file(tmp_path, "id,expected,predicted\n" + rows)).notices

    assert notices == ("predictions.csv: 3 of 4 predictions are no label that it expects, and count as wrong: "
                       "'Billing' 2, 'billing ' 1. Spelling and case must be the expected label's.",)


def test_prediction_of_another_outcome_is_none(tmp_path):
    """A text beside the outcome `failed` is no prediction."""
    frame = read_predictions(given_file(tmp_path, "id,expected,predicted,outcome\na,x,x,failed\nb,x,y,\n")).rows

    assert frame["predicted"].tolist() == [None, "y"]
    assert frame["outcome"].tolist() == ["failed", "answered"]


@pytest.mark.parametrize(("content", "said"), [
    (b"", "is empty"), (b"\xff\xfe", "is empty"), (b"\x89PNG\r\n\x1a\n\0", "is a PNG image"),
    (b"id,expected\na,x\n", "no column 'predicted'; found 'id', 'expected'. Expected at least 'expected' and"),
    (b"id,expected,pred,y_pred\na,x,x,x\n", "'pred' and 'y_pred' could both be 'predicted'. Rename the one"),
    (b'[{"id": "a", "expected": "x", "predicted"', "JSON"),
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
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_predictions(tmp_path)


def test_same_id_in_another_repeat_or_variant_is_no_repeat(tmp_path):
    """A case may stand once a variant and repeat."""
    content = "id,expected,predicted,variant,repeat\na,x,x,v,0\na,x,x,v,1\na,x,x,w,0\n"

    assert len(read_predictions(given_file(tmp_path, content)).rows) == 3


def both(tmp_path, a, b):
    head = "id,expected,predicted,outcome\n"
    return paired(read_predictions(given_file(tmp_path, head + a, "a.csv")),
                  read_predictions(given_file(tmp_path, head + b, "b.csv")))


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
