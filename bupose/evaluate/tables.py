"""Tables as text, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import math


def columns(rows: list[list[str]]) -> list[str]:
    """Lines of a table, the first column to the left, the others to the right."""
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    return [
        "  ".join(t.ljust(w) if c == 0 else t.rjust(w) for c, (t, w) in enumerate(zip(row, widths))) for row in rows
    ]


def number(value, digits: int = 1) -> str:
    """A cell of a table; "-" for NaN."""
    if isinstance(value, (str, int)):
        return str(value)
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def csv_text(rows: list[dict]) -> str:
    """Rows of equal keys; NaN is left empty."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    rounded = [{n: round(v, 4) if isinstance(v, float) else v for n, v in row.items()} for row in rows]
    writer.writerows(
        {n: "" if isinstance(v, float) and math.isnan(v) else v for n, v in row.items()} for row in rounded
    )
    return stream.getvalue()


def plain(value):
    """A value for JSON: numbers rounded to four decimals, null if not finite."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value
