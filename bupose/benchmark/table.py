"""Markdown tables."""

from __future__ import annotations


def markdown(rows: list[dict]) -> str:
    """A markdown table of rows with the same keys, aligned for terminals."""
    cells = [[_text(v) for v in row.values()] for row in rows]
    head = list(rows[0])
    widths = [max(len(c[i]) for c in [head, *cells]) for i in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in [head, *cells]]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


def _text(value) -> str:
    if not isinstance(value, float):
        return str(value)
    if value != value:
        return "-"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
