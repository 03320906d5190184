"""Fine-tuning examples (chat or prompt and completion JSON Lines) as a table of texts and labels."""

from __future__ import annotations

import json
from typing import Any

from promptceiling.errors import InputError
from promptceiling.labeled_set.json_table import as_text
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD, Notice
from promptceiling.labeled_set.table import Table, counted, rows_in_words

_MAIN_KEYS = (MAIN_FIELD, EXPECTED + MAIN_FIELD, "label", "intent", "class", "answer")


def from_chat(table: Table) -> Table:
    """The table with `messages` replaced by `input` and `expected_category`; any other table as it is.

    The text is the last user turn and the label the assistant's answer to it, or, where that answer is a JSON object,
    its category (and every further field as `expected_<field>`). System text and earlier turns are left out, told in a
    notice. Raises InputError for a row whose messages are not that.
    """
    if "messages" not in table.header or "input" in table.header:
        return table
    at = table.header.index("messages")
    others = [name for name in table.header if name != "messages"]
    records, earlier, systems = [], [], 0
    for number, row in zip(table.numbers, table.rows, strict=True):
        turns = _turns(row[at], table.name, number)
        systems += any(role in ("system", "developer") for role, _ in turns)
        talk = [turn for turn in turns if turn[0] in ("user", "assistant")]
        answer = talk.pop()[1] if talk and talk[-1][0] == "assistant" else ""
        if not talk or talk[-1][0] != "user":
            raise InputError(f"{table.name}, row {number} has no user message before the answer in 'messages'; "
                             "expected a user and an assistant turn. Correct or remove the row.",
                             file=table.name, row=number, column="messages")
        if len(talk) > 1:
            earlier.append(number)
        kept = {name: value for name, value in zip(table.header, row, strict=True) if name != "messages"}
        records.append({**kept, "input": talk[-1][1], **_expected(answer)})
    header = list(dict.fromkeys([*others, "input", EXPECTED + MAIN_FIELD, *(k for r in records for k in r)]))
    said = (f"Read as {counted(len(records), 'fine-tuning example')}: the last user turn is the text, the answer the "
            "label")
    if systems:
        said += f"; {counted(systems, 'system text')} left out"
    if earlier:
        said += f"; earlier turns left out ({rows_in_words(earlier)})"
    return Table(table.name, header, [[record.get(name, "") for name in header] for record in records], table.numbers,
                 table.lines, (*table.notices, Notice("chat_examples", f"{said}.", tuple(earlier))))


def _turns(text: str, name: str, row: int) -> list[tuple[str, str]]:
    try:
        messages: Any = json.loads(text)
    except (ValueError, RecursionError):
        messages = None
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        raise InputError(f"{name}, row {row} has no list of turns in 'messages'; expected "
                         '[{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]. '
                         "Correct the row.",
                         file=name, row=row, column="messages")
    return [(str(m.get("role")), _content(m.get("content"))) for m in messages]


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # parts: only their texts count
        return "\n".join(as_text(part.get("text")) for part in content if isinstance(part, dict) and "text" in part)
    return as_text(content)


def _expected(answer: str) -> dict[str, str]:
    try:
        record = json.loads(answer, parse_float=str, parse_int=str) if answer.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or not record:
        return {EXPECTED + MAIN_FIELD: answer}
    main = next((key for key in _MAIN_KEYS if key in record), next(iter(record)))
    further = {EXPECTED + key.removeprefix(EXPECTED): as_text(value) for key, value in record.items()
               if key not in (main, "confidence", "reasoning")}
    return {EXPECTED + MAIN_FIELD: as_text(record[main]), **further}
