"""A strict template: names in double braces, each known and each filled once; what is filled in is never a template."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from promptceiling.errors import InputError

_SLOT = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*")


def names_in(template: str, what: str) -> list[str]:
    """The placeholders of a template, in order. Raises InputError for braces that hold no name, or do not close.

    >>> names_in("Sort this for {{company}}: {{ case }}", "the template")
    ['company', 'case']
    """
    names = []
    for slot in _SLOT.finditer(template):
        named = _NAME.fullmatch(slot[1])
        if named is None:
            raise InputError(f"In {what}, {slot[0][:40]!r} is no placeholder; expected one name in double braces, such "
                             "as {{case}}. Braces that are to stay go into a value.")
        names.append(named[1])
    rest = _SLOT.sub("", template)
    if "{{" in rest or "}}" in rest:
        raise InputError(f"In {what}, a double brace is not closed or not opened. Write each placeholder as "
                         "{{name}}. Braces that are to stay go into a value.")
    return names


def check(template: str, what: str, *, needed: Collection[str], known: Collection[str]) -> None:
    """Raises InputError that names the placeholder which is unknown, missing, or there twice; or half a character."""
    names = names_in(template, what)
    for name in names:
        if name not in known:
            raise InputError(f"In {what}, the placeholder {{{{{name}}}}} is unknown; known here are "
                             f"{', '.join(f'{{{{{k}}}}}' for k in sorted(known))}.")
    for name in needed:
        if names.count(name) != 1:
            found = "is missing" if name not in names else "stands more than once"
            raise InputError(f"In {what}, the placeholder {{{{{name}}}}} {found}; it must be there once.")
    if not template.isascii() and any("\ud800" <= sign <= "\udfff" for sign in template):
        raise InputError(f"In {what} stands half a character (a lone surrogate), which cannot be written.")


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with every placeholder replaced by its value, in one pass: values are not looked through.

    >>> fill("{{a}} and {{b}}", {"a": "{{b}}", "b": "%s"})
    '{{b}} and %s'
    """
    return _SLOT.sub(lambda slot: values[slot[1].strip()], template)
