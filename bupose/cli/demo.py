"""Try bupose: bupose demo [PHOTO…] [output=out/demo] [weights=FILE] [people=12] [seed=7]

Finds people with the default network: in a drawn crowd (of people=, different for each seed=) and in a portrait, or in
your own input, as for bupose infer. Writes overlays, the network's fields, and coco_results.json (docs/output.md).
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

from bupose.cli.pairs import HELP, split_pairs, whole_number
from bupose.media.sources import open_media
from bupose.paths import expand
from bupose.predict.options import InferOptions
from bupose.predict.output import write_image
from bupose.predict.predict import infer
from bupose.samples import draw_crowd, find_portrait
from bupose.wording import counted

LISTED = 12  # files listed; of more, only their folders


def run(arguments: list[str]) -> int:
    if HELP & set(arguments):
        print(__doc__)
        return 0
    pairs, photos = split_pairs(arguments, ("output", "weights", "people", "seed"))
    output, drawn = expand(pairs.get("output", "out/demo")), {}
    before = _files(output)
    if not photos:
        crowd = draw_crowd(whole_number(pairs, "people", 12), whole_number(pairs, "seed", 7, least=0))
        write_image(output / "crowd.png", crowd.image)
        drawn = {"crowd.png": len(crowd.labels)}
        photos, portrait = [str(output / "crowd.png")], find_portrait()
        if portrait:
            photos.append(shutil.copyfile(portrait, str(output / portrait.name)))
    video = bool(open_media(photos).videos)
    options = InferOptions(
        input=photos, output=str(output), weights=pairs.get("weights"), openpose=False, fields_pictures=not video,
        overwrite=True,
    )  # fmt: skip
    summary = infer(options)
    if not video:
        _tell_people(output, drawn)
    print(summary)
    _tell_files(sorted(path for path, time in _files(output).items() if before.get(path) != time))
    return 1 if summary.failed else 0


def _tell_people(output: Path, drawn: dict[str, int]) -> None:
    """Print the number of people found in each picture."""
    found = Counter(person["image_id"] for person in json.loads((output / "coco_results.json").read_text("utf-8")))
    for image in json.loads((output / "images.json").read_text("utf-8")):
        name = image["file_name"]
        if "problem" not in image:
            print(f"{name}: {found[image['id']]} found{f', {drawn[name]} drawn' if name in drawn else ''}")


def _files(folder: Path) -> dict[Path, int]:
    """When each file below a folder was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def _tell_files(files: list[Path]) -> None:
    if len(files) <= LISTED:
        for path in files:
            print(f"wrote {path}")
    else:
        for folder, count in Counter(path.parent for path in files).items():
            print(f"wrote {counted(count, 'file')} into {folder}")
