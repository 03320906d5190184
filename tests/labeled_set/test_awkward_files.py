import gzip
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.labeled_set import awkward
from tests.made_up import written

from promptceiling.errors import InputError
from promptceiling.labeled_set import (
    decode,
    delimited,
    formats,
    json_table,
    labeled_set_of,
    labeled_set_of_bytes,
    labeled_set_of_text,
    read_labeled_set,
    read_texts,
    table,
)
from promptceiling.labeled_set.binary_cells import LARGEST_ROWS
from promptceiling.labeled_set.labels import INVISIBLE, clean_label, look_alikes


@pytest.fixture
def given_file(tmp_path):
    def make(content, name="tickets.csv"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name
    return make


@pytest.mark.parametrize("name", awkward.READ)
def test_awkward_file_is_read(given_file, name):
    """Every file holds the same three cases, whatever it is called, and what was done to them is told."""
    content, codes = awkward.READ[name]

    labeled_set = read_labeled_set(given_file(content, "notes.dat"))

    assert labeled_set.cases[["input", "expected_category"]].to_numpy().tolist() == [list(row) for row in awkward.ROWS]
    assert [n.code for n in labeled_set.notices] == codes


@pytest.mark.parametrize("name", awkward.REFUSED)
def test_awkward_file_is_refused(given_file, name):
    """Every file is refused in one sentence with its name, the row where there is one, and what to do."""
    content, said, row = awkward.REFUSED[name]

    with pytest.raises(InputError) as caught:
        read_labeled_set(given_file(content))

    assert said in str(caught.value)
    assert "tickets.csv" in str(caught.value)
    assert str(caught.value).endswith((".", ".)"))
    assert caught.value.file == "tickets.csv"
    assert row is None or caught.value.row == row


def test_windows_1252_is_read_and_its_rows_are_named(given_file):
    """A file that is not UTF-8 is read as Windows-1252, and the notice says which rows to look at."""
    content = "input,label\nplain,x\ncafé – 5 €,y\n".encode("cp1252")

    labeled_set = read_labeled_set(given_file(content))

    assert labeled_set.cases["input"].tolist() == ["plain", "café – 5 €"]
    assert [(n.code, n.rows) for n in labeled_set.notices if n.code == "encoding"] == [("encoding", (2,))]


def test_physical_line_is_told_where_it_differs(given_file):
    """After a text of several lines, a notice names the line of the file beside the row."""
    labeled_set = read_labeled_set(given_file(b'input,label\n"a\n\nb",x\nc,y\nd,\n'))

    assert [n.message for n in labeled_set.notices if n.code == "empty_label"] == [
        "Left out: 1 row without a label (row 3; line 6)."]


@pytest.mark.parametrize("value", ["None", "NA", "00123", "True", "1.0", "1e5", "nan", "null", "-"])
def test_values_stay_as_written_in_every_format(value):
    """What looks like a number, a truth value or nothing is text in CSV, JSON and Excel alike."""
    rows = [("a", value), ("b", "other"), ("c", value)]
    formats = [awkward.csv_of(rows).encode(), json.dumps(awkward.records(rows)).encode(),
               awkward.xlsx({"s": [awkward.HEAD, *rows]}), awkward.chat(rows).encode()]

    for content in formats:
        assert labeled_set_of_bytes(content, "t").cases["expected_category"].tolist() == [value, "other", value]


def test_json_numbers_stay_as_written():
    """1.0, 1e5 and 10 in JSON are not turned into one another."""
    content = b'[{"input": 1.0, "label": 10}, {"input": 1e5, "label": true}, {"input": [1.50], "label": 10}]'

    cases = labeled_set_of_bytes(content, "t.json").cases

    assert cases[["input", "expected_category"]].to_numpy().tolist() == [
        ["1.0", "10"], ["1e5", "true"], ["[1.50]", "10"]]


def test_parquet_is_read(given_file):
    """A Parquet file gives its texts, whole numbers beside a gap among them; a missing value is no value."""
    content = awkward.parquet([{"input": "a", "label": "x", "n": 1, "score": 1.0, "tags": ["p", "q"]},
                               {"input": "b", "label": "None", "n": None, "score": 2.5, "tags": None},
                               {"input": "c", "label": "x", "n": 3, "score": None, "tags": []}])

    cases = read_labeled_set(given_file(content)).cases

    assert cases[["input", "expected_category", "n", "score", "tags"]].to_numpy().tolist() == [
        ["a", "x", "1", "1.0", '["p", "q"]'], ["b", "None", "", "2.5", ""], ["c", "x", "3", "", "[]"]]


def test_chat_examples_in_parquet_are_read(given_file):
    """Turns in a Parquet file, as data hubs keep them, are read like those of JSON Lines."""
    turns = [[{"role": "user", "content": t}, {"role": "assistant", "content": c}] for t, c in awkward.ROWS]

    cases = read_labeled_set(given_file(awkward.parquet([{"messages": m} for m in turns]))).cases

    assert cases[["input", "expected_category"]].to_numpy().tolist() == [list(row) for row in awkward.ROWS]


@pytest.mark.parametrize("content", [
    b"input,label\n" + b"a,x\nb,y\n" * 6, b'{"input":"a","label":"x"}\n' * 12, b"[" + b'{"input":"a"},' * 12 + b"{}]",
    json.dumps({"input": ["a"] * 12, "label": ["x"] * 12}).encode()], ids=["csv", "jsonl", "json", "columns"])
def test_more_rows_than_a_labeled_set_has_are_refused(given_file, monkeypatch, content):
    """A file with more rows than the limit is refused, whatever is in them."""
    for module in (delimited, json_table, table):
        monkeypatch.setattr(module, "LARGEST_ROWS", 10)

    with pytest.raises(InputError, match=r"tickets\.csv has more than 10 rows; .* Give a sample of it\."):
        read_labeled_set(given_file(content))


def test_small_parquet_file_of_many_rows_is_refused(given_file):
    """A few kilobytes that hold a million rows and four are refused, although the limit is kept in another process."""
    from arro3.core import Array, DataType, Table
    from arro3.io import write_parquet

    column = Array([*"abab"] * (LARGEST_ROWS // 4 + 1), DataType.utf8())
    packed = io.BytesIO()
    write_parquet(Table.from_pydict({"input": column, "label": column}), packed)

    with pytest.raises(InputError, match="more than 1,000,000 rows"):
        read_labeled_set(given_file(packed.getvalue()))


@pytest.mark.parametrize("content", [csv := awkward.csv_of().encode(), gzip.compress(csv), awkward.xlsx({"a": [()]})],
                         ids=["csv", "gzip", "xlsx"])
def test_bytes_beyond_the_limit_are_refused(given_file, monkeypatch, content):
    """Files that are, or unpack to, more than the limit are refused before anything is made of them."""
    for module in (decode, formats):
        monkeypatch.setattr(module, "LARGEST_BYTES", 90)

    with pytest.raises(InputError, match=r"(has|unpacks to) more than"):
        read_labeled_set(given_file(content))


def test_one_huge_value_is_refused(monkeypatch):
    """A value beyond the limit is told apart from a quotation mark that is not closed."""
    monkeypatch.setattr(delimited, "_LARGEST_FIELD", 1000)

    with pytest.raises(InputError, match=r"row 2 \(line 3\) has a value of more than 1,000 characters"):
        labeled_set_of_text(f"input,label\na,x\n{'b' * 1001},y\n")


def test_named_sheet_is_read(given_file):
    """Of two sheets that could be meant, the named one is taken; a name that is not there lists those that are."""
    path = given_file(awkward.xlsx({"a": [awkward.HEAD, *awkward.ROWS], "b": [awkward.HEAD, *awkward.ROWS[:2]]}))

    assert len(read_labeled_set(path, sheet="b")) == 2
    with pytest.raises(InputError, match="no sheet 'c'; found 'a', 'b'"):
        read_labeled_set(path, sheet="c")


def test_line_of_a_sheet_is_told_where_the_header_is_not_its_first(given_file):
    """Below a blank row, a notice names the row as the spreadsheet numbers it, too; a refusal always does."""
    labeled_set = read_labeled_set(given_file(awkward.xlsx({"a": [[], awkward.HEAD, *awkward.ROWS, ["text", ""]]})))

    assert labeled_set.notices[-1].message == "Left out: 1 row without a label (row 4; line 6)."
    with pytest.raises(InputError, match=r"row 2 \(line 3\) has a value beyond the header, which holds 2 names"):
        read_labeled_set(given_file(awkward.xlsx({"a": [awkward.HEAD, *awkward.ROWS[:1], ["a", "b", "c"]]})))


def test_chat_fields_and_earlier_turns():
    """A JSON answer gives every field, and the last user turn is the text, with earlier turns told."""
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    lines = [json.dumps({"messages": [*turns, {"role": "user", "content": [{"type": "text", "text": t}]}, {
        "role": "assistant", "content": json.dumps({"category": c, "priority": "high"})}]}) for t, c in awkward.ROWS]

    labeled_set = labeled_set_of_text("\n".join(lines))

    assert labeled_set.fields == ("category", "priority")
    assert labeled_set.cases["input"].tolist() == [t for t, _ in awkward.ROWS]
    assert "earlier turns left out (rows 1, 2, 3)" in labeled_set.notices[0].message


def test_cells_pasted_from_a_spreadsheet_are_read():
    """Tabs part pasted cells, and the set is named for where it came from."""
    labeled_set = labeled_set_of_text("text\tlabel\nwrong sum\tbilling\nno login\taccess\n")

    assert (labeled_set.name, len(labeled_set)) == ("pasted text", 2)


def test_records_give_the_set_that_their_file_gives(tmp_path):
    """A list of dicts and the file that holds it are one labeled set, ids included."""
    records = awkward.records()
    one, other = labeled_set_of(records), read_labeled_set(written(tmp_path / "t.csv", records))

    assert one.content_hash == other.content_hash
    assert one.cases["id"].tolist() == other.cases["id"].tolist()


@pytest.mark.parametrize(("records", "said"), [
    ([], "is empty"), (["text"], "row 1 is a str"), ([{"input": "a"}], "no column 'expected_category'")])
def test_unusable_records_are_refused(records, said):
    """What is no list of cases is refused in words."""
    with pytest.raises(InputError, match=said):
        labeled_set_of(records)


@pytest.mark.parametrize("labels", [
    ["Billing", "billing"], ["bug report", "bug_report"], ["billing", "b\u0456lling"], ["ＡＢ", "ab"], ["a–b", "a-b"]])
def test_labels_that_look_alike_are_told_and_kept(labels):
    """Two labels that a reader would take for one stay two, and a notice lists them with their counts."""
    labeled_set = labeled_set_of([{"input": f"text {k}", "label": labels[k % 3 == 0]} for k in range(9)])

    [notice] = [n for n in labeled_set.notices if n.code == "label_look_alike"]
    assert all(repr(label) in notice.message for label in labels)
    assert set(labeled_set.labels()) == set(labels)


@pytest.mark.parametrize("label", ["billing;access", "billing | access", "access, billing", '["billing"]', "['a']"])
def test_cells_that_hold_several_labels_are_told_and_kept(label):
    """One label a case is expected: what looks like a list stays a class of its own, and a notice names its rows."""
    labels = ["billing", "access", label, "terms, fees"]
    labeled_set = labeled_set_of([{"input": f"text {k}", "label": labels[k % 4]} for k in range(12)])

    [notice] = [n for n in labeled_set.notices if n.code == "several_labels"]
    assert notice.rows == (3, 7, 11)
    assert notice.message.startswith(f"1 kind of label looks like several in one, such as {label!r} (rows 3, 7, 11). ")
    assert label in labeled_set.labels()


def test_one_number_in_two_spellings_is_told():
    """1 and 1.0 stay two classes, and a notice says that they are the same number."""
    labeled_set = labeled_set_of([{"input": f"text {k}", "label": ["1", "1.0", "2"][k % 3]} for k in range(9)])

    assert [n.message for n in labeled_set.notices if n.code == "label_look_alike"] == [
        "'1' (3) and '1.0' (3) are the same number; they are kept as different classes. Make them one in the file if "
        "they are."]


def test_a_column_of_customers_is_named_and_does_not_part_the_set():
    """A column that may hold groups is told, not taken for `group`; beside a `group` nothing is said."""
    cases = [{"input": f"text {k}", "label": "ab"[k % 2], "Customer ID": "x"} for k in range(6)]

    [notice] = [n for n in labeled_set_of(cases).notices if n.code == "group_like"]
    assert notice.message.startswith("'Customer ID' may tell which cases belong together.")
    assert "group" not in labeled_set_of(cases).cases
    assert "group_like" not in [n.code for n in labeled_set_of([c | {"group": "g"} for c in cases]).notices]


@settings(deadline=None)
@given(labels=st.lists(st.text(max_size=6), max_size=8))
def test_look_alikes_are_groups_of_the_given_labels(labels):
    """No label is in two groups, and none is alone in one."""
    groups = look_alikes(labels)
    flat = [label for group in groups for label in group]

    assert len(flat) == len(set(flat))
    assert set(flat) <= set(labels)
    assert all(len(group) > 1 for group in groups)


def test_split_words_are_read_and_told():
    """Training, dev and Test are the three splits, and a notice says so."""
    words = ["Training", "dev", "Test"]
    labeled_set = labeled_set_of([{"input": f"t{k}", "label": "ab"[k % 2], "split": words[k % 3]} for k in range(6)])

    assert labeled_set.cases["split"].tolist() == ["train", "validation", "test"] * 2
    assert [n.code for n in labeled_set.notices if n.code == "split_synonym"] == ["split_synonym"]


def test_production_texts_are_read(given_file):
    """A file of texts alone, with or without a known name for its column, is a production sample."""
    assert read_texts(given_file(b"anything\nfirst text\n \nsecond text\n")) == ("first text", "second text")
    assert read_texts(given_file(b"my card is lost\nsecond text\n")) == ("my card is lost", "second text")
    assert read_texts(given_file(awkward.csv_of().encode())) == tuple(t for t, _ in awkward.ROWS)


def read_or_refusal(raw):
    """The name of the file that was read, or the sentence of its refusal."""
    try:
        labeled_set_of_bytes(raw, "t.csv")
    except InputError as error:
        return str(error)
    return "t.csv"


@settings(deadline=None, max_examples=300)
@given(name=st.sampled_from(sorted(name for name, (raw, _) in awkward.READ.items() if not raw.startswith(b"P"))),
       changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.sampled_from([
           b"", b'"', b"\n", b"\r", b"{", b"]", b"\0", b"\xff", b"\xc3", b"\\ud800", b"null", b"1e999", b"[" * 400])),
           min_size=1, max_size=4))
def test_damaged_file_is_read_or_refused(name, changes):
    """Whatever happens to the bytes of a file, it is read or refused in a sentence; nothing else is raised."""
    raw = awkward.READ[name][0]
    for where, gone, put in changes:
        at = int(where * len(raw))
        raw = raw[:at] + put + raw[at + gone :]

    assert "t.csv" in read_or_refusal(raw)


@pytest.mark.parametrize("name", ["xlsx", "ods", "parquet"])
def test_damaged_workbook_or_parquet_is_read_or_refused(name):
    """Bytes turned over here and there in a file that native code reads never end the process that asked."""
    raw = awkward.READ[name][0]
    for at in range(0, len(raw), len(raw) // 12):
        assert "t.csv" in read_or_refusal(raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :])


def test_unknown_split_is_refused_on_reading(given_file):
    """A split that is none of the three is refused with file, row and column, before anything is made of the set."""
    with pytest.raises(InputError, match="row 2 has the split 'fold 2'; expected train, validation or test") as caught:
        read_labeled_set(given_file(b"input,label,split\na,x,train\nb,y,fold 2\nc,x,test\n"))

    assert (caught.value.file, caught.value.row, caught.value.column) == ("tickets.csv", 2, "split")


LABELS = st.text(min_size=1, max_size=8).map(clean_label).filter(bool)
TEXTS = st.text(min_size=1, max_size=30).filter(lambda text: text.translate(INVISIBLE).strip())
CASES = st.tuples(st.lists(LABELS, min_size=2, max_size=3, unique=True), st.lists(TEXTS, min_size=4, max_size=9)).map(
    lambda drawn: [(text, drawn[0][k % len(drawn[0])]) for k, text in enumerate(drawn[1])])


@settings(deadline=None, max_examples=80)
@given(rows=CASES, form=st.sampled_from(["csv", "utf-16", "jsonl", "json", "gzip"]))
def test_accepted_set_written_and_read_again_is_the_same(rows, form):
    """Whatever was accepted once is the same set when its cases are written out and read again, in any format."""
    first = labeled_set_of(awkward.records(rows))
    kept = first.cases[["id", "input", "expected_category"]]
    content = {
        "csv": lambda: awkward.csv_of(kept.to_numpy().tolist(), "id,input,expected_category").encode(),
        "utf-16": lambda: awkward.csv_of(kept.to_numpy().tolist(), "id,input,expected_category").encode("utf-16"),
        "jsonl": lambda: "\n".join(json.dumps(r) for r in kept.to_dict("records")).encode(),
        "json": lambda: json.dumps(kept.to_dict("records"), indent=1, ensure_ascii=False).encode(),
        "gzip": lambda: gzip.compress(json.dumps(kept.to_dict("list")).encode()),
    }[form]()

    again = labeled_set_of_bytes(content, "cases")

    assert again.content_hash == first.content_hash
    assert again.cases["input"].tolist() == [text for text, _ in rows]
