"""Distillation: maps of teacher networks as targets besides the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from bupose import methods, weights
from bupose.errors import OptionsError
from bupose.maps import MapSpec
from bupose.methods.loss import length, weight_of
from bupose.nn import PoseNet
from bupose.nn.memory import lay_out
from bupose.options import from_dict
from bupose.runtimes.network import Network
from bupose.runtimes.start import RUNTIMES, start
from bupose.train.teacher_options import TeacherOptions


class Teacher:
    """Maps of trained networks in the rows of a student's.

    Parameters
    ----------
    nets : sequence of PoseNet or exported networks
    specs : sequence of MapSpec
        The student's; those merged by mean are taught. Rows are matched by name, limbs also in reverse.
    options : TeacherOptions

    Raises
    ------
    OptionsError
        A teacher has none of the student's joints.
    """

    def __init__(self, nets: Sequence[PoseNet | Network], specs: Sequence[MapSpec], options: TeacherOptions):
        self.options = options
        self.specs = [spec for spec in specs if spec.merge == "mean" and spec.depth == 1 and not spec.lengths]
        if not self.specs:
            raise OptionsError("this method's maps cannot be taught by a teacher; train from labels alone")
        self.strength = options.strength(0)
        own = _Live if options.itself else _InTorch
        self._nets = [own(net) if isinstance(net, torch.nn.Module) else _Exported(net) for net in nets]
        self._rows = [[_Rows(spec, net) for spec in self.specs] for net in self._nets]
        for net, rows in zip(self._nets, self._rows, strict=True):
            if not any(part.known.any() for part in rows):
                name = net.skeleton.name
                raise OptionsError(f"the teacher's skeleton {name!r} has none of the student's joints; choose another")
        # Rows that some teacher has.
        columns = zip(self.specs, zip(*self._rows, strict=True), strict=True)
        self.known = {spec.name: torch.stack([part.known for part in parts]).any(0) for spec, parts in columns}

    @classmethod
    def load(cls, specs: Sequence[MapSpec], options: TeacherOptions) -> Teacher:
        """Load the teachers of the options."""
        paths = [weights.resolve(path) for path in options.weights]
        nets = [
            start(path, "cpu", "auto", threads=torch.get_num_threads())
            if path.suffix in RUNTIMES
            else weights.load(path)
            for path in paths
        ]
        return cls(nets, specs, options)

    def of_average(self, mean: PoseNet) -> Teacher:
        """With ``itself`` the same teacher as the network ``mean``, whose weights go on changing."""
        return Teacher([mean], self.specs, self.options)

    def __deepcopy__(self, memo) -> Teacher:
        return self  # averaged copies of a module share it

    @torch.no_grad()
    def maps(self, images: Tensor, cells: tuple[int, int]) -> dict[str, Tensor]:
        """The teachers' maps of uint8 RGB images (B, 3, H, W).

        Parameters
        ----------
        images : uint8 tensor (B, 3, H, W)
        cells : (h, w)
            Of the student's maps, which cover the whole images.

        Returns
        -------
        dict of float32 tensors (B, rows, …, h, w)
            In [0, 1], vectors no longer than 1; zero for rows that no teacher has.
        """
        sums: dict[str, Tensor | float] = dict.fromkeys((spec.name for spec in self.specs), 0.0)
        shifts = self.options.shifts(len(self._nets))
        ways = list(product(self.options.scales, (False, True) if self.options.mirror else (False,)))
        for net, rows, shift in zip(self._nets, self._rows, shifts, strict=True):
            chosen = [ways[int(torch.randint(len(ways), ()))]] if self.options.draw else ways
            for scale, mirrored in chosen:
                seen = self._see(net, images, cells, shift, scale, mirrored)
                for part in rows:
                    sums[part.spec.name] = sums[part.spec.name] + part.pick(seen) / len(chosen)
        said = {}
        for n, spec in enumerate(self.specs):
            many = torch.stack([rows[n].known for rows in self._rows]).sum(0).clamp(min=1).to(images.device)
            mean = sums[spec.name] / many.view(-1, *[1] * (len(spec.shape) + 1))
            said[spec.name] = mean / length(mean).clamp(min=1) if spec.vector else mean.clamp(0, 1)
        return said

    def batches(self, batch: Mapping[str, Tensor], images: Tensor) -> list[tuple[float, Mapping[str, Tensor]]]:
        """What the network learns from, and how much of its loss counts: one batch of joined targets."""
        return [(1.0, self.join(batch, images))]

    def join(self, batch: Mapping[str, Tensor], images: Tensor) -> dict[str, Tensor]:
        """A batch with targets combined from labels and teachers.

        Each map gets its own weight, (B, rows, h, w): ``heat_weight``, ``paf_weight``.
        """
        join = {"mix": self._mix, "max": self._strongest}[self.options.combine]
        h, w = batch["weight"].shape[1:]
        said, joined = self.maps(images, (h, w)), dict(batch)
        for spec in self.specs:
            label = batch[spec.name]
            flat = [m.reshape(*m.shape[:2], -1, *m.shape[-2:]) for m in (label, said[spec.name])]
            target, weight = join(flat[0], weight_of(spec.name, batch), flat[1], self.known[spec.name])
            joined.pop(f"{spec.name}_known", None)  # part of the weight now
            joined |= {spec.name: target.reshape(label.shape), f"{spec.name}_weight": weight}
        return joined

    def _see(
        self,
        net: _InTorch | _Live | _Exported,
        images: Tensor,
        cells: tuple[int, int],
        shift: tuple[float, float],
        scale: float,
        mirrored: bool,
    ) -> dict[str, Tensor]:
        """One teacher's maps of the images, seen one way, on the student's cells."""
        crop, images = images.shape[2:], images.float()
        if mirrored:
            images, shift = images.flip(3), (-shift[0], shift[1])
        if scale != 1:
            size = [round(side * scale) for side in crop]
            images = functional.interpolate(images, size=size, mode="bilinear", align_corners=False)
        height, width = images.shape[2:]
        padded = functional.pad(images, (0, -width % net.multiple, 0, -height % net.multiple), value=128.0)
        maps = net(padded)
        # Cell v of h covers the share v/h … (v+1)/h of the images, whatever the strides.
        y, x = (
            ((torch.arange(n, device=maps[0].device) + 0.5) / n - px / side) * seen / whole * 2 - 1
            for n, px, side, seen, whole in zip(cells, shift[::-1], crop, (height, width), padded.shape[2:])
        )
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).expand(len(images), -1, -1, -1)
        flat = torch.cat([one.reshape(len(one), -1, *one.shape[-2:]) for one in maps], 1)
        flat = functional.grid_sample(flat, grid, "bilinear", "border", align_corners=False)
        parts = flat.split([spec.channels for spec in net.specs], 1)
        shapes = [[n or 1 for n in spec.shape] for spec in net.specs]
        seen = {s.name: part.unflatten(1, shape) for s, part, shape in zip(net.specs, parts, shapes, strict=True)}
        return {spec.name: _mirror(seen[spec.name], spec) for spec in net.specs} if mirrored else seen

    def _mix(self, label: Tensor, weight: Tensor, seen: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted mean: with a squared error equivalent to two losses, one for labels and one for the teacher."""
        share = self.strength * self.options.share * known.to(label)[:, None, None]
        weight, taught = (1 - share) * weight, share.expand_as(seen[:, :, 0])
        total = weight + taught
        target = (weight[:, :, None] * label + taught[:, :, None] * seen) / total[:, :, None].clamp(min=1e-6)
        return target, total

    def _strongest(self, label: Tensor, weight: Tensor, seen: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """The longer vector of label and teacher; where labels are unknown, the teacher's."""
        known = known.to(label.device)[:, None, None, None]
        taught = known & ((length(seen) > length(label)) | (weight == 0)[:, :, None])
        weight = torch.where(known[..., 0], weight.clamp(min=self.strength), weight)
        return torch.where(taught, seen, label), weight


class _InTorch:
    """A torch network, on the device of its images."""

    def __init__(self, net: PoseNet):
        self.skeleton, self.specs, self.multiple = net.skeleton, net.specs, net.multiple
        self._net = lay_out(net.fuse().requires_grad_(False))

    def __call__(self, images: Tensor) -> tuple[Tensor, ...]:
        return self._net.to(images.device)(images.contiguous(memory_format=torch.channels_last))


class _Live:
    """A torch network whose weights change."""

    def __init__(self, net: PoseNet):
        self.skeleton, self.specs, self.multiple, self._net = net.skeleton, net.specs, net.multiple, net

    def __call__(self, images: Tensor) -> tuple[Tensor, ...]:
        return self._net.eval()(images.contiguous(memory_format=torch.channels_last))


class _Exported:
    """A network of another runtime, on the CPU, for uint8 images."""

    def __init__(self, net: Network):
        method = methods.get(net.method)
        self.specs = method.outputs(net.skeleton, from_dict(method.Target, net.target, "target"))
        self.skeleton, self.multiple, self._net = net.skeleton, net.multiple, net

    def __call__(self, images: Tensor) -> tuple[Tensor, ...]:
        pixels = images.round().clamp(0, 255).to("cpu", torch.uint8).permute(0, 2, 3, 1)
        return tuple(torch.from_numpy(one).to(images.device) for one in self._net(pixels.contiguous().numpy()))


class _Rows:
    """The correspondence of a teacher's to a student's rows of a map, by name; limbs may be reversed."""

    def __init__(self, spec: MapSpec, teacher: _InTorch | _Live | _Exported):
        theirs = {s.name: s for s in teacher.specs}.get(spec.name)
        if theirs is None or theirs.shape[1:] != spec.shape[1:]:
            where, signs = torch.full((len(spec.rows),), -1), torch.ones(len(spec.rows))
        else:
            where, signs = (torch.from_numpy(array) for array in spec.match(theirs))
        self.spec, self.where, self.known = spec, where, where >= 0
        self._factor = (signs * self.known).view(-1, *[1] * (len(spec.shape) + 1))

    def pick(self, seen: Mapping[str, Tensor]) -> Tensor:
        """The student's rows of the teacher's maps, zero where missing."""
        if not self.known.any():
            return torch.zeros(())
        theirs = seen[self.spec.name]
        return theirs[:, self.where.clamp(min=0).to(theirs.device)] * self._factor.to(theirs.device)


def _mirror(said: Tensor, spec: MapSpec) -> Tensor:
    """Flip a map of mirrored images back; the torch twin of :meth:`bupose.maps.MapSpec.flip`."""
    sign = torch.tensor(spec.sign or [1.0] * len(spec.rows), device=said.device)
    sign = sign.view(-1, *[1] * (said.ndim - 2))
    if spec.vector:
        sign = sign * torch.tensor([-1.0, 1.0], device=said.device).view(2, *[1] * (said.ndim - 3))
    return said[:, list(spec.mirror)].flip(-1) * sign
