"""Prepare a network for 8 bits: bupose calibrate weights=FILE [photos=FOLDER] [pictures=40] [output=FILE]

Runs the network on drawn scenes and representative photos, and stores in its file the ranges and means of activations
that OpenVINO's 8 bits need. The weights stay byte for byte the same. bupose train does this by itself.
"""

from __future__ import annotations

from itertools import chain

from bupose import weights
from bupose.cli.pairs import HELP, split_pairs, whole_number
from bupose.errors import OptionsError
from bupose.export import calibrate, calibration_photos
from bupose.wording import counted


def run(arguments: list[str]) -> int:
    if HELP & set(arguments):
        print(__doc__)
        return 0
    pairs, others = split_pairs(arguments, ("weights", "photos", "pictures", "output"))
    if others or not pairs.get("weights"):
        got = f"; got {', '.join(arguments)}" if arguments else ""
        raise OptionsError(f"give weights=FILE, and photos=FOLDER, pictures= or output= if you like{got}")
    path, many = weights.resolve(pairs["weights"]), whole_number(pairs, "pictures", 40, 2)
    folder = pairs.get("photos") or None
    drawn = calibration_photos(None, many if folder is None else many // 2)
    photos = drawn if folder is None else chain(calibration_photos(folder, many - many // 2), drawn)
    output = pairs.get("output") or path
    found = calibrate(path, photos, output)
    print(f"{output}: {counted(len(found), 'convolution')} can be computed in 8 bits")
    return 0
