"""What a file's bytes are: packed, a spreadsheet, Parquet, something else altogether, or text in some encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
import zlib

from promptceiling.errors import InputError

LARGEST_BYTES = 1 << 30
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_KINDS = (
    (b"\x89PNG", "a PNG image"), (b"\xff\xd8\xff", "a JPEG image"), (b"GIF8", "a GIF image"), (b"%PDF", "a PDF"),
    (b"BZh", "a bzip2 archive"), (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"SQLite format 3\0", "an SQLite database"), (b"{\\rtf", "an RTF document"), (b"\x80\x04\x95", "a pickle"),
)
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"),
)


def unpacked(raw: bytes, name: str) -> bytes:
    """The bytes without gzip around them, whatever the file is called; raises InputError above 1 GiB.

    >>> unpacked(gzip.compress(b"input,label"), "t.csv")
    b'input,label'
    """
    for _ in range(3):  # a download is sometimes packed once more on its way
        if not raw.startswith(b"\x1f\x8b"):
            break
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
                raw = packed.read(LARGEST_BYTES + 1)
        except (EOFError, OSError, zlib.error):
            raise InputError(f"{name} is a gzip file that is damaged or cut off; expected a whole one. Pack or "
                             "download it again.", file=name) from None
        if len(raw) > LARGEST_BYTES:
            raise _too_large(name)
    return raw


def kind_of(raw: bytes, name: str) -> str:
    """"workbook", "parquet" or "text", by the first bytes alone; raises InputError for what is none of them."""
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(raw, name)
    if raw.startswith(b"PAR1"):
        return "parquet"
    if raw.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound_kind(raw, name)
    for start, what in _KINDS:
        if raw.startswith(start):
            raise _not_a_table(name, what)
    return "text"


def decoded(raw: bytes, name: str) -> tuple[str, str]:
    """The text of the bytes, and the encoding that it was found to be in.

    UTF-8 (with or without a byte order mark), UTF-16 and UTF-32 are recognised; what is no UTF-8 is taken as
    Windows-1252, unless most of its other characters are UTF-8 or it ends within one.

    >>> decoded("café".encode("cp1252"), "t.csv")
    ('café', 'Windows-1252')
    """
    encoding = next((found for bom, found in _BOMS if raw.startswith(bom)), None) or _wide(raw) or "utf-8"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        if not encoding.startswith("utf-8"):
            raise InputError(f"{name} begins as {encoding.upper()} but byte {error.start} is none of it; the file is "
                             "probably cut off. Save it as UTF-8.", file=name) from None
        text, encoding = _windows_1252(raw, name), "Windows-1252"
    head = text[:200].lstrip().lower()
    if head.startswith(("<!doctype", "<html", "<?xml")):
        raise _not_a_table(name, "a web page or XML")
    if "\0" in text[:4096].lstrip().partition("\n")[0]:
        raise _not_a_table(name, "binary data")
    return text, encoding


def _wide(raw: bytes) -> str | None:
    """UTF-16 without a byte order mark: every second byte of mostly Latin text is zero."""
    head = raw[:2000]
    if len(head) < 8 or len(raw) % 2:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.6 * len(head) / 2 and even == 0:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 * len(head) / 2 and odd == 0 else None


def _windows_1252(raw: bytes, name: str) -> str:
    lenient = raw.decode("utf-8", "surrogateescape")
    foreign = [k for k, c in enumerate(lenient) if "\udc80" <= c <= "\udcff"]
    whole = sum(c > "\x7f" for c in lenient) - len(foreign)
    line = lenient.count("\n", 0, foreign[0]) + 1
    found = f"byte 0x{ord(lenient[foreign[0]]) - 0xDC00:02x}"
    if whole and foreign[0] >= len(lenient) - 3:
        raise InputError(f"{name} ends in the middle of a character (line {line}); the file is probably cut off. "
                         "Save or download it again.", file=name)
    if whole > len(foreign):
        raise InputError(f"{name}, line {line} holds {found}, which is not UTF-8, while the rest of the file is; "
                         "expected one encoding. Save the whole file as UTF-8.", file=name)
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is neither UTF-8 nor Windows-1252 text: byte {error.start} is "
                         f"0x{raw[error.start]:02x}. Save it as UTF-8.", file=name) from None


def _compound_kind(raw: bytes, name: str) -> str:
    """An old .xls, by the streams that the file names; what is encrypted, or no workbook, is refused."""
    if "EncryptedPackage".encode("utf-16-le") in raw or _has_password(raw):
        raise InputError(f"{name} is protected with a password; expected an open spreadsheet. Save it without the "
                         "password, or export the sheet as CSV.", file=name)
    for stream, what in (("WordDocument", "a Word document"), ("PowerPoint Document", "a PowerPoint document"),
                         ("__properties_version1.0", "an Outlook message")):
        if stream.encode("utf-16-le") in raw:
            raise _not_a_table(name, what)
    return "workbook"


def _has_password(raw: bytes) -> bool:
    """Whether one of the records that begin an .xls is FILEPASS (0x2F): its cells would be read as garbage."""
    at = next((k for k in range(512, len(raw), 512) if raw[k : k + 2] == b"\x09\x08"), len(raw))
    for _ in range(5):  # BOF, then at most WRITEPROT and its like
        kind, size = int.from_bytes(raw[at : at + 2], "little"), int.from_bytes(raw[at + 2 : at + 4], "little")
        if kind == 0x2F:
            return True
        at += 4 + size
    return False


def _zip_kind(raw: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names, size = archive.namelist(), sum(entry.file_size for entry in archive.infolist())
            what = archive.read("mimetype")[:99] if "mimetype" in names else b""
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError, RuntimeError):
        raise InputError(f"{name} begins as a zip or Excel file but is damaged or cut off. Save or download it again.",
                         file=name) from None
    if {"xl/workbook.xml", "xl/workbook.bin"} & set(names) or what.startswith(_ODS):
        if size > LARGEST_BYTES:
            raise _too_large(name)
        return "workbook"
    if "word/document.xml" in names:
        raise _not_a_table(name, "a Word document")
    holds = f"{names[0][-60:]!r}" + (f" and {len(names) - 1:,} more" if len(names) > 1 else "") if names else "nothing"
    raise InputError(f"{name} is a zip archive that holds {holds}; expected one file, or gzip of one. Unpack it, and "
                     "give the file with the labeled set.", file=name)


def _too_large(name: str) -> InputError:
    return InputError(f"{name} unpacks to more than 1 GiB; expected a labeled set. Give a sample of it.", file=name)


def _not_a_table(name: str, what: str) -> InputError:
    return InputError(f"{name} is {what}, whatever its name says; expected CSV, JSON, JSON Lines, Parquet or Excel "
                      "(.xlsx). Export the labeled set as one of these.", file=name)
