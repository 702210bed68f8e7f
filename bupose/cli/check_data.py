"""Check annotations: bupose check-data data.annotations=FILE data.images=FOLDER [skeleton=…]

Counts people and joints, reports how the file was read, lists defects and pictures without people, and draws pictures
with their labels into output=check.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np

from bupose.atomic import write_text
from bupose.cli import hydra_app
from bupose.data.check import CheckOptions, find_defects, spread_rows, survey
from bupose.data.limb_choice import LimbChoice, Look, choose_limbs
from bupose.data.picture import Picture, picture_of
from bupose.data.sheet import contact_sheet
from bupose.errors import OptionsError
from bupose.folder import OutputFolder
from bupose.methods.paf import Fields
from bupose.predict.output import write_image
from bupose.viz import draw_people
from bupose.wording import counted

RESULTS = ("limbs.csv", "skeleton.yaml", "defects.txt", "empty.txt", "labels.jpg", "suspicious.jpg")


def main(options: CheckOptions) -> int:
    samples = options.data.open(options.skeleton)
    with OutputFolder(options.output, {"command": "check-data"}, RESULTS, overwrite=None) as folder:
        status = check(samples, options, folder.path)
        folder.finish()
    return status


def check(samples, options: CheckOptions, folder: Path) -> int:
    print(survey(samples))
    if options.limbs == "auto":
        look = None if options.weights is None else look_through(options.weights)
        write_choice(choose_limbs(samples, samples.skeleton, look), folder)
    defects = list(find_defects(samples, options.decode))
    write_text(folder / "defects.txt", "".join(f"{d.kind}\t{d}\n" for d in defects))
    empty = list(samples.empty()) if hasattr(samples, "empty") else []
    write_text(folder / "empty.txt", "".join(f"{name}\t{why}\n" for name, why in empty))
    if empty:
        reasons = ", ".join(f"{count} {why}" for why, count in Counter(why for _, why in empty).most_common(3))
        print(f"{counted(len(empty), 'picture')} received no people ({reasons}): {folder / 'empty.txt'}")
    unreadable = {d.row for d in defects if d.kind == "unreadable"}
    suspicious = dict.fromkeys(d.row for d in defects if d.row not in unreadable)
    whole = [i for i in range(len(samples)) if i not in unreadable]
    chosen = [whole[n] for n in spread_rows(len(whole), options.pictures)]
    for name, rows in (("labels", chosen), ("suspicious", list(suspicious)[: options.pictures])):
        if rows:
            sheet = contact_sheet([picture_of(samples, i) for i in rows], draw_people)
            write_image(folder / f"{name}.jpg", sheet)
            print(f"{counted(len(rows), 'picture')} drawn: {folder / name}.jpg")
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(d.kind for d in defects).most_common())
    print(f"{counted(len(defects), 'defect')} ({kinds}): {folder / 'defects.txt'}" if defects else "no defects found")
    return 1 if unreadable else 0


def look_through(weights: str) -> Look:
    """Fields of pictures, as a network sees them."""
    from bupose.estimate.estimator import load  # torch, which checking does without

    estimator = load(weights)

    def look(picture: Picture) -> tuple[Fields, np.ndarray]:
        image = picture.decode(1)
        fields = estimator.fields(image)
        if not isinstance(fields, Fields):
            raise OptionsError(f"{weights!r} has no part affinity fields; give a network of method=paf")
        return fields, estimator.matrix(image)

    return look


def write_choice(choice: LimbChoice, folder: Path) -> None:
    print(choice)
    rows = ["first,second,fields,distance,value,chosen"]
    chosen = {frozenset(limb) for limb in choice.skeleton.limbs}
    for n in np.argsort(-choice.value, kind="stable"):
        values = ",".join(f"{v[n]:.4f}" for v in (choice.fields, choice.distance, choice.value))
        rows.append(f"{','.join(choice.pairs[n])},{values},{int(frozenset(choice.pairs[n]) in chosen)}")
    write_text(folder / "limbs.csv", "\n".join(rows) + "\n")
    write_text(folder / "skeleton.yaml", json.dumps(choice.skeleton.to_dict(), indent=1) + "\n")  # JSON is YAML
    print(f"all pairs of joints: {folder / 'limbs.csv'}; the skeleton: {folder / 'skeleton.yaml'}")


def run(arguments: list[str]) -> int:
    return hydra_app.run(main, "check_data", arguments)
