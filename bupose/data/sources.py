"""Where the public sets come from, under which terms, and how big they are."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path

from bupose.errors import InputError, OptionsError
from bupose.options import check, option

_COCO = "http://images.cocodataset.org/"
_MMPOSE = "https://download.openmmlab.com/mmpose/datasets/"
_MPII = "https://datasets.d2.mpi-inf.mpg.de/andriluka14cvpr/"


@dataclass
class DownloadOptions:
    """Options of scripts/download.py.

    Parameters
    ----------
    set : a name in ``SOURCES``
        Which public set; empty lists them.
    output : str
        The folder to put it in.
    parts : list of str
        Its parts, as listed; none: all that can be had without asking anybody.
    keep : bool
        Keep the archives after unpacking them.
    """

    set: str = option("")
    output: str = option("data", path=True)
    parts: list[str] = option(list)
    keep: bool = option(False)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Archive:
    """One file to download and unpack.

    Parameters
    ----------
    url : str
    megabytes : int
        About so many; 0 is not known.
    checksum : str, optional
        ``md5:`` or ``sha256:`` and the digits, where a sum is published or confirmed by several sources.
    """

    url: str
    megabytes: int
    checksum: str | None = None

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def most(self) -> int:
        """Bytes that are downloaded at most."""
        return self.megabytes * 2_000_000 or 5_000_000_000


@dataclass(frozen=True)
class Source:
    """A public set.

    Parameters
    ----------
    licence : str
    archives : dict of name -> Archive
        Parts that can be had without asking anybody.
    by_hand : str
        What has to be fetched with a browser, and where; empty if nothing.
    """

    licence: str
    archives: dict[str, Archive]
    by_hand: str = ""


# COCO publishes no sums; these md5 are given alike by several projects that check them. Others are not known.
SOURCES = {
    "coco": Source(
        "annotations CC BY 4.0; photos under their own Flickr licences, many of them non-commercial",
        {
            "annotations": Archive(
                _COCO + "annotations/annotations_trainval2017.zip", 241, "md5:f4bbac642086de4f52a3fdda2de5fa2c"
            ),
            "val": Archive(_COCO + "zips/val2017.zip", 778, "md5:442b8da7639aecaf257c1dceb8ba8c80"),
            "train": Archive(_COCO + "zips/train2017.zip", 18440, "md5:cced6f7f71b7629ddf16f17bbcfab6b2"),
            "unlabeled": Archive(_COCO + "zips/unlabeled2017.zip", 18800, "md5:7ebc562819fdb32847aab79530457326"),
        },
    ),
    "crowdpose": Source(
        "none stated for the annotations; photos from COCO, MPII and AI Challenger, for research",
        {"annotations": Archive(_MMPOSE + "crowdpose_annotations.tar", 0)},
        "photos: the Google Drive link at github.com/Jeff-sjtu/CrowdPose (images.zip, 2 GB)",
    ),
    "ochuman": Source(
        "MIT for the annotations' code; photos for research",
        {},
        "all: the form at github.com/liruilong940607/OCHumanApi (images.zip, ochuman_coco_format_….json)",
    ),
    "posetrack18": Source(
        "non-commercial research",
        {"annotations": Archive(_MMPOSE + "posetrack18_annotations.tar", 0)},
        "frames: posetrack.net, after signing up (about 80 GB)",
    ),
    "mpii": Source(
        "simplified BSD for the annotations; photos from YouTube, for research",
        {
            "annotations": Archive(_MMPOSE + "mpii_annotations.tar", 0),
            "images": Archive(_MPII + "mpii_human_pose_v1.tar.gz", 12900),
        },
    ),
    "aichallenger": Source(
        "research only; the challenge's own site is gone",
        {"annotations": Archive(_MMPOSE + "aic_annotations.tar", 0)},
        "photos: github.com/AIChallenger/AI_Challenger_2017 names where they are kept (about 18 GB)",
    ),
}


def describe_sources() -> str:
    """All sets with their parts, sizes and licences, for reading."""
    lines = []
    for name, source in SOURCES.items():
        lines.append(f"{name}: {source.licence}")
        for part, archive in source.archives.items():
            size = f"{archive.megabytes} MB" if archive.megabytes else "size unknown"
            lines.append(f"  {part}: {size}, {archive.checksum or 'sum unknown'}, {archive.url}")
        lines += [f"  by hand: {source.by_hand}"] if source.by_hand else []
    return "\n".join(lines)


def find_archives(name: str, parts: list[str] | None = None) -> dict[str, Archive]:
    """Archives of a set; all of them, or the parts named.

    Raises
    ------
    OptionsError
        No such set or part.
    """
    if name not in SOURCES:
        raise OptionsError(f"there is no public set {name!r}; choose one of {', '.join(SOURCES)}")
    known = SOURCES[name].archives
    for part in parts or ():
        if part not in known:
            raise OptionsError(f"{name} has no part {part!r}; it has {', '.join(known) or 'none to download'}")
    return {part: known[part] for part in parts or known}


# RuntimeError: of encrypted members and of unknown ways to compress; ValueError: names that no file can have.
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, RuntimeError, ValueError)


def unpack(archive: Path, folder: Path) -> int:
    """Unpack a zip or tar file, leaving alone what is there already with the right size.

    Returns
    -------
    int
        How many files were written.

    Raises
    ------
    InputError
        The file is no archive, is damaged or encrypted, holds names outside the folder, or more than the disk can take.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                wanted = [m for m in opened.infolist() if not m.is_dir() and _is_new(folder, m.filename, m.file_size)]
                _check_room(archive, folder, sum(m.file_size for m in wanted))
                for member in wanted:
                    opened.extract(member, folder)
            return len(wanted)
        with tarfile.open(archive) as opened:
            wanted = [m for m in opened if m.isfile() and _is_new(folder, m.name, m.size)]
            _check_room(archive, folder, sum(m.size for m in wanted))
            for member in wanted:
                opened.extract(member, folder, filter="data")
        return len(wanted)
    except _DAMAGE as problem:
        raise InputError(f"cannot unpack {str(archive)!r} ({problem}); delete it and download it again") from None


def _check_room(archive: Path, folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise InputError(
            f"{str(archive)!r} unpacks to {size / 1e9:,.1f} GB, and {str(folder)!r} has {free / 1e9:,.1f} GB left; "
            "make room, or choose another output"
        )


def _is_new(folder: Path, name: str, size: int) -> bool:
    """Whether a member is to be written; names that lead outside the folder are refused."""
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise InputError(f"an archive holds {name!r}, which lies outside its folder; do not trust it")
    return not target.is_file() or target.stat().st_size != size
