"""Distillation: what trained networks say about a crop, as further targets beside the labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from bupose import weights
from bupose.errors import SkeletonError
from bupose.nn import PoseNet
from bupose.options import check, option
from bupose.runtimes.network import Network
from bupose.runtimes.start import RUNTIMES, start
from bupose.skeleton import Skeleton
from bupose.train.loss import FieldTargets, length

COMBINATIONS = ("mix", "max")


@dataclass
class TeacherOptions:
    """Whom to learn from beside the labels.

    Parameters
    ----------
    weights : list of paths or names
        bupose networks, or such as scripts/export.py wrote (in 8 bits the cheapest on a CPU); several are averaged.
        None: labels alone.
    share : float in [0, 1]
        Of "mix": how much the teacher counts against the labels where both know; 1 is the teacher alone.
    combine : "mix" or "max"
        Weighted mean of labels and teacher; or of both the stronger, so that labels stand and teachers add to them.
    mirror : bool
        Average each teacher with what it says about the mirrored crop.
    scale : float
        Teachers see the crop enlarged by this.
    shift : (x, y), px
        What teachers say is moved by so much: the remedy for one whose joints lie beside those of the labels.
    """

    weights: list[str] = option(list, path=True)
    share: float = option(0.5, 0, 1)
    combine: str = option("mix", among=COMBINATIONS)
    mirror: bool = option(False)
    scale: float = option(1.0, 0.1, 4)
    shift: tuple[float, float] = option((0.0, 0.0), -100, 100)

    def __post_init__(self) -> None:
        check(self, "teacher")


class Teacher:
    """Fields of trained networks in the parts of another skeleton.

    Parameters
    ----------
    nets : sequence of PoseNet or exported networks
    skeleton : Skeleton
        The student's; joints and limbs are found by name, a limb also the other way round.
    options : TeacherOptions

    Raises
    ------
    SkeletonError
        A net has none of the skeleton's joints.
    """

    def __init__(self, nets: Sequence[PoseNet | Network], skeleton: Skeleton, options: TeacherOptions):
        self.options = options
        self._nets = [_InTorch(net) if isinstance(net, torch.nn.Module) else _Exported(net) for net in nets]
        self._maps = [_PartMap(skeleton, net.skeleton) for net in nets]
        self.joints = torch.stack([m.joints >= 0 for m in self._maps]).any(0)  # known to some teacher
        self.limbs = torch.stack([m.limbs >= 0 for m in self._maps]).any(0)

    @classmethod
    def load(cls, skeleton: Skeleton, options: TeacherOptions) -> Teacher:
        """The teachers that the options name."""
        paths = [weights.resolve(path) for path in options.weights]
        nets = [
            start(path, "cpu", "auto", threads=torch.get_num_threads())
            if path.suffix in RUNTIMES
            else weights.load(path)
            for path in paths
        ]
        return cls(nets, skeleton, options)

    def __deepcopy__(self, memo) -> Teacher:
        return self  # never changes: averaged copies of a module share it

    @torch.no_grad()
    def fields(self, images: Tensor, cells: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """What the teachers say about uint8 RGB images (B, 3, H, W).

        Parameters
        ----------
        images : uint8 tensor (B, 3, H, W)
        cells : (h, w)
            Of the student's fields, which cover the whole images.

        Returns
        -------
        heat : float32 tensor (B, K, h, w), in [0, 1]
        paf : float32 tensor (B, L, 2, h, w), no longer than 1
            Zero for parts that no teacher knows.
        """
        heat, paf = 0.0, 0.0
        for net, parts in zip(self._nets, self._maps):
            seen = self._see(net, images, cells, self.options.shift)
            if self.options.mirror:
                x, y = self.options.shift
                mirrored = _mirror(*self._see(net, images.flip(3), cells, (-x, y)), net.skeleton)
                seen = [(a + b) / 2 for a, b in zip(seen, mirrored)]
            picked = parts.pick(*seen)
            heat, paf = heat + picked[0], paf + picked[1]
        joints, limbs = (sum(known) for known in zip(*((m.joints >= 0, m.limbs >= 0) for m in self._maps)))
        heat = heat / joints.clamp(min=1).to(images.device)[:, None, None]
        paf = paf / limbs.clamp(min=1).to(images.device)[:, None, None, None]
        return heat.clamp(0, 1), paf / length(paf).clamp(min=1)

    def join(self, targets: FieldTargets, images: Tensor) -> FieldTargets:
        """The labels' targets joined with what the teachers say about the same images."""
        heat, paf = self.fields(images, targets.heat.shape[2:])
        join = {"mix": self._mix, "max": self._strongest}[self.options.combine]
        heat, heat_weight = join(targets.heat[:, :, None], targets.heat_weight, heat[:, :, None], self.joints)
        paf, paf_weight = join(targets.paf, targets.paf_weight, paf, self.limbs)
        return FieldTargets(heat[:, :, 0], paf, heat_weight, paf_weight)

    def _see(
        self, net: _InTorch | _Exported, images: Tensor, cells: tuple[int, int], shift: tuple[float, float]
    ) -> list[Tensor]:
        """One network's fields of the images, on a student's cells."""
        crop, images = images.shape[2:], images.float()
        if self.options.scale != 1:
            size = [round(side * self.options.scale) for side in crop]
            images = functional.interpolate(images, size=size, mode="bilinear", align_corners=False)
        height, width = images.shape[2:]
        padded = functional.pad(images, (0, -width % net.multiple, 0, -height % net.multiple), value=128.0)
        heat, paf = net(padded)
        # Cell v of h covers the share v/h … (v+1)/h of the images, whatever the strides are.
        y, x = (
            ((torch.arange(n, device=heat.device) + 0.5) / n - px / side) * seen / whole * 2 - 1
            for n, px, side, seen, whole in zip(cells, shift[::-1], crop, (height, width), padded.shape[2:])
        )
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).expand(len(heat), -1, -1, -1)
        fields = torch.cat([heat, paf.flatten(1, 2)], 1)
        fields = functional.grid_sample(fields, grid, "bilinear", "border", align_corners=False)
        heat, paf = fields.split([heat.shape[1], 2 * paf.shape[1]], 1)
        return [heat, paf.unflatten(1, (-1, 2))]

    def _mix(self, label: Tensor, weight: Tensor, seen: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted mean: for a squared error the same as two losses, one for the labels and one for the teacher."""
        share = self.options.share * known.to(label)[:, None, None]
        weight, taught = (1 - share) * weight, share.expand_as(seen[:, :, 0])
        total = weight + taught
        target = (weight[:, :, None] * label + taught[:, :, None] * seen) / total[:, :, None].clamp(min=1e-6)
        return target, total

    def _strongest(self, label: Tensor, weight: Tensor, seen: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """Of label and teacher the longer vector; where no labels are known, the teacher."""
        known = known.to(label.device)[:, None, None, None]
        taught = known & ((length(seen) > length(label)) | (weight == 0)[:, :, None])
        weight = torch.where(known[..., 0], torch.ones_like(weight), weight)
        return torch.where(taught, seen, label), weight


class _InTorch:
    """A network of torch, on the device of the images it gets."""

    def __init__(self, net: PoseNet):
        self.skeleton, self.multiple = net.skeleton, net.multiple
        self._net = net.fuse().requires_grad_(False).to(memory_format=torch.channels_last)

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self._net.to(images.device)(images.contiguous(memory_format=torch.channels_last))


class _Exported:
    """A network of another runtime, on the CPU; its pictures are uint8."""

    def __init__(self, net: Network):
        self.skeleton, self.multiple, self._net = net.skeleton, net.multiple, net

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        pixels = images.round().clamp(0, 255).to("cpu", torch.uint8).permute(0, 2, 3, 1)
        heat, paf = self._net(pixels.contiguous().numpy())
        return torch.from_numpy(heat).to(images.device), torch.from_numpy(paf).to(images.device)


class _PartMap:
    """Where a teacher has a student's joints and limbs: numbers, −1 where it has none; limbs with a sign."""

    def __init__(self, student: Skeleton, teacher: Skeleton):
        self.joints = torch.from_numpy(student.mapping(teacher)).long()
        limbs, signs = student.limb_mapping(teacher)
        self.limbs, self.signs = torch.from_numpy(limbs).long(), torch.from_numpy(signs)
        if (self.joints < 0).all():
            raise SkeletonError(
                f"the teacher's skeleton {teacher.name!r} has none of the joints of {student.name!r}; "
                "choose another teacher"
            )

    def pick(self, heat: Tensor, paf: Tensor) -> tuple[Tensor, Tensor]:
        """The student's parts of a teacher's fields, zero where it has none."""
        device = heat.device
        heat = heat[:, self.joints.clamp(min=0).to(device)] * (self.joints >= 0).to(device)[:, None, None]
        signs = (self.signs * (self.limbs >= 0)).to(device)[:, None, None, None]
        return heat, paf[:, self.limbs.clamp(min=0).to(device)] * signs


def _mirror(heat: Tensor, paf: Tensor, skeleton: Skeleton) -> list[Tensor]:
    """Fields of mirrored images as fields of the images; the torch twin of :meth:`bupose.fields.Fields.flip`."""
    limbs, sign = (torch.from_numpy(array).to(heat.device) for array in skeleton.mirror_limbs)
    joints = torch.from_numpy(skeleton.mirror_joints).long().to(heat.device)
    sign = sign[:, None] * torch.tensor([-1.0, 1.0], device=heat.device)
    return [heat[:, joints].flip(3), paf[:, limbs.long()].flip(4) * sign[:, :, None, None]]
