"""Which column of a table is the text and which the label: by name, by a usual synonym, or by asking."""

from __future__ import annotations

import re

from promptceiling.errors import InputError
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD, Notice
from promptceiling.labeled_set.labels import clean_label
from promptceiling.labeled_set.table import Table

INPUT_NAMES = ("input", "text", "ticket", "message", "body", "utterance", "query", "sentence", "question", "prompt",
               "content", "review", "comment", "input_text", "ticket_text", "message_text", "email_body",
               "nachricht", "anfrage", "eingabe", "texte", "texto", "mensaje", "consulta")
LABEL_NAMES = ("expected_category", "category", "label", "intent", "class", "expected", "target", "completion",
               "ground_truth", "gold", "gold_label", "label_name", "expected_label", "class_label", "expected_output",
               "kategorie", "klasse", "catégorie", "categorie", "étiquette", "etiquette", "categoría", "categoria",
               "etiqueta")
_GROUP_LIKE = ("customer", "customer_id", "client", "client_id", "account", "account_id", "user_id", "thread",
               "thread_id", "conversation", "conversation_id", "kunde", "kundennummer", "cliente")
_OPTIONAL = ("id", "group", "split", "second_category")
_OURS = ("row", "cluster", "unit")  # columns that are made here
_LONG_NAME = 60
_WITH = {"--input": "--input, or 'Text column' in the form", "--label": "--label, or 'Label column' in the form"}


def column_key(name: str) -> str:
    """A column's name as it is compared: lower case, one underscore for spaces, hyphens and points, nothing invisible.

    >>> column_key(" Expected-Category ")
    'expected_category'
    """
    return re.sub(r"[\s\-_.]+", "_", clean_label(name).casefold()).strip("_")


def is_known(name: str) -> bool:
    """Whether a column of this name would be read as the text, the label, or one of the optional columns."""
    key = column_key(name)
    return key in (*INPUT_NAMES, *LABEL_NAMES, *_OPTIONAL) or key.startswith(EXPECTED)


def text_column(table: Table, named: str | None) -> int:
    """The position of the texts; raises InputError where there is none, or more than one."""
    return _find(table, "input", named, INPUT_NAMES, "--input")


def find_columns(
    table: Table, input_column: str | None, label_column: str | None
) -> tuple[dict[str, int], list[Notice]]:
    """Our column name -> position in the table, and notices of synonyms and of columns that are left out."""
    header = table.header
    found = {"input": text_column(table, input_column),
             EXPECTED + MAIN_FIELD: _find(table, EXPECTED + MAIN_FIELD, label_column, LABEL_NAMES, "--label")}
    if found["input"] == found[EXPECTED + MAIN_FIELD]:
        raise InputError(f"{table.name}: {header[found['input']]!r} is named as the text and as the label; expected "
                         f"two columns. Name another one with {_WITH['--label']}.", file=table.name,
                         column=header[found["input"]])
    notices = [Notice("column_synonym", f"Column {header[k]!r} is read as {name!r}.")
               for name, k in found.items() if header[k] != name]
    for k, name in enumerate(header):
        if not name or k in found.values():
            continue
        key = column_key(name)
        ours = key if (key in _OPTIONAL or key.startswith(EXPECTED)) and key not in header else name
        if ours in found or ours in _OURS or ours == EXPECTED:
            continue
        if ours != name:
            notices.append(Notice("column_synonym", f"Column {name!r} is read as {ours!r}."))
        found[ours] = k
    if "group" not in found and (alike := [name for name in header if column_key(name) in _GROUP_LIKE]):
        notices.append(Notice("group_like", f"{' and '.join(map(repr, alike))} may tell which cases belong together. "
                              "Splits do not go by it; name one 'group' to keep its cases in one split."))
    unused = [name or "(without a name)" for k, name in enumerate(header) if k not in found.values()]
    if unused:
        notices.append(Notice("column_left_out", f"Not kept: the columns {', '.join(map(repr, unused))}."))
    return found, notices


def _find(table: Table, ours: str, named: str | None, synonyms: tuple[str, ...], option: str) -> int:
    header, keys = table.header, [column_key(name) for name in table.header]
    candidates = [k for k, key in enumerate(keys) if key in synonyms]
    if named is not None:
        candidates = [k for k, name in enumerate(header) if name == named]
    elif exact := [k for k, key in enumerate(keys) if key == ours]:
        candidates = exact
    if not candidates:
        raise InputError(_missing(table, named or ours, option), file=table.name, column=named or ours)
    if len(candidates) > 1:
        raise InputError(f"{table.name}: {' and '.join(repr(header[k]) for k in candidates)} could both be {ours!r}. "
                         f"Say which with {_WITH[option]}.", file=table.name, column=header[candidates[0]])
    return candidates[0]


def _missing(table: Table, column: str, option: str) -> str:
    header = table.header
    if not any(map(is_known, header)) and any(
        len(name) > _LONG_NAME or name.count(" ") >= 4 or any(row[k] == name for row in table.rows)
        for k, name in enumerate(header) if name
    ):
        # the first line may hold anybody's text: it is described, not quoted
        return (f"{table.name} seems to have no header: its first row holds {len(header)} "
                f"value{'s' if len(header) > 1 else ''} that look like a case. Add a first line with the columns' "
                "names, such as input,expected_category.")
    shown = ", ".join(repr(name[:_LONG_NAME]) for name in header[:20])
    return f"{table.name} has no column {column!r}; found {shown}. Rename one, or name it with {_WITH[option]}."
