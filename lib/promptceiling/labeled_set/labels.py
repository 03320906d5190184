"""What "the same label" means, and which labels only look the same."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

# NUL, zero width, soft hyphen, byte order mark, direction marks and isolates, grapheme joiner, variation selector
INVISIBLE = dict.fromkeys(map(ord, (
    "\0\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u034f\ufe0f"
)))
# Cyrillic and Greek letters that are drawn like Latin ones (Unicode TR 39, the pairs met in practice)
_LOOK_ALIKE = str.maketrans(
    "аеорсухіјѕӏԁɡһքԛԝАВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρκυ‐‑‒–—−’‘ʼ",
    "aeopcyxijsldghfqwABEKMHOPCTYXIJSABEZHIKMNOPTYXovpku------'''",
)


def clean_label(label: str) -> str:
    """A label without outer space and invisible characters, in Unicode NFC: what "the same label" means here.

    >>> clean_label(" billing\u200b ")
    'billing'
    """
    return unicodedata.normalize("NFC", label.translate(INVISIBLE)).strip()


def look_alikes(labels: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of different labels that a reader would take for one, the most common first in each.

    Case, character width, inner spaces, hyphens, underscores, ".0" behind a number, and Cyrillic or Greek letters drawn
    like Latin ones are taken as alike. `labels` are those of all cases, with repeats.

    >>> look_alikes(["Bug report", "bug_report", "Bug report", "billing"])
    [('Bug report', 'bug_report')]
    """
    counts = Counter(labels)
    groups: dict[str, list[str]] = {}
    for label in sorted(counts, key=lambda name: (-counts[name], name)):
        groups.setdefault(_skeleton(label), []).append(label)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _skeleton(label: str) -> str:
    plain = unicodedata.normalize("NFKC", label).translate(_LOOK_ALIKE).casefold().translate(_LOOK_ALIKE)
    return re.sub(r"^(\d+)\.0+$", r"\1", re.sub(r"[\s_\-]+", " ", plain).strip()) or label


def of_several(labels: Iterable[str]) -> list[str]:
    """Labels that look like several in one: a list or object, or parts that stand as labels elsewhere, too.

    >>> of_several(["billing;access", "billing", "access", "terms; fees", '["a", "b"]'])
    ['billing;access', '["a", "b"]']
    """
    distinct = list(dict.fromkeys(labels))
    parts = {label: [part.strip() for part in re.split(r"[;|,]", label)] for label in distinct}
    standing = Counter(part for own in parts.values() for part in set(own))
    return [label for label, own in parts.items() if label[:1] + label[-1:] in ("[]", "{}")
            or (len(own) > 1 and all(own) and all(standing[part] > 1 for part in own))]
