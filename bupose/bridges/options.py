"""Options of ``bupose openpose``: OpenPose's flags, and the network's own options."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bupose.errors import OptionsError
from bupose.estimate.options import NetworkOptions
from bupose.options import Needs, option, shown
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO18

MODELS = {"BODY_25": BODY25, "COCO": COCO18}
_SIZE = re.compile(r"(-1|\d{1,5})x(\d{1,5})")


_DRAWN = Needs(lambda o: o.draws, "nothing is drawn; add --write_images FOLDER, --write_video FILE or --display 1")
_IN_JSON = Needs(lambda o: o.write_json, "no OpenPose JSON is written; add --write_json FOLDER")
_LISTED = Needs(lambda o: o.write_json or o.write_coco_json, "no people are listed; add --write_json FOLDER")
NEEDS = {
    **dict.fromkeys(("render_threshold", "alpha_pose", "disable_blending"), _DRAWN),
    **dict.fromkeys(("hand", "face", "keypoint_scale"), _IN_JSON),
    **dict.fromkeys(("tracking", "identification"), _LISTED),
    "scale_gap": Needs(lambda o: o.scale_number > 1, "there is one scale; add --scale_number"),
    "write_images_format": Needs(lambda o: o.write_images, "no pictures are written; add --write_images FOLDER"),
    "write_video_fps": Needs(lambda o: o.write_video, "no video is written; add --write_video FILE"),
}


@dataclass
class OpenPoseOptions(NetworkOptions):
    """What OpenPose's flags mean here.

    Parameters
    ----------
    image_dir : path
        A folder of pictures; its subfolders are left out.
    video : path
        A video.
    camera : int
        The number of a camera; any below 0 is the first.
    ip_camera : URL
        A stream.
    frame_first, frame_last, frame_step : int
        Frames, or pictures of the folder, from 0; -1 is the last one.
    model_pose : BODY_25 or COCO
        The order of joints in files; those that the network does not know are 0, 0, 0.
    net_resolution : WxH
        Network pixels, as 656x368 or -1x368, whose width follows from the picture; null is the network's own height.
    scale_number : int
        Scales whose maps are averaged.
    scale_gap : float
        Difference of one scale to the next, the first being 1.
    hand, face : bool
        Write hands and faces, where the network has all their joints.
    number_people_max : int
        Only the best people of each picture; -1 is all.
    keypoint_scale : 0, 3 or 4
        0 is pixels of the picture, 3 from 0 to 1, 4 from -1 to 1.
    tracking : int
        From 0 on: person_id says who is who in a video; -1 leaves it -1.
    identification : bool
        The same.
    write_json : path
        Folder of NAME_keypoints.json.
    write_coco_json : path
        A file of COCO results.
    write_images : path
        Folder of NAME_rendered.png.
    write_images_format : png or jpg
    write_video : path
        An MP4 file.
    write_video_fps : float
        Frames a second of that file; -1 are those of the video, else 25.
    display : int
        0 shows no window; -1 one if nothing is written; any other one.
    render_pose : int
        0 draws nobody.
    render_threshold : float
        Joints below it are not drawn.
    alpha_pose : float
        Opacity of a joint of score 1.
    disable_blending : bool
        Draw on black.
    """

    image_dir: str | None = option(None, path=True)
    video: str | None = option(None, path=True)
    camera: int | None = option(None, -1000, 1000)
    ip_camera: str | None = option(None, path=True)
    frame_first: int = option(0, 0)
    frame_last: int = option(-1, -1)
    frame_step: int = option(1, 1)
    model_pose: str = option("BODY_25", among=tuple(MODELS))
    net_resolution: str | None = option(None)
    scale_number: int = option(1, 1, 16)
    scale_gap: float = option(0.25, 0, 1)
    hand: bool = option(False)
    face: bool = option(False)
    number_people_max: int = option(-1, -1)
    keypoint_scale: int = option(0, among=(0, 3, 4))
    tracking: int = option(-1, -1)
    identification: bool = option(False)
    write_json: str | None = option(None, path=True)
    write_coco_json: str | None = option(None, path=True)
    write_images: str | None = option(None, path=True)
    write_images_format: str = option("png", among=("png", "jpg"))
    write_video: str | None = option(None, path=True)
    write_video_fps: float = option(-1.0, -1, 1000)
    display: int = option(-1, -1)
    render_pose: int = option(-1, -1)
    render_threshold: float = option(0.05, 0, 1)
    alpha_pose: float = option(0.9, 0, 1)
    disable_blending: bool = option(False)

    def __post_init__(self) -> None:
        super().__post_init__()
        given = [name for name in ("image_dir", "video", "camera", "ip_camera") if getattr(self, name) is not None]
        if len(given) != 1:
            got = f"{' and '.join(f'--{name}' for name in given)} are given" if given else "there is no input"
            raise OptionsError(f"{got}; give one of --image_dir, --video, --camera and --ip_camera")
        if self.write_video_fps == 0:
            raise OptionsError("--write_video_fps is 0; give frames a second, or -1")
        if 0 <= self.frame_last < self.frame_first:
            raise OptionsError(f"--frame_last {self.frame_last} is before --frame_first {self.frame_first}")
        if self.height is None and self.net_resolution is not None:
            self.height, self.longest = _read_size(self.net_resolution)
        if self.scales is None and self.scale_number > 1:
            self.scales = [1 - n * self.scale_gap for n in range(self.scale_number)]
            if self.scales[-1] < 0.05:
                scales = f"--scale_number {self.scale_number} and --scale_gap {self.scale_gap:g}"
                raise OptionsError(f"{scales} end at {self.scales[-1]:g}; give fewer scales, or a smaller gap")

    @property
    def skeleton(self) -> Skeleton:
        """Whose joints files list."""
        return MODELS[self.model_pose]

    @property
    def parts(self) -> list[str]:
        """Hands and faces that are asked for."""
        return ["face"] * self.face + ["hand_left", "hand_right"] * self.hand

    @property
    def follows(self) -> bool:
        """Whether people get ids."""
        return self.tracking >= 0 or self.identification

    @property
    def shows(self) -> bool:
        """Whether a window is wanted."""
        return self.display > 0 or (self.display < 0 and not self.writes)

    @property
    def writes(self) -> bool:
        """Whether any file is."""
        return any((self.write_json, self.write_coco_json, self.write_images, self.write_video))

    @property
    def draws(self) -> bool:
        """Whether pictures are."""
        return bool(self.write_images or self.write_video) or self.shows


def _read_size(text: str) -> tuple[int, int | None]:
    """Height and longest side, network pixels."""
    found = _SIZE.fullmatch(text)
    width, height = (int(number) for number in found.groups()) if found else (0, 0)
    if not found or height < 16 or (width < 16 and width != -1):
        raise OptionsError(f"--net_resolution is {shown(text)}; give WIDTHxHEIGHT, as 656x368, or -1x368")
    return height, None if width < 0 else max(width, height)
