"""Awkward files, made on the spot: bytes for each, and workbooks without a library that writes them."""

import gzip
import io
import json
import struct
import zipfile
from xml.sax.saxutils import escape

ROWS = [("wrong sum", "billing"), ("no login", "access"), ("card declined, twice", "billing")]


def csv_of(rows=ROWS, head="input,expected_category", end="\n"):
    """CSV text with every value in quotes."""
    lines = [head, *(",".join('"' + v.replace('"', '""') + '"' for v in row) for row in rows)]
    return end.join(lines) + end


def records(rows=ROWS):
    return [{"input": text, "expected_category": label} for text, label in rows]


def chat(rows=ROWS, answer=lambda label: label):
    return "\n".join(json.dumps({"messages": [
        {"role": "system", "content": "Sort the ticket."}, {"role": "user", "content": text},
        {"role": "assistant", "content": answer(label)}]}) for text, label in rows)


COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what Excel up to 2003, and whatever Office encrypts, begins with


def xls(rows, *, password=False):
    """A workbook of Excel 97 to 2003 with text cells, as one stream of a compound file; `password`: says it has one."""
    def record(kind, data=b""):
        return struct.pack("<HH", kind, len(data)) + data

    def begin(kind):
        return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0x0DBB, 0x07CC, 0, 6))

    sheet = begin(0x10) + record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, len(rows[0]), 0))
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            sheet += record(0x204, struct.pack("<HHHHB", r, c, 0, len(value), 1) + value.encode("utf-16-le"))
    front = begin(5) + (record(0x2F, struct.pack("<HHH", 0, 1, 2)) if password else b"") + record(0x42, b"\xb0\x04")
    at = len(front) + 8 + len("Sheet") + 4 + 4
    stream = (front + record(0x85, struct.pack("<IBBBB", at, 0, 0, len("Sheet"), 0) + b"Sheet") + record(0x0A) + sheet
              + record(0x0A))
    size, none, end = -(-max(len(stream), 4096) // 512), 0xFFFFFFFF, 0xFFFFFFFE
    head = COMPOUND + bytes(16) + struct.pack("<5H6x9I", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0)
    table = [0xFFFFFFFD, end, *range(3, size + 2), end]
    folder = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBB3I36xIQ", 2 * len(name) + 2, kind, 1, none, none, child, start, length)
        for name, kind, child, start, length in (("Root Entry", 5, 1, end, 0), ("Workbook", 2, none, 2, size * 512)))
    free = bytes(66) + struct.pack("<BB3I48x", 0, 0, none, none, none)
    sectors = struct.pack("<128I", *table, *[none] * (128 - len(table)))
    return b"".join((head, struct.pack("<109I", 0, *[none] * 108), sectors, folder, free, free,
                     stream.ljust(size * 512, b"\0")))


