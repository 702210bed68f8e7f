"""Figures of matplotlib."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure


class Plot(Figure):
    """A matplotlib figure that notebooks show, free of pyplot's global state."""

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()
