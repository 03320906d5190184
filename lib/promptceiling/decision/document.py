"""A document of headings, paragraphs, lists and tables, written as Markdown or as one self-contained HTML page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from markupsafe import Markup

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$])")
_NONE = Markup("")
_LOOK = """
:root { color-scheme: light dark; --pc-soft: light-dark(#525c6b, #a9b3c2); --pc-line: light-dark(#d7dde6, #3a4350);
  --pc-accent: light-dark(#1f5fbf, #85b4ff); --pc-open: light-dark(#855600, #f0b95a); }
body { font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; max-width: 860px;
  margin: 0 auto; padding: 28px 20px 60px; color: light-dark(#1c2430, #e8ecf2); background: light-dark(#fff, #14181e);
  overflow-wrap: anywhere; }
h1 { font-size: 27px; line-height: 1.25; margin: 0 0 12px; }
h2 { font-size: 18px; margin: 34px 0 8px; padding-top: 12px; border-top: 1px solid light-dark(#d9dee6, #39424f); }
div { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; vertical-align: baseline; padding: 6px 12px 6px 0; min-width: 4.5em;
  overflow-wrap: break-word; border-bottom: 1px solid light-dark(#d9dee6, #39424f); }
th { color: light-dark(#566072, #a5afbf); font-size: 12.5px; }
h3 { font-size: 15px; margin: 22px 0 4px; }
figure { margin: 14px 0; } figure svg { width: 100%; height: auto; display: block; } .pc-narrow { display: none; }
figcaption { font-size: 12.5px; color: var(--pc-soft); }
.lead { font-size: 19px; font-weight: 650; }
@media (max-width: 640px) { .pc-wide { display: none; } .pc-narrow { display: block; }
  th, td { min-width: 6.5em; } :is(th, td):nth-child(3) { min-width: 12em; } }
@page { margin: 14mm; }
@media print { :root { color-scheme: light; } figure { break-inside: avoid; } h3 { break-after: avoid; }
  body { max-width: none; padding: 0; font-size: 10.5pt; } h2, tr { break-inside: avoid; }
  h2 { break-after: avoid; } div { overflow: visible; } table { font-size: 9pt; } }
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a document: its kind, and its text, items, or (for a table) head and rows; a picture is HTML."""

    kind: Literal["title", "heading", "lead", "text", "list", "table", "picture"]
    text: str = ""
    items: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    picture: Markup = _NONE


def markdown(blocks: Sequence[Block]) -> str:
    """The document in Markdown, without pictures; what the texts hold is shown and never is markup.

    >>> print(markdown([Block("title", "A | b"), Block("table", head=("x",), rows=(("1*",),))]), end="")
    # A \\| b
    <BLANKLINE>
    | x |
    | --- |
    | 1\\* |
    """
    return "\n".join(_markdown(block) for block in blocks if block.kind != "picture")


def html(blocks: Sequence[Block]) -> str:
    """The document as one HTML page that needs nothing else, can be printed, and runs nothing."""
    title = next((block.text for block in blocks if block.kind == "title"), "")
    page = Markup('<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" '
                  'content="width=device-width, initial-scale=1">\n<meta http-equiv="Content-Security-Policy" '
                  "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{}</title>\n<style>{}</style>\n"
                  "</head>\n<body>\n{}\n</body>\n</html>\n")
    return str(page.format(title, Markup(_LOOK),  # noqa: S704 - our own text
                           Markup("\n").join(_html(block) for block in blocks)))


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _markdown(block: Block) -> str:
    match block.kind:
        case "picture":
            return ""
        case "title":
            return f"# {_plain(block.text)}\n"
        case "heading":
            return f"## {_plain(block.text)}\n"
        case "lead":
            return f"**{_plain(block.text)}**\n"
        case "text":
            return f"{_plain(block.text)}\n"
        case "list":
            return "".join(f"- {_plain(item)}\n" for item in block.items)
        case "table":
            lines = [block.head, ["---"] * len(block.head), *block.rows]
            return "".join(f"| {' | '.join(_plain(c) if k != 1 else c for c in cells)} |\n"
                           for k, cells in enumerate(lines))
        case _:
            assert_never(block.kind)


def _html(block: Block) -> Markup:
    match block.kind:
        case "picture":
            return block.picture
        case "title":
            return Markup("<h1>{}</h1>").format(block.text)
        case "heading":
            return Markup("<h2>{}</h2>").format(block.text)
        case "lead":
            return Markup('<p class="lead">{}</p>').format(block.text)
        case "text":
            return Markup("<p>{}</p>").format(block.text)
        case "list":
            return Markup("<ul>{}</ul>").format(Markup("").join(
                Markup("<li>{}</li>").format(item) for item in block.items))
        case "table":
            head = Markup("").join(Markup('<th scope="col">{}</th>').format(cell) for cell in block.head)
            rows = Markup("\n").join(Markup("<tr>{}</tr>").format(Markup("").join(
                Markup("<td>{}</td>").format(cell) for cell in row)) for row in block.rows)
            return Markup("<div><table><thead><tr>{}</tr></thead>\n<tbody>{}</tbody></table></div>").format(head, rows)
        case _:
            assert_never(block.kind)
