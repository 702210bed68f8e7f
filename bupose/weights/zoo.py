"""Published networks by name: where they come from, under which licence, and how to take them over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bupose.errors import WeightsError
from bupose.paths import cache_home
from bupose.weights import download

OPENPOSE_LICENCE = (
    "OpenPose's licence, academic or non-profit non-commercial research use only "
    "(https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/LICENSE)"
)
_OPENPOSE = "http://posefs1.perception.cs.cmu.edu/OpenPose/models/pose/"
_OPENVINO = "https://storage.openvinotoolkit.org/repositories/open_model_zoo/2021.4/models_bin/3/"
_TORCHVISION = "https://download.pytorch.org/models/"


@dataclass(frozen=True)
class File:
    """One file to download, with ``sha256:`` or ``md5:`` and its (leading) hexadecimal digits where published."""

    url: str
    checksum: str | None

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Entry:
    """A published network.

    ``kind`` is the importer that reads it; None for ImageNet weights of a trunk, which are not a pose network.
    """

    what: str
    licence: str
    files: tuple[File, ...]
    kind: str | None
    commercial: bool = True


def _openvino(precision: str, xml: str, binary: str) -> tuple[File, ...]:
    stem = f"{_OPENVINO}human-pose-estimation-0001/{precision}/human-pose-estimation-0001"
    return File(f"{stem}.xml", f"sha256:{xml}"), File(f"{stem}.bin", f"sha256:{binary}")


def _imagenet(what: str, file: str) -> Entry:
    """torchvision's file names end in the first eight digits of their sha256."""
    digits = file.removesuffix(".pth").rsplit("-", 1)[-1]
    files = (File(_TORCHVISION + file, f"sha256:{digits}"),)
    return Entry(f"{what} trained on ImageNet, to start a trunk from", "BSD-3-Clause (torchvision)", files, None)


# OpenVINO: sums from Open Model Zoo, models/intel/human-pose-estimation-0001/model.yml. OpenPose publishes md5 only
# (its CMakeLists.txt). For the lightweight checkpoint no sum is published.
ZOO = {
    "human-pose-estimation-0001": Entry(
        "lightweight OpenPose by OpenVINO: MobileNetV1, one refinement stage, COCO-18, stored as FP16",
        "Apache-2.0",
        _openvino(
            "FP16",
            "560880b45f2e58f1f4d5388000e0364c30199ef656a1b2fd07cd4cdb7b53561c",
            "40dfef77d8216f23b83d86d8915659e3ade89abadbb9173bc9b946cffb6c1c9e",
        ),
        "openvino",
    ),
    "human-pose-estimation-0001-int8": Entry(
        "the same network after 8-bit quantisation, half the size to download",
        "Apache-2.0",
        _openvino(
            "FP16-INT8",
            "581b082e749848fdfc6d4b4b70e8189c3c2bae1c2d59c6b2c1a026a5471754e3",
            "df2a9f41f15c3a0c8a0c5a704650338a3cc5c7bb588f2bfc14ea7093fa37b446",
        ),
        "openvino",
    ),
    "lightweight-openpose": Entry(
        "lightweight OpenPose as its authors published it: MobileNetV1, one refinement stage, COCO-18, AP 40.0",
        "Apache-2.0",
        (
            File(
                "https://download.01.org/opencv/openvino_training_extensions/models/human_pose_estimation/"
                "checkpoint_iter_370000.pth",
                None,
            ),
        ),
        "lightweight",
    ),
    "openpose-coco": Entry(
        "OpenPose 2017: VGG-19, six stages, COCO-18",
        OPENPOSE_LICENCE,
        (File(_OPENPOSE + "coco/pose_iter_440000.caffemodel", "md5:5156d31f670511fce9b4e28b403f2939"),),
        "caffe",
        commercial=False,
    ),
    "openpose-body25": Entry(
        "OpenPose 2019: VGG-19, four PAF and two heatmap stages, BODY_25",
        OPENPOSE_LICENCE,
        (File(_OPENPOSE + "body_25/pose_iter_584000.caffemodel", "md5:78287b57cf85fa89c03f1393d368e5b7"),),
        "caffe",
        commercial=False,
    ),
    "imagenet-vgg19": _imagenet("VGG-19", "vgg19-dcbb9e9d.pth"),
    "imagenet-mobilenet-v2": _imagenet("MobileNetV2 1.0", "mobilenet_v2-b0353104.pth"),
    "imagenet-resnet18": _imagenet("ResNet-18", "resnet18-f37072fd.pth"),
    "imagenet-resnet50": _imagenet("ResNet-50", "resnet50-0676ba61.pth"),
    "imagenet-resnet101": _imagenet("ResNet-101", "resnet101-63fe2227.pth"),
}


def get(name: str) -> Entry:
    """The zoo's entry of a name.

    Raises
    ------
    WeightsError
        No such name.
    """
    if name not in ZOO:
        raise WeightsError(
            f"there is no file {name!r} and no published network of that name; choose one of {', '.join(ZOO)}"
        )
    return ZOO[name]


def fetch(name: str, accept_license: bool = False) -> Path:
    """Download a published network into the cache, unless it is there already, and verify it.

    An interrupted download is taken up where it stopped.

    Parameters
    ----------
    name : str
        A key of :data:`ZOO`.
    accept_license : bool
        You have read the licence and accept it; asked for where it forbids commercial use.

    Returns
    -------
    Path
        The file; the first of them where there are several, its companions lie beside it.

    Raises
    ------
    WeightsError
        No such name, a licence not accepted, no network, or a file that is not the published one.
    """
    entry = get(name)
    check_license(name, accept_license)
    paths = [download.fetch(f.url, cache_home() / name / f.name, f.checksum, entry.licence) for f in entry.files]
    return paths[0]


def check_license(name: str, accept_license: bool) -> None:
    """Refuse a non-commercial network unless its licence is accepted.

    Raises
    ------
    WeightsError
        Shows the licence, and how to accept it.
    """
    entry = get(name)
    if not entry.commercial and not accept_license:
        raise WeightsError(f"{name} is under {entry.licence}; read it, and pass accept_license=True if you accept it")
