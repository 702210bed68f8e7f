"""Person centres, and the joints that their offsets predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bupose import kernels
from bupose.maps import Maps
from bupose.methods.centre.options import CentreDecodeOptions
from bupose.methods.scoring import find_duplicates

FARTHEST = 1e6  # cells


@dataclass(frozen=True, repr=False)
class Centres:
    """P candidates for a person, the highest first.

    Parameters
    ----------
    cell : int32 array (P, 2)
        Row and column of the centre.
    score : float32 array (P,)
        Value of the centre map, at most 1.
    places : float32 array (P, K, 2), cells
        Joint positions predicted by the offsets at the centre.
    box : float32 array (P, 4), cells
        Left, top, right, bottom; infinite if the network predicts no boxes.
    """

    cell: np.ndarray
    score: np.ndarray
    places: np.ndarray
    box: np.ndarray

    def __repr__(self) -> str:
        return f"Centres({len(self)})"

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, rows: np.ndarray) -> Centres:
        return Centres(self.cell[rows], self.score[rows], self.places[rows], self.box[rows])

    @property
    def size(self) -> np.ndarray:
        """float32 (P,): diagonal of the predicted joints, cells."""
        if not len(self):
            return np.zeros(0, np.float32)
        width, height = (self.places.max(1) - self.places.min(1)).T
        diagonal: np.ndarray = np.hypot(width, height)
        return diagonal


def find_centres(maps: Maps, options: CentreDecodeOptions) -> Centres:
    """People at maxima of the centre map, without duplicates."""
    k, arrays, centre = kernels.load("centre"), maps.arrays, maps.arrays["centre"]
    cells, _ = k.find_peaks(centre, float(options.centre_threshold))
    cells = cells[k.keep_highest(centre, cells, int(options.centre_window))][:, 1:]
    score = np.minimum(centre[0][tuple(cells.T)], 1)
    best = np.argsort(-score, kind="stable")
    cells, score = cells[best], score[best]
    v, u = cells.T
    places = (arrays["offset"][:, :, v, u] + np.stack([u, v]).astype(np.float32)).transpose(2, 0, 1)
    box = np.tile(np.array([-1, -1, 1, 1], np.float32) * FARTHEST, (len(cells), 1))
    if "box_size" in arrays:
        middle = np.stack([u, v], 1) + arrays["box_offset"][0, :, v, u]
        half = np.maximum(arrays["box_size"][:, v, u], 0).T / 2
        box = np.concatenate([middle - half, middle + half], 1)
    found = Centres(cells, score, np.ascontiguousarray(places, np.float32), np.ascontiguousarray(box, np.float32))
    if options.duplicate_similarity == 1 or len(found) < 2:
        return found
    return found[~find_duplicates(found.places, maps.skeleton, options.duplicate_similarity)]
