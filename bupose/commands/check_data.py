"""Look whether annotations are right: bupose check-data [data=coco] data.annotations=FILE data.images=FOLDER

Counts people and joints, says how the file was read, lists defects and the pictures that received no people, and draws
pictures with their labels into output=check.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2

from bupose import cli
from bupose.atomic import replacing
from bupose.data.check import CheckOptions, find_defects, spread_rows, survey
from bupose.data.picture import picture_of
from bupose.data.sheet import contact_sheet
from bupose.viz import draw_people

_TEXT = {"encoding": "utf-8", "errors": "backslashreplace"}  # file names need not be Unicode


def main(options: CheckOptions) -> int:
    samples = options.data.open()
    folder = Path(options.output).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    print(survey(samples))
    defects = list(find_defects(samples, options.decode))
    with replacing(folder / "defects.txt") as path:
        path.write_text("".join(f"{d.kind}\t{d}\n" for d in defects), **_TEXT)
    empty = list(samples.empty()) if hasattr(samples, "empty") else []
    with replacing(folder / "empty.txt") as path:
        path.write_text("".join(f"{name}\t{why}\n" for name, why in empty), **_TEXT)
    if empty:
        reasons = ", ".join(f"{count} {why}" for why, count in Counter(why for _, why in empty).most_common(3))
        print(f"{len(empty)} pictures received no people ({reasons}): {folder / 'empty.txt'}")
    unreadable = {d.row for d in defects if d.kind == "unreadable"}
    suspicious = dict.fromkeys(d.row for d in defects if d.row not in unreadable)
    whole = [i for i in range(len(samples)) if i not in unreadable]
    chosen = [whole[n] for n in spread_rows(len(whole), options.pictures)]
    for name, rows in (("labels", chosen), ("suspicious", list(suspicious)[: options.pictures])):
        if rows:
            sheet = contact_sheet([picture_of(samples, i) for i in rows], draw_people)
            with replacing(folder / f"{name}.jpg", ".jpg") as path:
                cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
            print(f"{len(rows)} pictures drawn: {folder / name}.jpg")
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(d.kind for d in defects).most_common())
    print(f"{len(defects)} defects ({kinds}): {folder / 'defects.txt'}" if defects else "no defects found")
    return 1 if unreadable else 0


def run(arguments: list[str]) -> int:
    return cli.run(main, "check_data", arguments)
