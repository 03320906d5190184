"""Secrets and personal data in texts, found by pattern, and masked before anything is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator


def _luhn(number: str) -> bool:
    digits = [int(d) for d in re.sub(r"\D", "", number)][::-1]
    doubled = [d if k % 2 == 0 else d * 2 - 9 * (d > 4) for k, d in enumerate(digits)]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and sum(doubled) % 10 == 0


def _iban(number: str) -> bool:
    plain = re.sub(r"\s", "", number).upper()
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _phone(number: str) -> bool:
    return 9 <= len(re.sub(r"\D", "", number)) <= 15 and not re.search(r"\d{4}-\d{2}-\d{2}", number)


def _has(*parts: str) -> Callable[[str], bool]:
    return lambda text: any(part in text for part in parts)


def _has_folded(*parts: str) -> Callable[[str], bool]:
    return lambda text: any(part in folded for folded in (text.casefold(),) for part in parts)


_LONG_NUMBER = re.compile(r"\d[\d ()./\-]{8}").search
# in this order: what an earlier pattern takes, a later one does not see; the first function is a quick look at what the
# pattern cannot do without, the last one checks what it found
_PATTERNS: tuple[tuple[str, Callable[[str], object], re.Pattern[str], Callable[[str], bool] | None], ...] = tuple(
    (kind, needs, re.compile(pattern), check) for kind, needs, pattern, check in (
        ("private key", _has("-----BEGIN "), r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
         r"(?:[\s\S]{0,8000}?-----END [A-Z ]*PRIVATE KEY-----|[\s\S]*)", None),
        ("API key or token", _has("_", "-", "AKIA", "AIza", "eyJ"),
         r"\b(?:(?:sk|pk|rk)[-_](?:proj-|live_|test_|ant-)?[A-Za-z0-9_\-]{16,}|AKIA[0-9A-Z]{16}"
         r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w\-]{20,}|xox[abprs]-[\w\-]{10,}|AIza[\w\-]{30,}"
         r"|hf_[A-Za-z0-9]{20,}|eyJ[\w\-]{8,}\.[\w\-]{8,}(?:\.[\w\-]*)?)", None),
        ("password or secret", _has_folded("pass", "pwd", "contrase", "secret", "key", "token"),
         r"(?i)\b(?:password|passwd|pwd|passwort|contraseña|secret|api[_ -]?key|access[_ -]?token)"
         r"\s*(?:is\s*|ist\s*|[:=]\s*)[\"']?(?=\S*[\d!@#$%^&*_\-])[^\s\"',;]{6,}", None),
        ("password or secret", _has_folded("bearer", "bas", "://"),
         r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9_\-.=+/]{20,}|\b\w+://[^\s/:@]+:[^\s/@]+@", None),
        ("e-mail address", _has("@"), r"[\w.+\-]{1,64}@[\w\-]+(?:\.[\w\-]+)+", None),
        ("IBAN", lambda text: text != text.lower(),
         r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", _iban),
        ("card number", _LONG_NUMBER, r"(?<![\d.])\d(?:[ \-]?\d){12,18}(?!\d|\.\d)", _luhn),
        ("social security number", _LONG_NUMBER,
         r"(?<![\w\-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w\-])", None),
        ("phone number", _LONG_NUMBER, r"(?<![\w.\-])(?:\+|00)\d[\d ()./\-]{7,20}\d(?!\w)"
         r"|(?<!\w)\(?\d{3}\)?[ .\-]\d{3}[ .\-]\d{4}(?!\w)",
         _phone),
        ("IP address", lambda text: text.count(".") > 2,
         r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\w|\.\d)", None),
    )
)
SECRETS = ("private key", "API key or token", "password or secret")


def kinds_in(text: str) -> tuple[str, ...]:
    """The kinds of secrets and personal data that the text seems to hold, secrets first.

    Patterns find what has a form (keys, addresses, card numbers whose check digit is right); a name or a street has
    none and is not found.

    >>> kinds_in("call +49 30 1234567, key sk-proj-abcdefghijklmnop1234")
    ('API key or token', 'phone number')
    """
    return tuple(dict.fromkeys(kind for kind, _ in _replaced(text)))


def masked(text: str) -> str:
    """The text with every secret and piece of personal data that is found replaced by its kind.

    >>> masked("my card is 4111 1111 1111 1111.")
    'my card is [card number].'
    """
    steps = list(_replaced(text))
    return steps[-1][1] if steps else text


def _replaced(text: str) -> Iterator[tuple[str, str]]:
    """(kind, the text so far masked) for each kind that is found."""
    for kind, needs, pattern, check in _PATTERNS:
        if not needs(text):
            continue

        def put(match: re.Match[str], kind: str = kind, check: Callable[[str], bool] | None = check) -> str:
            return f"[{kind}]" if check is None or check(match.group()) else match.group()

        after = pattern.sub(put, text)
        if after != text:
            text = after
            yield kind, text
