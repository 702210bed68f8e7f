"""A whole network: normalisation, trunk and head, with the declaration that rebuilds it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from bupose import methods
from bupose.errors import InputError, OptionsError
from bupose.maps import Grid
from bupose.nn.config import NetworkConfig
from bupose.nn.cost import MacCounter, count_parameters
from bupose.nn.fusing import fuse_batch_norm
from bupose.nn.head import Head, build_head, final_maps
from bupose.nn.head.stages import Stage
from bupose.nn.normalisation import Normalisation
from bupose.nn.trunk import Trunk, build_trunk
from bupose.options import from_dict
from bupose.wording import counted

_RANDOM = Tensor.normal_, nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_
MOST_PARAMETERS = 1_000_000_000  # some thirty times HRNet-W48; 4 GB


def declare(config: NetworkConfig) -> PoseNet:
    """The network without its numbers (on torch's ``meta`` device): what it is made of, before memory is taken for it.

    Raises
    ------
    OptionsError
        As :class:`PoseNet`, or more parameters than :data:`MOST_PARAMETERS`.
    """
    with torch.device("meta"), _NothingRandom():
        net = PoseNet(config)
    many = count_parameters(net)
    if many > MOST_PARAMETERS:
        raise OptionsError(
            f"trunk {config.trunk!r} and head {config.head!r} of these options have {many:,} parameters; "
            f"give widths and layers of at most {MOST_PARAMETERS:,}"
        )
    return net


class _NothingRandom(TorchFunctionMode):
    """Random numbers are not drawn for memory that is not there: torch would import its compiler for that, for 2 s."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in _RANDOM:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


class PoseNet(nn.Module):
    """Pictures in, maps out.

    Parameters
    ----------
    config : NetworkConfig

    Attributes
    ----------
    config : NetworkConfig
        The same, with every option of trunk and head and the normalisation written out.
    normalisation : Normalisation
    skeleton : Skeleton
    specs : tuple of MapSpec
        What it says.
    stride : int
        Pixels per cell of the output.
    grid : Grid
    multiple : int
        Height and width of the input must be multiples of this.

    Raises
    ------
    OptionsError
        Unknown names, or options out of their range.
    """

    trunk: Trunk
    head: Head
    mean: Tensor
    std: Tensor

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.trunk = build_trunk(config.trunk, **config.trunk_options)
        method = methods.get(config.method)
        self.specs = method.outputs(config.skeleton, from_dict(method.Target, config.target, "target"))
        self.head = build_head(
            config.head, self.trunk.level_channels or self.trunk.channels, self.specs, **config.head_options
        )
        declared = config.normalisation
        self.normalisation = self.trunk.normalisation if declared is None else Normalisation.from_dict(declared)
        self.config = dataclasses.replace(
            config,
            trunk_options=_plain_options(self.trunk.options),
            head_options=_plain_options(self.head.options),
            normalisation=self.normalisation.to_dict(),
        )
        self.register_buffer("mean", torch.tensor(self.normalisation.mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(self.normalisation.std).view(3, 1, 1))
        self.skeleton = config.skeleton
        self.multiple = math.lcm(self.trunk.multiple, self.trunk.stride * self.head.multiple)
        self.stride = self.trunk.stride // self.head.stride_factor

    @property
    def grid(self) -> Grid:
        """Where the output's cells sit in the input."""
        return Grid(self.stride)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The maps that the last stages say, in the order of ``specs``.

        Parameters
        ----------
        images : uint8 or float tensor (B, 3, H, W)
            RGB in 0..255; H and W multiples of ``multiple``.

        Returns
        -------
        tuple of float32 tensors (B, rows, …, h, w)
            Of part affinity fields heat (B, K, h, w), without background and not clipped to [0, 1], and paf
            (B, L, 2, h, w), x and y.

        Raises
        ------
        InputError
            Images of another shape.
        """
        return final_maps(self.forward_stages(images), self.specs)

    def forward_stages(self, images: Tensor) -> list[Stage]:
        """The raw output of every stage, for losses at each; arguments and errors as :meth:`forward`."""
        images = self.normalise(images)
        features = [self.trunk(images)]
        if self.head.context_scale:
            features.append(self.trunk(shrink(images, self.head.context_scale, self.multiple)))
        return self.head(*features)

    def normalise(self, images: Tensor) -> Tensor:
        """Pixels as the trunk wants them: order of colours, mean and deviation, number type."""
        self._check_shape(images)
        if self.normalisation.order == "bgr":
            images = images[:, [2, 1, 0]]
        return (images.to(self.mean.dtype) - self.mean) / self.std

    def fuse(self) -> PoseNet:
        """A copy for inference: evaluation mode, batch norms folded into the convolutions before them.

        Its state no longer fits its configuration: store the original.
        """
        net = fuse_batch_norm(self)
        net.head.fuse()
        return net

    def centre(self, means: Mapping[str, Tensor]) -> set[str]:
        """Of a fused copy: move the values between linear layers to a mean of 0, for the same output.

        Parameters
        ----------
        means : mapping of name to tensor (C,)
            Of each convolution's input.

        Returns
        -------
        set of str
            The convolutions whose input is centred now.
        """
        return {f"trunk.{name}" for name in self.trunk.centre(strip_prefix(means, "trunk."))}

    def describe(self) -> str:
        """A readable table: parts, parameters, multiply-accumulates at 368x368 (padded), stride, stages, options."""
        config, side = self.config, -(-368 // self.multiple) * self.multiple
        twin = declare(config).eval()
        trunk_macs: list[int] = []  # and of an overview, if there is one
        with torch.device("meta"), torch.no_grad(), MacCounter() as counter:
            twin.trunk.register_forward_hook(lambda *_: trunk_macs.append(counter.macs))
            stages = twin.forward_stages(torch.empty(1, 3, side, side))
        joints, limbs = counted(len(self.skeleton.joints), "joint"), counted(len(self.skeleton.limbs), "limb")
        rows = [
            ("skeleton", f"{self.skeleton.name}: {joints}, {limbs}"),
            ("method", methods.get(config.method).title),
            ("trunk", _with_options(config.trunk, config.trunk_options)),
            ("head", _with_options(config.head, config.head_options)),
            ("input", "RGB 0..255, sides multiples of {0}; inside {order}, mean {mean}, std {std}".format(
                self.multiple, **self.normalisation.to_dict())),
            ("output", f"stride {self.stride} px, {counted(len(stages), 'stage')}"),
            ("parameters", _shares(count_parameters(twin), count_parameters(twin.trunk), 1e6, "M")),
            (f"at {side}x{side}", _shares(counter.macs, trunk_macs[0], 1e9, "GMAC")),
        ]  # fmt: skip
        return "\n".join(f"{name:<11}{value}" for name, value in rows)

    def _check_shape(self, images: Tensor) -> None:
        if images.ndim != 4 or images.shape[1] != 3:
            raise InputError(f"images have shape {tuple(images.shape)}; the network takes RGB of shape (B, 3, H, W)")
        height, width = images.shape[2:]
        if height % self.multiple or width % self.multiple or not height or not width:
            raise InputError(
                f"images are {width}x{height} px; this network takes multiples of {self.multiple}: pad them on the "
                f"right and below to {-(-width // self.multiple) * self.multiple}x"
                f"{-(-height // self.multiple) * self.multiple}"
            )


def strip_prefix(values: Mapping, prefix: str) -> dict:
    """Those whose names begin so, without it."""
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


def shrink(images: Tensor, share: float, multiple: int) -> Tensor:
    """Images (B, 3, H, W) at ``share`` of their size, up to the next multiple; the same borders, no more aliasing than
    bilinear interpolation of 2x2 means leaves."""
    percent = round(100 * share)  # whole numbers alone, which a trace for ONNX keeps as sums of the sides
    size = [(side * percent + 100 * multiple - 1) // (100 * multiple) * multiple for side in images.shape[2:]]
    if share <= 0.5:
        images = functional.avg_pool2d(images, 2)
    return functional.interpolate(images, size=size, mode="bilinear", align_corners=False)


def _plain_options(options) -> dict:
    """An options dataclass as JSON gives it back: lists instead of tuples."""
    values = dataclasses.asdict(options)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _with_options(name: str, options: Mapping) -> str:
    return f"{name} ({', '.join(f'{key} {value}' for key, value in options.items())})"


def _shares(total: float, trunk: float, unit: float, name: str) -> str:
    return f"{total / unit:.2f} {name}: trunk {trunk / unit:.2f}, head {(total - trunk) / unit:.2f}"
