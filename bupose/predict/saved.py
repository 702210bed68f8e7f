"""Grouping of saved fields."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bupose import geometry, methods, viz
from bupose.annotations.categories import CategoryOptions
from bupose.errors import BuposeError, DiskError, FieldsError, InputError, OptionsError
from bupose.estimate.options import chosen
from bupose.fields_file import FieldsFile
from bupose.folder import OutputFolder, open_output
from bupose.images import read_image
from bupose.maps import Maps
from bupose.media.file_names import number_pictures, safe_name
from bupose.methods.options import read_options
from bupose.options import from_dict
from bupose.paths import expand
from bupose.people import People
from bupose.predict import output
from bupose.predict.options import GroupOptions, flat_settings
from bupose.wording import counted

_LOG = logging.getLogger(__name__)

RESULTS = ("coco_results.json", "images.json", "openpose", "overlays", "fields_pictures")


@dataclass(frozen=True)
class Grouped:
    """One picture of a fields file, and its people.

    Parameters
    ----------
    image_id : int
    name : str
        In the fields file.
    fields : Maps
    matrix : float64 array (2, 3)
        Photo pixels to network pixels.
    people : People
        In photo pixels.
    file_name : str
        Of the photo, if known.
    size : (width, height), optional
        Of the photo, pixels.
    photo : uint8 array (H, W, 3), optional
    category : CategoryOptions
        For the COCO results.
    """

    image_id: int
    name: str
    fields: Maps
    matrix: np.ndarray
    people: People
    file_name: str
    size: tuple[int, int] | None
    photo: np.ndarray | None
    category: CategoryOptions


def group_saved(options: GroupOptions) -> int:
    """Group every picture of a fields file, and write the results.

    Returns
    -------
    int
        Number of pictures that failed; each is logged as a warning.

    Raises
    ------
    BuposeError
        The file cannot be read at all, or nothing can be written.
    """
    path = expand(options.input or "")  # the options have refused none
    with FieldsFile(path, layout=options.layout, skeleton=options.skeleton, stride=options.stride) as file:
        if options.photo and len(file) > 1:
            raise InputError(
                f"{options.input!r} holds {counted(len(file), 'picture')}; give photos=FOLDER instead of photo="
            )
        values = {key: value for key, value in flat_settings(options).items() if key not in ("output", "overwrite")}
        settings = {"command": "group"} | values
        folder = open_output(options.output, "out", settings, results=RESULTS, overwrite=options.overwrite)
        photos = [expand(options.photo)] if options.photo else [expand(options.photos) / "_"] if options.photos else []
        folder.check_apart(photos, ("overlays", "fields_pictures"))
        with folder:
            return _group_all(file, folder, options)


def _group_all(file: FieldsFile, folder: OutputFolder, options: GroupOptions) -> int:
    results: list[dict] = []
    images: list[dict] = []
    failures, interrupted = 0, None
    for name, image_id in zip(file.names, number_pictures(file.names), strict=True):
        try:
            grouped = _group(file, name, image_id, options)
            _write_pictures(grouped, folder.path, options)
        except DiskError:
            raise
        except BuposeError as problem:
            failures += 1
            _LOG.warning("%s: %s", name, problem)
            continue
        except KeyboardInterrupt as stop:
            stop.args, interrupted = (f"after {counted(len(images), 'picture')}; their results are written",), stop
            break
        people = grouped.people
        results += output.as_coco(people, image_id, grouped.category)
        images.append(_entry(grouped))
        _LOG.info("%s: %s, %s", name, counted(len(people), "person"), counted(int(people.present.sum()), "joint"))
    told = "the results of an earlier run stay"
    if images or not folder.occupied:
        told = "results"
        output.write_coco(folder.path / "coco_results.json", results)
        with output.writing_array(folder.path / "images.json") as add:
            for image in images:
                add(image)
        folder.finish()
    if interrupted is not None:
        raise interrupted
    done = f"{counted(len(images), 'picture')}, {counted(len(results), 'person')}, {failures} failed"
    _LOG.info("%s; %s in %s", done, told, folder.path)
    return failures


def _group(file: FieldsFile, name: str, image_id: int, options: GroupOptions) -> Grouped:
    fields, info = file[name]
    file_name = str(info.get("file_name", name))
    photo = _read_photo(file_name, options)
    matrix = info["matrix"]
    if np.array_equal(matrix, geometry.IDENTITY):  # the default of a file that does not say
        matrix = geometry.IDENTITY if options.scale is None else geometry.scale(options.scale)
        if photo is not None:
            _check_size(photo, fields, matrix)
    try:
        method = methods.get(fields.method)
        target: Any = from_dict(method.Target, info.get("target", {}), "target")
        decoder: Any = read_options(method.Decoder, info.get("decoder", {}), chosen(options.decoder, options.completed))
        category = from_dict(CategoryOptions, info.get("category", {}), "category")
    except OptionsError as problem:  # those on the command line were checked before
        raise FieldsError(f"its meta is of another version of bupose, or damaged: {problem}") from None
    codec = method(fields.skeleton, fields.grid, target, decoder)
    people = codec.decode(fields).transform(geometry.invert(matrix))
    width, height = info.get("image_width"), info.get("image_height")
    if photo is not None:
        height, width = photo.shape[:2]
    size = None if width is None or height is None else (width, height)
    return Grouped(image_id, name, fields, matrix, people, file_name, size, photo, category)


def _read_photo(file_name: str, options: GroupOptions) -> np.ndarray | None:
    if options.photo:
        return read_image(expand(options.photo))
    if not options.photos:
        return None
    found = next(_candidates(expand(options.photos), file_name), None)
    if found is None:
        raise InputError(f"there is no photo {file_name!r} in {options.photos!r}")
    return read_image(found)


def _candidates(folder: Path, file_name: str) -> Iterator[Path]:
    """The file, or one of that name with a picture suffix."""
    path = folder / safe_name(file_name)
    for candidate in (path, *(path.with_name(path.name + suffix) for suffix in (".jpg", ".jpeg", ".png"))):
        if candidate.is_file():
            yield candidate


def _check_size(photo: np.ndarray, fields: Maps, matrix: np.ndarray) -> None:
    """Check that the photo fills the fields up to padding of less than half."""
    height, width = photo.shape[:2]
    right, bottom = geometry.apply(matrix, np.array([width, height]) - 0.5) + 0.5
    if not (fields.size[0] / 2 < right < fields.size[0] + 1 and fields.size[1] / 2 < bottom < fields.size[1] + 1):
        guess = min(fields.size[0] / width, fields.size[1] / height)
        raise FieldsError(
            f"the photo is {width}x{height} and the fields are of {fields.size[0]}x{fields.size[1]} network pixels; "
            f"the file does not give their relation: set scale=, network pixels per photo pixel (perhaps {guess:.4g})"
        )


def _write_pictures(grouped: Grouped, folder: Path, options: GroupOptions) -> None:
    name, people = safe_name(grouped.name), grouped.people
    if output.wants_openpose(options.openpose, people.skeleton):
        output.write_openpose(folder / "openpose" / f"{name}_keypoints.json", people)
    if grouped.photo is not None:
        picture = viz.draw_overlay(grouped.photo, people, options.overlay)
        output.write_image(folder / "overlays" / f"{name}.{options.overlay_format}", picture)
    if options.fields_pictures:
        picture = viz.fields_picture(grouped.fields, grouped.photo, None if grouped.photo is None else grouped.matrix)
        output.write_image(folder / "fields_pictures" / f"{name}.{options.overlay_format}", picture)


def _entry(grouped: Grouped) -> dict:
    """The picture's line in images.json."""
    size = {} if grouped.size is None else {"width": int(grouped.size[0]), "height": int(grouped.size[1])}
    return {"id": grouped.image_id, "file_name": grouped.file_name, "name": grouped.name, **size}
