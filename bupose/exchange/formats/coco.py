"""What bupose infer writes: coco_results.json with images.json beside it, and joints by name in run.json."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bupose import skeletons
from bupose.annotations.categories import CategoryOptions
from bupose.annotations.formats.coco_wholebody import join_keypoints
from bupose.annotations.joint_names import fit_names
from bupose.annotations.json_file import load_json
from bupose.annotations.values import flat_keypoints, id_key, numbers_of, records, split_triples, track_ids
from bupose.errors import BuposeError, InputError, LabelsError
from bupose.exchange.coco_results import as_coco, writing_array
from bupose.exchange.formats.base import Format
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.recording import Recording
from bupose.folder import RUN
from bupose.joint_arrays import pick_by_name
from bupose.media.file_names import frame_name, number_pictures
from bupose.people import People
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17, COCO_WHOLEBODY

RESULTS, IMAGES = "coco_results.json", "images.json"
_OF_VIDEO = re.compile(r"(.*)#(\d+)", re.DOTALL)
PICTURES = "pictures"  # name of the recording of all loose pictures


def read(path: Path, skeleton: Skeleton | None = None) -> list[Recording]:
    """A recording of each video, and one of all other pictures.

    Parameters
    ----------
    path : path of the folder, or of its coco_results.json
    skeleton : Skeleton, optional
        Of results whose folder does not name their joints.
    """
    file = path / RESULTS if path.is_dir() else path
    content, name = load_json(file)
    results = records(content, "results", name)
    names, skeleton = _joints(file.parent, results, skeleton, name)
    people: dict[int | str, list[Mapping]] = defaultdict(list)
    for result in results:
        key = id_key(result.get("image_id"))
        if key is None:
            got = f"{name} has a result with the image_id {result.get('image_id')!r:.40}"
            raise LabelsError(f"{got}; give its image's id")
        people[key].append(result)
    groups: dict[str, list[Mapping]] = defaultdict(list)
    for image in _images(file.parent, people):
        groups[_group(image)].append(image)
    return [_recording(group, images, people, names, skeleton) for group, images in groups.items()]


def _joints(folder: Path, results: Sequence[Mapping], wanted: Skeleton | None, name: str) -> tuple[list[str], Skeleton]:
    """The joints in the file's order, by the skeleton's names, and the skeleton."""
    try:
        run, _ = load_json(folder / RUN)
        told = run["facts"]["joints"]  # type: ignore[index]  # whatever it is, if it is not that
        known, names = skeletons.get(told["skeleton"]), [str(joint) for joint in told["keypoints"]]
    except (BuposeError, KeyError, TypeError):
        known = wanted or _guess(results, name)
        names = list(known.joints)
    return (names, known) if wanted is None else (fit_names(names, wanted, name)[0], wanted)


def _guess(results: Sequence[Mapping], name: str) -> Skeleton:
    """COCO's or COCO-WholeBody's skeleton, by the number of joints."""
    first = results[0] if results else {"keypoints": [0] * 3 * len(COCO17.joints)}
    count = len(join_keypoints(first) or ()) // 3
    for known in (COCO17, COCO_WHOLEBODY):
        if len(known.joints) == count:
            return known
    raise InputError(f"{name} has {count} joints, which neither it nor a {RUN} beside it names; give skeleton=")


def _images(folder: Path, people: Mapping) -> list[Mapping]:
    """The pictures in order, without those that could not be read."""
    if not (folder / IMAGES).is_file():
        return [{"id": key, "file_name": str(key), "name": str(key)} for key in people]
    content, name = load_json(folder / IMAGES)
    images = [image for image in records(content, "images", name) if "problem" not in image or "width" in image]
    for image in images:
        if id_key(image.get("id")) is None or not isinstance(image.get("file_name"), str):
            raise LabelsError(f"{name} has an entry without id or file_name: {image!r:.80}")
    return images


def _group(image: Mapping) -> str:
    """Name of the video that a picture is a frame of; "" if it is none."""
    found = _OF_VIDEO.fullmatch(image["file_name"])
    name = str(image.get("name", ""))
    of_video = found and name.endswith(f"_{int(found[2]):06d}")
    return name.rpartition("_")[0] if of_video else ""


def _recording(
    group: str, images: Sequence[Mapping], people: Mapping, names: Sequence[str], skeleton: Skeleton
) -> Recording:
    sizes = [(image["width"], image["height"]) if {"width", "height"} <= image.keys() else None for image in images]
    numbers, video, files = np.arange(len(images)), "", [image["file_name"] for image in images]
    if group:
        places = [_OF_VIDEO.fullmatch(file) for file in files]
        numbers, video = np.array([int(p[2]) for p in places if p]), places[0][1] if places[0] else ""
    order = np.argsort(numbers, kind="stable")
    images = [images[n] for n in order]
    return Recording(
        group or PICTURES,
        skeleton,
        numbers[order],
        np.array([float(image.get("time", np.nan)) for image in images]),
        [_people(people.get(id_key(image["id"]), ()), names, skeleton) for image in images],
        sizes[0] if len(set(sizes)) == 1 else None,
        None if group else files,
        video,
        None if group else sizes,
    )


def _people(results: Iterable[Mapping], names: Sequence[str], skeleton: Skeleton) -> People:
    rows = [
        flat_keypoints(join_keypoints(r), len(names), f"a COCO result of image {r.get('image_id')!r:.40}")
        for r in results
    ]
    if not rows:
        return People.nobody(skeleton)
    triples = numbers_of(rows, "a COCO result").reshape(len(rows), -1, 3)
    xy, score = split_triples(triples)
    xy, score = pick_by_name((xy, score), names, skeleton, ~np.isnan(xy).any(2))
    worth = numbers_of([r.get("score", 1.0) for r in results], "a COCO result", "a score")
    return People(xy, score, worth, skeleton, ids=track_ids(list(results)))


def write(recordings: Sequence[Recording], folder: Path, options: WriteOptions) -> list[Path]:
    """Write ``coco_results.json`` and ``images.json``, as bupose infer does."""
    if len({recording.skeleton for recording in recordings}) > 1:
        names = ", ".join(dict.fromkeys(recording.skeleton.name for recording in recordings))
        raise InputError(f"the recordings have several skeletons ({names}); give skeleton= one to write all with")
    frames = [(recording, n, *_names(recording, n)) for recording in recordings for n in range(len(recording))]
    ids = number_pictures([file_name for *_, file_name, _ in frames])
    paths = [folder / RESULTS, folder / IMAGES]
    with writing_array(paths[0]) as add_result, writing_array(paths[1]) as add_image:
        for number, (recording, n, file_name, name) in zip(ids, frames, strict=True):
            entry: dict = {"id": number, "file_name": file_name, "name": name}
            if not np.isnan(recording.times[n]):
                entry["time"] = round(float(recording.times[n]), 6)
            if (size := recording.size_of(n)) is not None:
                entry |= {"width": int(size[0]), "height": int(size[1])}
            add_image(entry)
            for result in as_coco(recording.people[n], number, CategoryOptions()):
                add_result(result)
    return paths


def _names(recording: Recording, n: int) -> tuple[str, str]:
    """File name and name of a frame."""
    if recording.files is not None:
        file = recording.files[n]
        return file, str(Path(file).with_suffix("")) if file else str(n)
    number = int(recording.numbers[n])
    return f"{recording.video or recording.name}#{number}", frame_name(recording.name, number)


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return (path / RESULTS).is_file()
    with path.open("rb") as file:
        start = file.read(4000)
    return start.lstrip()[:1] == b"[" and (b'"keypoints"' in start or start.split() == [b"[]"])


COCO = Format("COCO's results format, as bupose infer writes it", (".json", ""), read, write, _recognises)
