"""DeepLabCut's projects: config.yaml, and labels in labeled-data/VIDEO/CollectedData_SCORER.csv or .h5."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from bupose.annotations.dlc_table import SINGLE, is_table, read_table
from bupose.annotations.formats.base import AnnotationReader
from bupose.annotations.formats.coco import check_coco
from bupose.annotations.joint_names import read_joints
from bupose.annotations.values import extent
from bupose.errors import InputError, LabelsError
from bupose.yaml_file import read_yaml

_LOG = logging.getLogger(__name__)
CONFIG = "config.yaml"
ANIMAL = "animal"
_TABLES = "CollectedData_*"


def _is_project(path: Path) -> bool:
    if path.is_dir():
        return (path / CONFIG).is_file() and (path / "labeled-data").is_dir()
    if path.name == CONFIG:
        return True
    return path.suffix.lower() in (".csv", ".h5") and is_table(path)


def _load(path: Path) -> tuple[dict, str]:
    """A project by its folder or config.yaml, or a single table of labels, whose project is two folders up."""
    home = _home(path)
    if path.is_dir() and not (home / CONFIG).is_file():
        raise InputError(
            f"{str(path)!r} has no {CONFIG}; give the folder of a project of DeepLabCut's, or a table of labels"
        )
    config = _read_config(home / CONFIG) if (home / CONFIG).is_file() else {}
    tables = [path] if path.is_file() and path.name != CONFIG else list(_tables(home, config))
    if not tables:
        raise InputError(f"the project {str(home)!r} has no labels; label frames, so that labeled-data holds {_TABLES}")
    labels, damaged = [], []
    for table in tables:
        try:
            labels.append((table, *read_table(table)))
        except InputError as problem:
            damaged.append(problem)
    if not labels:
        raise damaged[0]
    for one in damaged:
        _LOG.warning("left out: %s", one)
    names = _bodyparts(config, [column for _, _, columns, _ in labels for column in columns])
    content: dict = {"images": [], "annotations": [], "categories": [], "damaged": list(map(str, damaged))}
    for n, (category, parts) in enumerate(names.items(), 1):
        joints = read_joints(parts, f"{home.name}: {category}")
        pairs = [(parts.index(a), parts.index(b)) for a, b in _pairs(config) if a in parts and b in parts]
        skeleton = [[a + 1, b + 1] for a, b in pairs]
        own = {"keypoints": joints, "own_names": parts, "skeleton": skeleton}
        content["categories"].append({"id": n, "name": category, **own})
    known = {part for parts in names.values() for part in parts}
    if strange := sorted({part for pair in _pairs(config) for part in pair} - known):
        told = ", ".join(strange)
        _LOG.warning("%s: the skeleton in %s names %s, no bodyparts; such limbs are left out", home.name, CONFIG, told)
    identity = config.get("identity") is True
    for table, rows, columns, values in labels:
        _add(content, home, table, rows, columns, values, list(names.values()), identity)
    return content, home.name


def _home(path: Path) -> Path:
    """The project's folder, which file names of pictures are relative to."""
    if path.is_dir():
        return path
    return path.parent if path.name == CONFIG else path.absolute().parents[2]


def _read_config(path: Path) -> dict:
    config = read_yaml(path, "project of DeepLabCut's", InputError, references=True)
    if not isinstance(config, dict) or not {"bodyparts", "multianimalbodyparts"} & set(config):
        raise InputError(f"{str(path)!r} names no bodyparts; give the config.yaml of a project of DeepLabCut's")
    return config


def _tables(home: Path, config: Mapping) -> Iterable[Path]:
    """Each labelled video's table: that of the project's scorer, else the first; the CSV file of two."""
    for folder in sorted((home / "labeled-data").glob("*/")):
        if folder.name.endswith("_labeled"):  # pictures with their labels drawn, as DeepLabCut names them
            continue
        found = [f for f in sorted(folder.glob(_TABLES)) if f.suffix in (".csv", ".h5")]
        mine = [f for f in found if f.stem == f"CollectedData_{config.get('scorer')}"]
        if found:
            yield (mine or found)[0]


def _bodyparts(config: Mapping, columns: list[tuple[str, str, str, str]]) -> dict[str, list[str]]:
    """Bodyparts of the animals and, if there are any, those that exist once, in the project's order."""
    there = {unique: [c[2] for c in columns if (c[1] == SINGLE) == unique] for unique in (False, True)}
    several = bool(config.get("multianimalproject"))
    declared = config.get("multianimalbodyparts" if several else "bodyparts")
    wanted: dict[bool, object] = {False: declared, True: config.get("uniquebodyparts")}
    names = {}
    for unique, category in ((False, ANIMAL), (True, SINGLE)):
        listed = wanted[unique]
        listed = list(map(str, listed)) if isinstance(listed, list) and listed else there[unique]
        parts = list(dict.fromkeys(listed))
        if set(parts) & set(there[unique]):
            names[category] = parts
    if ANIMAL not in names:
        raise LabelsError("none of the bodyparts in config.yaml is in the tables of labels; mend either")
    return names


def _pairs(config: Mapping) -> list[tuple[str, str]]:
    pairs = config.get("skeleton")
    pairs = pairs if isinstance(pairs, list) else []
    return [(str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list) and len(pair) == 2]


def _add(
    content: dict, home: Path, table: Path, rows: list[str], columns: list[tuple[str, str, str, str]],
    values: np.ndarray, names: list[list[str]], identity: bool,
) -> None:  # fmt: skip
    """Add a table's pictures and labels."""
    place = {column[1:]: n for n, column in enumerate(columns)}
    individuals = list(dict.fromkeys(column[1] for column in columns))
    for row, numbers in zip(rows, values, strict=True):
        image = len(content["images"])
        file = PurePosixPath(row.replace("\\", "/")).name
        folder = table.absolute().parent
        inside = folder.relative_to(home.absolute()) if folder.is_relative_to(home.absolute()) else folder
        content["images"].append({"id": image, "file_name": (inside / file).as_posix()})
        for i, individual in enumerate(individuals):
            category = len(names) if individual == SINGLE else 1
            cells = [[place.get((individual, part, c), -1) for c in "xy"] for part in names[category - 1]]
            xy = np.append(numbers, np.nan)[np.array(cells)]
            if np.isnan(xy).any(1).all():
                continue
            seen = ~np.isnan(xy).any(1)
            triples = np.column_stack([np.where(seen[:, None], xy, 0), 2 * seen])
            one: dict = {"id": len(content["annotations"]), "image_id": image, "category_id": category}
            one |= {"keypoints": triples.reshape(-1).tolist(), **extent(xy[seen])}
            content["annotations"].append(one | ({"track_id": i} if identity else {}))


DLC = AnnotationReader(
    check_coco,
    skeleton="auto",
    load=_load,
    holds=_is_project,
    home=_home,
    category=ANIMAL,
)
