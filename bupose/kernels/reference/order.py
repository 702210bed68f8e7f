"""Sorting."""

from __future__ import annotations

import numpy as np


def heaviest_first(weight):
    """Rows, the heaviest first; equally heavy ones stay in order.

    Parameters
    ----------
    weight : float32 array (N,), not NaN

    Returns
    -------
    int64 array (N,)
    """
    return np.argsort(-weight, kind="stable")
