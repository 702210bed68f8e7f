"""Options of inference; each class is the schema of a command."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from bupose.errors import OptionsError
from bupose.estimate.options import NetworkOptions
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.options import WRITABLE
from bupose.methods import DecoderOverrides
from bupose.methods.options import given
from bupose.options import Needs, check, check_needs, option, shown
from bupose.track import TrackOptions
from bupose.viz.overlay import OverlayOptions

PICTURES = ("jpg", "png")
TRACKING = ("auto", "live", "off")
ENGINES = ("local", "ray")


NO_VIDEO = Needs(lambda o: False, "it is about videos, and the input has none; leave it out")
OF_VIDEOS = dict.fromkeys(("track", "look_every", "start", "end", "every"), NO_VIDEO)


def check_looks(look_every: int, tracking: str) -> None:
    """Check that people can be filled in between looks."""
    if look_every > 1 and tracking != "auto":
        raise OptionsError(
            f"look_every={look_every} fills in people from the whole video, which tracking={tracking} does not know; "
            "use tracking=auto, or every= to leave frames out"
        )


def flat_settings(options) -> dict:
    """All options by name, grouped ones as ``decoder.samples``; decoder options only if set."""
    groups = {"decoder": given(options.decoder), "overlay": vars(options.overlay)}
    if isinstance(options, InferOptions):
        groups |= {"track": asdict(options.track), "write": vars(options.write)}
        groups |= {"crops": asdict(options.crops), "ray": asdict(options.ray)}
    plain = {name: value for name, value in vars(options).items() if name not in groups}
    return plain | {f"{group}.{name}": value for group, values in groups.items() for name, value in values.items()}


_PHOTO = Needs(lambda o: o.photo or o.photos, "nobody is drawn without a photo; add photo= or photos=")
OF_SAVED = {
    "overlay": _PHOTO,
    "overlay_format": Needs(lambda o: o.photo or o.photos or o.fields_pictures, _PHOTO.told),
}


@dataclass
class GroupOptions:
    """Group saved fields into people.

    Parameters
    ----------
    input : path
        An .npz file of fields (bupose.fields_file), of one or many pictures.
    output : path
        Output folder; null is out, or out-2, out-3, … if out holds another run's results.
    overwrite : bool
        Replace another run's results in that folder.
    photo : path
        The photo of a file with one picture; adds an overlay.
    photos : path
        Folder with the photos named in the file; adds overlays.
    layout : openpose or bupose
        Channel order if the file names no skeleton: OpenPose's, or the skeleton's own.
    skeleton : name or .yaml path
        Skeleton, if the file does not say.
    stride : int
        Network pixels per cell, if the file does not say.
    scale : float
        Network pixels per photo pixel, if the file does not say.
    openpose : bool
        Write an OpenPose JSON file per picture; null if most joints are OpenPose's.
    fields_pictures : bool
        Write a picture of the fields.
    overlay_format : jpg or png
    completed : bool
        Keep joints without a peak of their own; false is decoder.completion=false.
    overlay.* : see OverlayOptions
    decoder.* : see DecodeOptions
        null keeps the file's own (bupose infer stores them), else the default.
    """

    input: str | None = option(None, path=True)
    output: str | None = option(None, path=True)
    overwrite: bool = option(False)
    photo: str | None = option(None, path=True)
    photos: str | None = option(None, path=True)
    layout: str = option("openpose", among=("openpose", "bupose"))
    skeleton: str = option("coco18", path=True)
    stride: int = option(8, 1, 1024)
    scale: float | None = option(None, 1e-6, 1e6)
    openpose: bool | None = option(None)
    fields_pictures: bool = option(False)
    overlay_format: str = option("jpg", among=PICTURES)
    completed: bool = option(True)
    overlay: OverlayOptions = field(default_factory=OverlayOptions)
    decoder: DecoderOverrides = field(default_factory=DecoderOverrides)

    def __post_init__(self) -> None:
        if not self.input:
            raise OptionsError("there is no input; give input=FILE.npz, a file of saved fields")
        check(self)
        if self.photo and self.photos:
            raise OptionsError("photo and photos are both given; give the one photo, or the folder of many")
        check_needs(self, OF_SAVED)


@dataclass
class RayOptions:
    """A run over many pictures on a Ray cluster (engine=ray).

    Parameters
    ----------
    address : text
        Of the cluster, as host:6379 or ray://host:10001; null is RAY_ADDRESS, else this machine alone.
    workers : int
        Processes that each hold the network; null is as many as there is room for.
    cpus : int
        Processors of each worker: its threads, of whatever library.
    gpus : float
        GPUs of each worker; 0.5 is two workers a GPU.
    rows : int
        Pictures of a shard, at most; a worker that is killed loses what it has of one.
    """

    address: str | None = option(None)
    workers: int | None = option(None, 1, 100_000)
    cpus: int = option(1, 1, 1024)
    gpus: float = option(0.0, 0, 64)
    rows: int = option(1000, 1, 100_000)

    def __post_init__(self) -> None:
        check(self, "ray")


def _written(name: str) -> Needs:
    """Of what engine=ray does not write; false is granted."""
    told = "engine=ray writes shards of Parquet alone; leave it out, or use engine=local"
    return Needs(lambda o: o.engine == "local" or not getattr(o, name), told)


_DRAWN = Needs(
    lambda o: (o.overlays or o.show) and o.engine == "local",
    "no people are drawn; add overlays=true, with engine=local, or leave it out",
)
_USUAL = ("json", "overlays", "tables")  # null is what the engine writes
NEEDS = {
    **{name: _written(name) for name in (*_USUAL, "openpose", "csv", "fields", "fields_pictures", "show", "compile")},
    "overlay": _DRAWN,
    "overlay_format": Needs(
        lambda o: (o.overlays or o.fields_pictures) and o.engine == "local",
        "no pictures are written; add overlays=true, with engine=local, or leave it out",
    ),
    "track": Needs(lambda o: o.tracking != "off", "tracking=off follows nobody; leave out one of the two"),
    "write": Needs(lambda o: o.also, "it is about formats of other programs; add also=[…]"),
    "ray": Needs(lambda o: o.engine == "ray", "this machine finds people by itself; add engine=ray"),
}


@dataclass
class InferOptions(NetworkOptions):
    """Find people in pictures and videos.

    Parameters
    ----------
    input : path, list or number
        A picture, video, folder (searched with its subfolders), pattern, .txt list of paths and patterns, URL of a
        stream, number of a camera, or a list of these.
    output : path
        Output folder; null is out, or out-2, out-3, … if out holds another run's results.
    compile : bool
        Use torch.compile: slower start, faster run.
    json, csv : bool
        Write coco_results.json, people.csv; json is null, which is true with engine=local.
    openpose : bool
        Write an OpenPose JSON file per picture; null if most of the network's joints are OpenPose's.
    overlays, fields, fields_pictures : bool
        Write pictures (or a video) with people drawn, the fields as .npz, pictures of the fields; overlays as json.
    overlay_format : jpg or png
    overlay.* : see OverlayOptions
        Colours, labels, boxes, minimum score.
    tracking : auto, live or off
        Who is who in videos: auto takes the whole of a video file, and of a camera or stream the frames so far, as live
        does for all.
    track.* : see TrackOptions
    tables : bool
        Write tables/NAME.csv of each video, and NAME.parquet with the extra tables (pyarrow); as json.
    also : list of formats
        Further formats to write, each into a folder of its name: see bupose convert.
    write.* : see WriteOptions
        What their files say beside the poses.
    look_every : int
        The network looks at each n-th frame of video files; people in between are followed by optical
        flow and filled in from both sides.
    start, end : float
        Seconds of videos: frames from start on, and before end.
    every : int
        Each n-th frame of videos.
    resume : bool
        Continue an interrupted run over the same pictures, if there is one.
    overwrite : bool
        Replace another run's results in that folder.
    show : bool
        Show overlays in a window; q or Escape ends.
    engine : local or ray
        Ray is for very many pictures and videos: on all processors of a machine or cluster, into shards of Parquet.
    ray.* : see RayOptions
    """

    input: Any = option(None, path=True)
    output: str | None = option(None, path=True)
    compile: bool = option(False)
    json: bool | None = option(None)
    openpose: bool | None = option(None)
    csv: bool = option(False)
    overlays: bool | None = option(None)
    fields: bool = option(False)
    fields_pictures: bool = option(False)
    overlay_format: str = option("jpg", among=PICTURES)
    overlay: OverlayOptions = field(default_factory=OverlayOptions)
    tracking: str = option("auto", among=TRACKING)
    track: TrackOptions = field(default_factory=TrackOptions)
    tables: bool | None = option(None)
    also: tuple[str, ...] = option((), among=WRITABLE)
    write: WriteOptions = field(default_factory=WriteOptions)
    look_every: int = option(1, 1, 1000)
    start: float | None = option(None, 0)
    end: float | None = option(None, 0)
    every: int = option(1, 1)
    resume: bool = option(False)
    overwrite: bool = option(False)
    show: bool = option(False)
    engine: str = option("local", among=ENGINES)
    ray: RayOptions = field(default_factory=RayOptions)

    def __post_init__(self) -> None:
        if self.input in (None, "", []):
            raise OptionsError("there is no input; give input= a picture, folder, video, camera number or URL")
        if not isinstance(self.input, (str, int, list)) or isinstance(self.input, bool):
            raise OptionsError(
                f"input is {shown(self.input)}; give a path, a camera number, or a list of them in brackets"
            )
        super().__post_init__()
        if self.mode == "crops" and (self.fields or self.fields_pictures):
            raise OptionsError("fields are of whole pictures, which mode=crops has none of; leave out fields=true")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise OptionsError(f"start={self.start:g} is not before end={self.end:g}; give seconds of the video")
        check_looks(self.look_every, self.tracking)
        for name in _USUAL:
            if getattr(self, name) is None:
                setattr(self, name, self.engine == "local")
        check_needs(self, NEEDS)
