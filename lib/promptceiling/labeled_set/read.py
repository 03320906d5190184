"""Read a labeled set from a file: text stays text, what is dropped is said, what cannot be read is refused."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pandas as pd

from promptceiling.errors import InputError
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD, LabeledSet, Notice

INPUT_NAMES = ("input", "text", "ticket", "message", "body", "utterance", "query", "sentence")
LABEL_NAMES = ("expected_category", "category", "label", "intent", "class", "expected", "target")
_OURS = ("row", "cluster", "unit")  # columns that are made here
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


def data_file(name: str) -> Path:
    """The path of a file that comes with the project, e.g. "support_tickets.csv"."""
    here = Path(__file__).resolve()
    for root in (here.parents[3] / "data", here.parents[1] / "data"):
        if (root / name).is_file():
            return root / name
    raise InputError(
        f"{name} was not found in the project's data folder ({here.parents[3] / 'data'}). "
        "Restore it from the repository (git checkout -- data).",
        file=name,
    )


def read_labeled_set(
    path: str | Path, *, input_column: str | None = None, label_column: str | None = None
) -> LabeledSet:
    """The labeled set in a CSV file (comma, semicolon, tab or pipe) or a JSON Lines file, UTF-8.

    Columns are `input` and `expected_category` or a usual synonym (told in a notice), unless named by the caller. All
    values are text as written: "NA", "None" and "007" stay. Labels lose outer space and invisible characters and are
    put into Unicode NFC; half a character (a lone surrogate) becomes U+FFFD. Rows without text or without a label and
    columns that cannot be kept are left out. Notices list what was changed or left out.

    Raises InputError, one sentence with file, row, column, found, expected and remedy, for a file that cannot be used.
    """
    path = Path(path)
    header, rows = _rows(path)
    columns = _columns(path, header, input_column, label_column)
    notices = [
        Notice("column_synonym", f"Column {header[k]!r} is read as {name!r}.")
        for name, k in columns.items() if header[k] != name
    ]
    unused = [name or "(without a name)" for k, name in enumerate(header) if k not in columns.values()]
    if unused:
        notices.append(Notice("column_left_out", f"Not kept: the columns {', '.join(map(repr, unused))}."))
    if halved := tuple(number for number, values in rows if any(map(_LONE_SURROGATE.search, values))):
        notices.append(Notice("half_character", f"{len(halved)} rows hold half a character, shown as \ufffd.", halved))
    frame = pd.DataFrame(
        [[_LONE_SURROGATE.sub("\ufffd", values[k]) for k in columns.values()] for _, values in rows],
        columns=list(columns), dtype="str",
    )
    frame.insert(0, "row", [number for number, _ in rows])
    for column in frame.columns:
        if column.startswith(EXPECTED) or column == "second_category":
            frame[column] = frame[column].map(clean_label)
    frame, dropped = _without_empty(frame)
    _check_classes(path, frame, header[columns["expected_category"]])
    if "id" not in frame:
        frame.insert(0, "id", _content_ids(frame))
    _check_ids(path, frame)
    first = ["id", "row", "input", EXPECTED + MAIN_FIELD]
    frame = frame[first + [c for c in frame.columns if c not in first]].reset_index(drop=True)
    return LabeledSet(name=path.stem, cases=frame, notices=(*notices, *dropped))


def clean_label(label: str) -> str:
    """A label without outer space and invisible characters, in Unicode NFC: what "the same label" means here.

    >>> clean_label(" billing\u200b ")
    'billing'
    """
    return unicodedata.normalize("NFC", label.translate(_INVISIBLE)).strip()


def _rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header and (1-based data row, values); every row has as many values as the header."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError(
            f"There is no file {str(path)!r}. Check the path, or run from the folder that holds it.", file=str(path)
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Choose a readable file.", file=str(path)) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not UTF-8 text: byte {error.start} is 0x{raw[error.start]:02x}. "
            "Save it as UTF-8 CSV or JSON Lines.",
            file=path.name,
        ) from None
    if not text.strip():
        raise InputError(f"{path.name} is empty; expected a header line and one line a case.", file=path.name)
    return _json_lines(path, text) if text.lstrip().startswith("{") else _delimited(path, text)


def _delimited(path: Path, text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    first = text.strip().splitlines()[0]
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    csv.field_size_limit(100_000_000)
    rows: list[tuple[int, list[str]]] = []
    try:
        header = [name.strip() for name in next((r for r in reader if any(map(str.strip, r))), [])]
        for number, values in enumerate(reader, start=1):
            if not any(v.strip() for v in values):
                continue
            if len(values) != len(header):
                raise InputError(
                    f"{path.name}, row {number} (line {reader.line_num}) has {len(values)} values where the header "
                    f"has {len(header)}. Quote texts that contain {delimiter!r} or line breaks.",
                    file=path.name, row=number,
                )
            rows.append((number, values))
    except csv.Error as error:
        raise InputError(
            f"{path.name}, line {reader.line_num}: {error}. A quotation mark is probably not closed; "
            'quote the text and double the marks inside it ("").',
            file=path.name, row=len(rows) + 1,
        ) from None
    twice = [name for name, count in Counter(header).items() if count > 1 and name]
    if twice:
        raise InputError(
            f"{path.name} has the column {twice[0]!r} more than once. Rename or remove one.",
            file=path.name, column=twice[0],
        )
    if not rows:
        raise InputError(
            f"{path.name} has a header ({', '.join(header[:6])}) and no cases. Expected one row a case.", file=path.name
        )
    return header, rows


def _json_lines(path: Path, text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    records: list[tuple[int, dict[str, object]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise InputError(
                f"{path.name}, line {number} is not a JSON object; expected one object a line, such as "
                '{"input": "...", "expected_category": "..."}.',
                file=path.name, row=number,
            )
        records.append((number, record))
    header = list(dict.fromkeys(key for _, record in records for key in record))
    return header, [(number, [_as_text(record.get(key)) for key in header]) for number, record in records]


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _columns(path: Path, header: list[str], input_column: str | None, label_column: str | None) -> dict[str, int]:
    """Our column name -> position in the file."""
    found: dict[str, int] = {}
    for ours, named, synonyms in (
        ("input", input_column, INPUT_NAMES), (EXPECTED + MAIN_FIELD, label_column, LABEL_NAMES),
    ):
        lower = [name.casefold() for name in header]
        candidates = [k for k, name in enumerate(lower) if name in synonyms]
        if named is not None:
            candidates = [k for k, name in enumerate(header) if name == named]
        elif ours in lower:
            candidates = [lower.index(ours)]
        option = "--input" if ours == "input" else "--label"
        if not candidates:
            raise InputError(
                f"{path.name} has no column {(named or ours)!r}; found {', '.join(map(repr, header))}. "
                f"Rename one, or name it with {option}.",
                file=path.name, column=named or ours,
            )
        if len(candidates) > 1:
            raise InputError(
                f"{path.name}: {' and '.join(repr(header[k]) for k in candidates)} could both be {ours!r}. "
                f"Say which with {option}.",
                file=path.name, column=header[candidates[0]],
            )
        found[ours] = candidates[0]
    for k, name in enumerate(header):
        if name and k not in found.values() and name not in found and name not in _OURS:
            found[name] = k
    return found


def _without_empty(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Notice]]:
    notices = []
    for code, column, what in (("empty_input", "input", "text"), ("empty_label", EXPECTED + MAIN_FIELD, "label")):
        empty = frame[column].str.strip() == ""
        if empty.any():
            rows = tuple(int(r) for r in frame.loc[empty, "row"])
            shown = ", ".join(map(str, rows[:8])) + (" …" if len(rows) > 8 else "")
            notices.append(Notice(code, f"{len(rows)} rows without a {what} are left out (rows {shown}).", rows))
            frame = frame[~empty]
    return frame, notices


def _check_classes(path: Path, frame: pd.DataFrame, column: str) -> None:
    labels = frame[EXPECTED + MAIN_FIELD]
    if labels.nunique() < 2:
        found = f"only {labels.iloc[0]!r}" if len(labels) else "no label at all"
        raise InputError(
            f"{path.name} has {found} in the column {column!r}; expected at least two classes.",
            file=path.name, column=column,
        )
    if len(labels) > 2 and labels.nunique() == len(labels):
        raise InputError(
            f"{path.name}: every one of the {len(labels)} rows has a label of its own in {column!r}. "
            "This is probably the wrong column; name the right one with --label.",
            file=path.name, column=column,
        )


def _content_ids(frame: pd.DataFrame) -> list[str]:
    """Ids that follow from the content, the same whatever the order of rows; repeats are numbered."""
    seen: Counter[str] = Counter()
    ids = []
    for text, label in zip(frame["input"], frame[EXPECTED + MAIN_FIELD], strict=True):
        digest = hashlib.sha256(f"{text}\0{label}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
        seen[digest] += 1
        ids.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return ids


def _check_ids(path: Path, frame: pd.DataFrame) -> None:
    twice = frame[frame["id"].duplicated(keep="first")]
    if len(twice):
        raise InputError(
            f"{path.name}, row {int(twice['row'].iloc[0])} repeats the id {twice['id'].iloc[0]!r}. "
            "Make ids unique, or remove the column to have them made from the content.",
            file=path.name, row=int(twice["row"].iloc[0]), column="id",
        )
