"""Measure the grouping: `python scripts/benchmark.py [shared=../shared] [plot=docs/images/growth.png]`.

Accuracy needs the development data in ``shared``; growth with people and the first call need nothing.
"""

import sys
from pathlib import Path

from bupose.benchmark import grouping
from bupose.benchmark.table import markdown


def main(shared: str = "../shared", plot: str = "") -> None:
    coco = Path(shared) / "data" / "coco"
    if coco.is_dir():
        print("\nOn a real network's fields (human-pose-estimation-0001, 250 COCO val photos, height 368, one thread):")
        print(markdown(grouping.on_network_fields(coco / "fields_val.npz", coco / "val.json")))
        print("\nOn ideal stride-8 fields of the val photos with four or more people, height 368:")
        print(markdown(grouping.on_ideal_fields(coco / "val.json")))
    else:
        print(f"no development data in {shared}: accuracy left out")
    print("\nIn crowds of one density, one thread:")
    rows = grouping.in_crowds()
    print(markdown(rows))
    if plot:
        grouping.plot_growth(rows).savefig(plot)
        print(f"wrote {plot}")
    print("\nFirst decoding in a fresh process, beyond imports:")
    print(markdown(grouping.first_decode()))


if __name__ == "__main__":
    main(**dict(argument.split("=", 1) for argument in sys.argv[1:]))