def xlsx(sheets):
    """An Excel workbook: {sheet: rows}; text is text, numbers are numbers, True and False truth values."""
    def cell(value):
        if isinstance(value, bool):
            return f'<c t="b"><v>{int(value)}</v></c>'
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        if value is None:
            return "<c/>"
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
                         'ContentType="application/xml"/></Types>')
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
                         f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>' + "".join(
            f'<sheet name="{escape(name)}" sheetId="{k}" r:id="s{k}"/>' for k, name in enumerate(sheets, 1))
            + "</sheets></workbook>")
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships">' + "".join(
            f'<Relationship Id="s{k}" Type="{office}/worksheet" Target="worksheets/sheet{k}.xml"/>'
            for k in range(1, len(sheets) + 1)) + "</Relationships>")
        for k, rows in enumerate(sheets.values(), 1):
            body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
            archive.writestr(f"xl/worksheets/sheet{k}.xml",
                             f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>')
    return packed.getvalue()


def parquet(rows):
    """A Parquet file of these dicts; the types of its columns follow from their values."""
    from arro3.io import infer_json_schema, read_json, write_parquet

    lines = "\n".join(map(json.dumps, rows)).encode()
    written = io.BytesIO()
    write_parquet(read_json(io.BytesIO(lines), infer_json_schema(io.BytesIO(lines))), written)
    return written.getvalue()


def ods(rows):
    """An OpenDocument spreadsheet with one sheet of texts."""
    spaces = " ".join(f'xmlns:{k}="urn:oasis:names:tc:opendocument:xmlns:{k}:1.0"' for k in ("office", "table", "text"))
    body = "".join("<table:table-row>" + "".join(
        f'<table:table-cell office:value-type="string"><text:p>{escape(v)}</text:p></table:table-cell>' for v in row)
        + "</table:table-row>" for row in rows)
    return zipped({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml":
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        "content.xml": f"<office:document-content {spaces}><office:body><office:spreadsheet><table:table "
                       f'table:name="Sheet1">{body}</table:table></office:spreadsheet></office:body>'
                       "</office:document-content>"})


def zipped(files):
    """A zip archive of {name: text}."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def far_cell(content):
    """The workbook with one more cell, in the last row and the last column that a sheet can have."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as one, zipfile.ZipFile(changed, "w") as other:
        for name in one.namelist():
            other.writestr(name, one.read(name).replace(
                b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'))
    return changed.getvalue()


HEAD = ("input", "expected_category")
COLUMNS = {"input": [t for t, _ in ROWS], "expected_category": [label for _, label in ROWS]}
# name -> (bytes, codes of the notices)
READ = {
    "comma": (csv_of().encode(), []),
    "crlf": (csv_of(end="\r\n").encode(), []),
    "cr": (csv_of(end="\r").encode(), []),
    "no_last_line_end": (csv_of().rstrip("\n").encode(), []),
    "semicolon": (csv_of().replace('","', '";"').replace("t,e", "t;e").encode(), []),
    "tab": (csv_of().replace('","', '"\t"').replace("t,e", "t\te").encode(), []),
    "pipe": (csv_of().replace('","', '"|"').replace("t,e", "t|e").encode(), []),
    "sep_semicolon": (b"sep=;\r\n" + csv_of(end="\r\n").replace('","', '";"').replace("t,e", "t;e").encode(), []),
    "sep_comma_quoted": (b'"sep=,"\n' + csv_of().encode(), []),
    "semicolon_with_commas_in_texts": (
        b"input;expected_category\nwrong sum;billing\nno login;access\ncard declined, twice;billing\n", []),
    "utf8_bom": (csv_of().encode("utf-8-sig"), []),
    "utf16_bom": (csv_of().encode("utf-16"), []),
    "utf16_big_endian": (b"\xfe\xff" + csv_of().encode("utf-16-be"), []),
    "utf16_without_bom": (csv_of().encode("utf-16-le"), []),
    "utf32": (csv_of().encode("utf-32"), []),
    "quoted_header": (csv_of(head='"input","expected_category"').encode(), []),
    "header_with_spaces": (csv_of(head=" input , Expected Category ").encode(), ["column_synonym"]),
    "upper_case_header": (csv_of(head="INPUT,EXPECTED_CATEGORY").encode(), ["column_synonym"] * 2),
    "synonyms": (csv_of(head="Ticket,Intent").encode(), ["column_synonym"] * 2),
    "german": (("Anfrage;Kategorie\n" + csv_of().replace('","', '";"').partition("\n")[2]).encode(),
               ["column_synonym"] * 2),
    "french": (csv_of(head="Texte,Cate\u0301gorie").encode(), ["column_synonym"] * 2),
    "spanish": (csv_of(head="Mensaje,Categoría").encode("cp1252"), ["encoding", *["column_synonym"] * 2]),
    "customer_column": (csv_of([(*row, "A") for row in ROWS], "input,expected_category,Kunde").encode(),
                        ["group_like"]),
    "invisible_in_header": (csv_of(head="in\u200bput,expected_category").encode(), ["column_synonym"]),
    "nul_behind_label": (csv_of([*ROWS[:2], (ROWS[2][0], "billing\0")]).encode(), ["label_cleaned"]),
    "markdown_table": (("|input|expected_category|\n|---|:-:|\n" + "".join(
        f"|{text}|{label}|\n" for text, label in ROWS)).encode(), ["column_left_out"]),
    "leading_blank_lines": (b"\n\n" + csv_of().encode(), []),
    "trailing_blank_lines": (csv_of().encode() + b"\n\n\n", []),
    "trailing_empty_rows": (csv_of().encode() + b",\n,\n", ["blank_row"]),
    "blank_line_within": (csv_of().replace('"no', '\n"no').encode(), ["blank_row"]),
    "trailing_commas": (csv_of().replace('"billing"', '"billing",,').encode(), ["trailing_delimiter"]),
    "empty_text": (csv_of([*ROWS, (" \u2003", "access")]).encode(), ["empty_input"]),
    "invisible_text": (csv_of([*ROWS, ("\u200b\ufeff", "access")]).encode(), ["empty_input"]),
    "empty_label": (csv_of([*ROWS, ("hello", " ")]).encode(), ["empty_label"]),
    "space_around_label": (csv_of([*ROWS[:2], (ROWS[2][0], " billing\u00a0")]).encode(), ["label_cleaned"]),
    "invisible_in_label": (csv_of([*ROWS[:2], (ROWS[2][0], "bill\u200bing")]).encode(), ["label_cleaned"]),
    "direction_mark_in_label": (csv_of([*ROWS[:2], (ROWS[2][0], "\u200fbilling")]).encode(), ["label_cleaned"]),
    "gzip": (gzip.compress(csv_of().encode()), []),
    "gzip_twice": (gzip.compress(gzip.compress(csv_of().encode())), []),
    "gzip_of_json_lines": (gzip.compress("\n".join(map(json.dumps, records())).encode()), []),
    "json_lines": ("\n".join(map(json.dumps, records())).encode(), []),
    "json_lines_crlf": ("\r\n".join(map(json.dumps, records())).encode(), []),
    "json_lines_bom": ("\n".join(map(json.dumps, records())).encode("utf-8-sig"), []),
    "json_lines_blank_line": ("\n\n".join(map(json.dumps, records())).encode(), ["blank_row"]),
    "json_array": (json.dumps(records()).encode(), []),
    "json_array_indented": (json.dumps(records(), indent=2).encode("utf-16"), []),
    "json_array_one_line_each": (("[" + ",\n".join(map(json.dumps, records())) + "]").encode(), []),
    "json_objects_indented": ("\n".join(json.dumps(r, indent=1) for r in records()).encode(), []),
    "json_columns": (json.dumps(COLUMNS).encode(), []),
    "json_columns_indented": (json.dumps(COLUMNS, indent=2).encode(), []),
    "json_columns_by_row": (
        json.dumps({k: {str(n): v for n, v in enumerate(c)} for k, c in COLUMNS.items()}).encode(), []),
    "json_split": (json.dumps({"columns": HEAD, "data": ROWS}).encode(), []),
    "json_wrapped": (json.dumps({"data": records()}).encode(), []),
    "chat": (chat().encode(), ["chat_examples"]),
    "chat_with_json_answers": (chat(answer=lambda label: json.dumps({"category": label})).encode(), ["chat_examples"]),
    "prompt_and_completion": ("\n".join(json.dumps({"prompt": t, "completion": f" {c}"}) for t, c in ROWS).encode(),
                              ["column_synonym"] * 2 + ["label_cleaned"]),
    "xlsx": (xlsx({"Sheet1": [HEAD, *ROWS]}), []),
    "xls": (xls([HEAD, *ROWS]), []),
    "xlsx_second_sheet": (xlsx({"read me": [["How to fill this in"]], "cases": [HEAD, *ROWS]}), ["sheet"]),
    "xlsx_blank_row": (xlsx({"Sheet1": [HEAD, ROWS[0], [None, None], *ROWS[1:]]}), ["blank_row"]),
    "parquet": (parquet(records()), []),
    "ods": (ods([HEAD, *ROWS]), []),
    "xlsx_gzipped": (gzip.compress(xlsx({"Sheet1": [HEAD, *ROWS]})), []),
}
# name -> (bytes, part of the sentence, row or None)
REFUSED = {
    "empty": (b"", "is empty", None),
    "only_spaces": (b" \r\n \t ", "is empty", None),
    "only_bom": (b"\xef\xbb\xbf", "is empty", None),
    "header_only": (b"input,expected_category\n", "no cases", None),
    "one_class": (csv_of([(t, "x") for t, _ in ROWS]).encode(), "only 'x'", None),
    "every_row_its_own_class": (csv_of([(t, t) for t, _ in ROWS]).encode(), "a label of its own", None),
    "no_header": (csv_of(head='"my card was declined at the till","billing"').encode(), "seems to have no header",
                  None),
    "one_column": (b"input\nwrong sum\nno login\n", "no column 'expected_category'", None),
    "no_text_column": (csv_of(head="subject,label").encode(), "no column 'input'", None),
    "two_text_columns": (b"text,message,label\na,b,x\nc,d,y\n", "Say which with --input", None),
    "two_label_columns": (b"text,label,intent\na,b,x\nc,d,y\n", "Say which with --label", None),
    "doubled_column": (b"input,label,label\na,x,x\nb,y,y\n", "more than once", None),
    "doubled_json_key": (b'{"input": "a", "input": "b", "label": "x"}\n', "the key 'input' more than once", 1),
    "too_many_values": (b"input,label\na,x\nb,c,y\n", "has 3 values where the header has 2", 2),
    "too_few_values": (b"input,label\na,x\nb\n", "has 1 value where the header has 2", 2),
    "unclosed_quote": (b'input,label\na,x\n"b,y\nc,x\n', "quotation mark", 2),
    "text_after_quote": (b'input,label\n"a" b,x\nc,y\n', "quotation mark", 1),
    "doubled_id": (b"id,input,label\n1,a,x\n1,b,y\n2,c,x\n", "repeats the id '1'", 2),
    "truncated_json_array": (json.dumps(records()).encode()[:-30], "cut off", 3),
    "truncated_json_lines": ("\n".join(map(json.dumps, records())).encode()[:-10], "not a JSON object", 3),
    "json_array_of_texts": (b'[["a", "x"], ["b", "y"]]', "not an object", 1),
    "json_of_nothing": (b"[]", "no cases", None),
    "json_deep": (b"[" * 5 + b'{"input": ' * 100_000, "not", None),
    "json_nested_value": (
        b'[{"input": "a", "label": "x"}, {"input": "b", "label": ' + b"[" * 400 + b"]" * 400 + b"}]", "nested", 2),
    "json_lines_nested_value": (
        b'{"input": "a", "label": "x"}\n{"input": "b", "label": ' + b"[" * 900 + b"]" * 900 + b"}", "nested", 2),
    "json_key_a_case": (json.dumps([{f"text {k}": "a", "label": "x"} for k in range(1001)]).encode(),
                        "1,002 different keys", None),
    "chat_without_user": (b'{"messages": [{"role": "assistant", "content": "x"}]}\n', "no user message", 1),
    "chat_of_text": (b'{"messages": "hello"}\n', "no list of turns", 1),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(40), "is a PNG image", None),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(40), "is a JPEG image", None),
    "pdf": (b"%PDF-1.7\n" + bytes(40), "is a PDF", None),
    "sqlite": (b"SQLite format 3\0" + bytes(40), "is an SQLite database", None),
    "web_page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page", None),
    "binary": (b"MZ\0\1\2\3" + bytes(range(60)), "binary data", None),
    "old_office_file_without_a_stream": (COMPOUND + bytes(600), "cannot be read", None),
    "old_word_file": (COMPOUND + bytes(600) + "WordDocument".encode("utf-16-le"), "is a Word document", None),
    "xlsx_with_password": (COMPOUND + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "with a password", None),
    "xls_with_password": (xls([HEAD, *ROWS], password=True), "with a password", None),
    "truncated_xls": (xls([HEAD, *ROWS])[:1500], "cannot be read", None),
    "empty_xlsb": (zipped({"xl/workbook.bin": "\x00"}), "cannot be read", None),
    "broken_zip": (b"PK\x03\x04" + bytes(40), "damaged or cut off", None),
    "truncated_xlsx": (xlsx({"a": [HEAD, *ROWS]})[:-200], "damaged or cut off", None),
    "xlsx_two_sheets": (xlsx({"a": [HEAD, *ROWS], "b": [HEAD, *ROWS]}), "Say which with --sheet", None),
    "xlsx_far_cell": (far_cell(xlsx({"a": [HEAD, *ROWS]})), "far from all others", None),
    "damaged_ods": (ods([HEAD, *ROWS])[:-400], "damaged or cut off", None),
    "zip_of_one_file": (zipped({"cases.csv": csv_of()}), "a zip archive that holds 'cases.csv'; ", None),
    "zip_of_files": (zipped({"a/cases.csv": csv_of(), "b": "", "c": ""}), "'a/cases.csv' and 2 more", None),
    "word_file": (zipped({"word/document.xml": "<w/>"}), "is a Word document", None),
    "xlsx_empty": (xlsx({"a": []}), "no filled sheet", None),
    "truncated_gzip": (gzip.compress(csv_of().encode())[:-12], "damaged or cut off", None),
    "truncated_parquet": (b"PAR1" + bytes(40), "cut off", None),
    "damaged_parquet": (parquet(records()).replace(b"wrong sum", b"wr\xff\xfeg sum"), "cannot be read", None),
    "broken_parquet": (b"PAR1" + bytes(40) + b"PAR1", "cannot be read", None),
    "mixed_encodings": ("input,label\nné à é,x\n".encode() + "b é,y\n".encode("cp1252"), "line 3 holds byte 0xe9",
                        None),
    "cut_in_a_character": ("input,label\na,x\nb,yé".encode()[:-1] .replace(b"a,x", "é,x".encode()), "cut off", None),
    "neither_encoding": (b"input,label\na\x81,x\nb,y\n", "neither UTF-8 nor Windows-1252", None),
    "odd_utf16": (csv_of().encode("utf-16")[:-1], "cut off", None),
}
