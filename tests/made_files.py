"""Small files of every format, made by the tests themselves."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from docx import Document

Line = tuple[str, float]
"""Words and their size in points."""


def make_pdf(pages: Sequence[Sequence[Line | str]], extra: str = "", title: str = "") -> bytes:
    """A PDF with these lines; ``extra`` are commands put before the text of each page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in pages:
        content = _content(page, extra)
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects) + 2} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    objects.append(f"<< /Title ({title}) >>")
    return _file(objects)


def _content(lines: Sequence[Line | str], extra: str) -> str:
    parts, height = ["BT", extra], 800.0
    for line in lines:
        text, size = line if isinstance(line, tuple) else (line, 11.0)
        height -= size * 1.3 if text else 20
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        parts.append(f"/F1 {size} Tf 1 0 0 1 50 {height:.1f} Tm ({escaped}) Tj")
    return "\n".join([*parts, "ET"])


def _file(objects: Sequence[str]) -> bytes:
    data, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    data += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return data.encode("latin-1")


def make_docx(paragraphs: Sequence[tuple[str, str]], hidden: str = "") -> bytes:
    """A Word document of (style, text); the style "page" begins a new page, "table" is a row of cells split at "|"."""
    document = Document()
    for style, text in paragraphs:
        if style == "page":
            document.add_page_break()
        elif style == "table":
            cells = text.split("|")
            for cell, words in zip(document.add_table(1, len(cells)).rows[0].cells, cells, strict=True):
                cell.text = words
        else:
            document.add_paragraph(text, style=style)
    if hidden:
        document.add_paragraph().add_run(hidden).font.hidden = True
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def repacked(data: bytes, parts: dict[str, bytes]) -> bytes:
    """A zip file with parts replaced or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return made.getvalue()
