import csv
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.made_up import DATASETS, made_cases, real_set, written

from promptceiling.errors import InputError
from promptceiling.labeled_set import data_file, read_labeled_set
from promptceiling.labeled_set.labels import INVISIBLE, clean_label

TEXTS = st.text(min_size=1, max_size=60).filter(lambda text: text.translate(INVISIBLE).strip())


def given_file(tmp_path, content, name="tickets.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path, **options):
    with pytest.raises(InputError) as caught:
        read_labeled_set(path, **options)
    return caught.value


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_comma_semicolon_tab_and_pipe_part_columns(tmp_path, mark):
    """The character that parts the columns is found in the header."""
    path = given_file(tmp_path, f"input{mark}expected_category\nwrong sum{mark}billing\nno login{mark}access\n")

    cases = read_labeled_set(path).cases

    assert cases[["row", "input", "expected_category"]].to_numpy().tolist() == [
        [1, "wrong sum", "billing"], [2, "no login", "access"]]


def test_json_lines_and_csv_give_the_same_set(tmp_path):
    """The same cases have the same content hash, whichever of the two formats they come in."""
    cases = made_cases(6)
    lines = given_file(tmp_path, "\n".join(json.dumps(case) for case in cases), "tickets.jsonl")

    assert read_labeled_set(lines).content_hash == read_labeled_set(written(tmp_path / "t.csv", cases)).content_hash


@pytest.mark.parametrize("value", ["NA", "None", "null", "nan", "007", "1e5", "TRUE", "2026-01-01", "-"])
def test_values_stay_text_as_written(tmp_path, value):
    """Words that tables like to turn into numbers, dates or nothing stay the text that they are."""
    first = ",".join([value] * 4)
    path = given_file(tmp_path, f"id,input,expected_category,expected_priority\n{first}\nb,c,d,e\n")

    first = read_labeled_set(path).cases.iloc[0]

    assert first[["id", "input", "expected_category", "expected_priority"]].tolist() == [value] * 4


@settings(deadline=None, max_examples=100)
@given(texts=st.lists(TEXTS, min_size=2, max_size=5))
def test_any_text_survives_a_csv_file_byte_for_byte(tmp_path_factory, texts):
    """Quotation marks, line breaks, control characters and every script come back as they were written."""
    cases = [{"input": text, "expected_category": "ab"[k % 2]} for k, text in enumerate(texts)]
    path = written(tmp_path_factory.mktemp("csv") / "t.csv", cases)

    assert read_labeled_set(path).cases["input"].tolist() == texts


@settings(deadline=None, max_examples=100)
@given(texts=st.lists(TEXTS, min_size=2, max_size=5), ascii_only=st.booleans())
def test_any_text_survives_json_lines_byte_for_byte(tmp_path_factory, texts, ascii_only):
    """JSON Lines give back every text, whether characters are escaped or not."""
    cases = [{"input": text, "expected_category": "ab"[k % 2]} for k, text in enumerate(texts)]
    content = "\n".join(json.dumps(case, ensure_ascii=ascii_only) for case in cases)
    path = given_file(tmp_path_factory.mktemp("jsonl"), content)

    assert read_labeled_set(path).cases["input"].tolist() == texts


def test_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    """A file that a spreadsheet saved as "CSV UTF-8" is read like any other."""
    path = given_file(tmp_path, "\ufeffinput,expected_category\nwrong sum,billing\nno login,access\n")

    assert read_labeled_set(path).notices == ()


def test_blank_lines_are_no_cases_and_count_as_rows(tmp_path):
    """Blank lines are passed over, and rows are numbered as a spreadsheet shows them below the header."""
    path = given_file(tmp_path, "\n \ninput,expected_category\nwrong sum,billing\n\nno login,access\n\n")

    assert read_labeled_set(path).cases["row"].tolist() == [1, 3]


def test_synonym_is_read_and_told(tmp_path):
    """A usual other name for a column is accepted, and a notice says how it was read."""
    labeled_set = read_labeled_set(given_file(tmp_path, "Ticket,Intent\nwrong sum,billing\nno login,access\n"))

    assert [notice.message for notice in labeled_set.notices] == [
        "Column 'Ticket' is read as 'input'.", "Column 'Intent' is read as 'expected_category'."]


def test_named_columns_are_taken(tmp_path):
    """The columns that the caller names win over synonyms."""
    path = given_file(tmp_path, "text,label,summary,kind\nx,y,wrong sum,billing\nx,y,no login,access\n")

    cases = read_labeled_set(path, input_column="summary", label_column="kind").cases

    assert cases["input"].tolist() == ["wrong sum", "no login"]
    assert cases["expected_category"].tolist() == ["billing", "access"]


def test_column_that_cannot_be_kept_is_told(tmp_path):
    """A label column that was passed over, names that are ours and columns without a name are left out, and said so."""
    path = given_file(tmp_path, "input,expected_category,kind,row,cluster,\na,x,1,9,9,?\nb,y,2,8,8,?\nc,y,2,7,7,?\n")

    labeled_set = read_labeled_set(path, label_column="kind")

    assert labeled_set.cases["row"].tolist() == [1, 2, 3]
    assert [n.message for n in labeled_set.notices if n.code == "column_left_out"] == [
        "Not kept: the columns 'expected_category', 'row', 'cluster', '(without a name)'."]


def test_further_columns_are_kept(tmp_path):
    """Fields, groups and whatever else the file holds stay with their cases."""
    path = given_file(tmp_path, "input,expected_category,expected_priority,group,note\na,x,high,g1,n1\nb,y,low,g2,n2\n")

    labeled_set = read_labeled_set(path)

    assert labeled_set.fields == ("category", "priority")
    assert labeled_set.cases[["group", "note"]].to_numpy().tolist() == [["g1", "n1"], ["g2", "n2"]]


def test_labels_are_cleaned_alike(tmp_path):
    """Outer space, invisible characters and decomposed accents make no label of their own."""
    path = given_file(tmp_path, "input,expected_category\na,café\nb, cafe\u0301 \nc,ca\u200bfé\nd,thé\n")

    assert read_labeled_set(path).labels() == ("café", "thé")


@settings(deadline=None)
@given(st.text())
def test_cleaning_a_label_twice_changes_nothing(label):
    """A cleaned label is clean."""
    assert clean_label(clean_label(label)) == clean_label(label)


def test_rows_without_text_or_label_are_left_out_and_listed(tmp_path):
    """Nothing vanishes in silence: a notice counts the rows and names them."""
    path = given_file(tmp_path, "input,expected_category\na,x\n ,x\nb,\nc,y\n\u2003,y\n")

    labeled_set = read_labeled_set(path)

    assert labeled_set.cases["input"].tolist() == ["a", "c"]
    assert [(n.code, n.rows) for n in labeled_set.notices] == [("empty_input", (2, 5)), ("empty_label", (3,))]


def test_half_a_character_is_shown_as_one_and_told(tmp_path):
    """A lone surrogate, which no UTF-8 text can hold, becomes U+FFFD and is listed in a notice."""
    path = given_file(tmp_path, r'{"id": "a\ud83d", "input": "cut \ud83d", "label": "x"}' "\n"
                                r'{"id": "b", "input": "whole \ud83d\ude00", "label": "y"}')

    labeled_set = read_labeled_set(path)

    assert labeled_set.cases[["id", "input"]].to_numpy().tolist() == [["a\ufffd", "cut \ufffd"], ["b", "whole 😀"]]
    assert [n.rows for n in labeled_set.notices if n.code == "half_character"] == [(1,)]


def test_json_values_other_than_text_are_kept_as_json(tmp_path):
    """Numbers, lists and null in JSON Lines become text; null is no value."""
    path = given_file(tmp_path, '{"input": 7, "label": true, "note": null}\n{"input": ["a"], "label": false}')

    assert read_labeled_set(path).cases[["input", "expected_category", "note"]].to_numpy().tolist() == [
        ["7", "true", ""], ['["a"]', "false", ""]]


def test_ids_follow_from_the_content(tmp_path):
    """Without an id column, a case has the same id wherever it stands in the file, and repeats get a number."""
    cases = [{"input": text, "expected_category": label} for text, label in (("a", "x"), ("b", "y"), ("a", "x"))]
    one = read_labeled_set(written(tmp_path / "one.csv", cases)).cases
    other = read_labeled_set(written(tmp_path / "other.csv", cases[::-1])).cases

    assert set(one["id"]) == set(other["id"])
    assert one["id"].iloc[2] == f"{one['id'].iloc[0]}-2"


@pytest.mark.parametrize(("content", "said"), [
    (b"", "tickets.csv is empty; expected a header line"),
    (b" \n\t\n", "tickets.csv is empty"),
    (b"input,expected_category\n", "tickets.csv has a header (input, expected_category) and no cases;"),
    (b",,\n", "and no cases"),
    (b"input,expected_category\nr\x81fund,x\n", "is neither UTF-8 nor Windows-1252 text: byte 25 is 0x81."),
    (b"subject,label\na,x\nb,y\n",
     "no column 'input'; found 'subject', 'label'. Rename one, or name it with --input, or 'Text column' in the form."),
    (b"text,body,label\na,b,x\nc,d,y\n", "'text' and 'body' could both be 'input'. Say which with --input, or 'Text"),
    (b"input,label,label\na,x,x\nb,y,y\n", "has the column 'label' more than once"),
    (b"input,label\na,x\nb,x\n", "has only 'x' in the column 'label'; expected at least two classes."),
    (b"input,label\na,\n", "has no label at all in the column 'label'"),
    (b"input,label\na,t1\nb,t2\nc,t3\n", "every one of the 3 rows has a label of its own in 'label';"),
    (b'input,label\n"a,x\nb,y\n', "A quotation mark is probably not closed"),
    (b'input,label\n"a" b,x\nc,y\n', "A quotation mark is probably not closed"),
    (b'{"input": "a", "label": "x"}\n[1]\n', "line 2 is not a JSON object"),
    (b'{"input": "a", "label": "x"}\n\n{"input": \n', "line 3 is not a JSON object"),
    (b'{"input": ' + b"[" * 100_000, "line 1 is not a JSON object"),
], ids=lambda value: value[:40] if isinstance(value, str) else "")
def test_unusable_file_is_refused_in_a_sentence(tmp_path, content, said):
    """What cannot be read is refused with its file, what was found, and what to do."""
    error = refusal(given_file(tmp_path, content))

    assert said in str(error)
    assert error.file == "tickets.csv"


def test_ragged_row_is_refused_with_row_and_line(tmp_path):
    """A row with a value too many names its row, the line in the file (a text may span lines), found and expected."""
    path = given_file(tmp_path, 'input,label\n"two\nlines",x\na,b,y\n')

    error = refusal(path)

    assert "row 2 (line 4) has 3 values where the header has 2. Quote texts that contain ','" in str(error)
    assert error.row == 2


def test_repeated_id_is_refused(tmp_path):
    """Two cases with one id are refused, naming the row of the second."""
    error = refusal(given_file(tmp_path, "id,input,label\nt1,a,x\nt2,b,y\nt1,c,x\n"))

    assert str(error).startswith("tickets.csv, row 3 repeats the id 't1' of row 1.")
    assert (error.row, error.column) == (3, "id")


def test_named_column_that_is_missing_is_refused(tmp_path):
    """A column that the caller names must be there, letter by letter."""
    error = refusal(given_file(tmp_path, "input,label\na,x\nb,y\n"), label_column="Label")

    assert "has no column 'Label'; found 'input', 'label'." in str(error)


def test_missing_file_and_folder_are_refused(tmp_path):
    """A path that leads nowhere, or to a folder, is refused in words."""
    assert "There is no file" in str(refusal(tmp_path / "nothing.csv"))
    assert "cannot be read: Is a directory" in str(refusal(tmp_path))


def test_missing_project_file_says_how_to_restore_it():
    """A file of the project's data folder that is gone names the folder and the way back."""
    with pytest.raises(InputError, match=r"no_such\.csv was not found .*git checkout -- data"):
        data_file("no_such.csv")


@pytest.mark.parametrize("name", ["banking77", "askubuntu", "arbanking77"])
def test_public_set_has_the_cases_and_classes_of_its_manifest(name):
    """Rows and classes of three public sets are those that their manifest counts, the label "None" among them."""
    cases = real_set(f"{name}_test")
    with (DATASETS / "manifest.csv").open(encoding="utf-8", newline="") as file:
        told = next(row for row in csv.DictReader(file) if row["name"] == name)
    both = set(cases.labels()) | set(real_set(f"{name}_train").labels())

    assert (len(cases), len(both)) == (int(told["rows_test"]), int(told["classes"]))
