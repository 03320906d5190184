"""Which script and language a text seems to be in: a rough count, by its letters and its most common short words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

_STOPWORDS = {
    "English": "the and is to of in it you that my for on with not have are this can how what do i please from but was",
    "German": "der die das und ist nicht ich sie wir ein eine mit für auf zu den von wie bitte haben kann wird im es",
    "French": "le la les des est et une pas je vous nous pour dans sur avec que qui mon du votre bonjour sont ce au",
    "Spanish": "el los las una que no en por para con mi es se del como hola pero está desde puedo gracias lo más",
    "Portuguese": "o os as um uma que não em por para com meu é se do da como mas está desde posso obrigado na no",
    "Italian": "il lo gli una che non per con mio è di del della come ma sono posso grazie nel si alla ho un",
    "Dutch": "de het een en is niet ik je we van met voor op te dat hoe naar maar kan zijn wij er om bij",
    "Polish": "nie się na do jest że w z to jak co ale czy po od dla mam jestem proszę są mogę przez i o",
    "Swedish": "och att det är inte jag en ett som på för med till av den har vi kan hur men från om ni när",
    "Turkish": "ve bir bu için ile ne var yok değil mi nasıl ben daha çok ama gibi olarak kadar bizim lütfen da de",
    "Indonesian": "yang dan di tidak saya ini itu untuk dengan dari ke ada apa bagaimana akan sudah bisa kami",
}
_OWNERS: dict[str, list[str]] = {}
for _language, _words in _STOPWORDS.items():
    for _word in _words.split():
        _OWNERS.setdefault(_word, []).append(_language)
_SCRIPTS = {"CJK": "Chinese or Japanese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean",
            "CYRILLIC": "Cyrillic script", "ARABIC": "Arabic script", "HEBREW": "Hebrew", "GREEK": "Greek",
            "DEVANAGARI": "Devanagari script", "THAI": "Thai", "BENGALI": "Bengali", "TAMIL": "Tamil"}


def language_of(text: str) -> str:
    """The script or, for Latin letters, the language whose short words occur most; "other" where none stands out.

    Only the first 400 characters are looked at. Short texts without such a word are "other": read shares as rough.

    >>> language_of("How do I reset my password?"), language_of("كيف يمكنني"), language_of("OK")
    ('English', 'Arabic script', 'other')
    """
    head = text[:400]
    if not head.isascii():
        letters = [c for c in head if c.isalpha()]
        foreign = Counter(script for c in letters if (script := _script(c)))
        if foreign and foreign.total() >= 0.4 * len(letters):
            return "Japanese" if foreign["Japanese"] else foreign.most_common(1)[0][0]
    votes: dict[str, int] = {}
    for word in re.findall(r"[^\W\d_]+", head.lower()):
        for language in _OWNERS.get(word, ()):
            votes[language] = votes.get(language, 0) + 1
    most = max(votes.values(), default=0)
    best = [language for language, n in votes.items() if n == most]
    return best[0] if len(best) == 1 else "other"


@lru_cache(maxsize=10_000)
def _script(letter: str) -> str | None:
    return _SCRIPTS.get(unicodedata.name(letter, "").partition(" ")[0]) if letter > "\u024f" else None
