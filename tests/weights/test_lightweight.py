"""Lightweight OpenPose checkpoints: published names in, the published computation out."""

import builtins

import numpy as np
import pytest
import torch
from torch.nn import functional

from bupose.errors import WeightsError
from bupose.methods.paf.fields import Fields
from bupose.weights.importers import import_weights, lightweight, recognise

# modules/conv.py and models/with_mobilenet.py: (channels out, stride, dilation) of the separable layers.
SEPARABLE = (
    (64, 1, 1), (128, 2, 1), (128, 1, 1), (256, 2, 1), (256, 1, 1), (512, 1, 1), (512, 1, 2), (512, 1, 1),
    (512, 1, 1), (512, 1, 1), (512, 1, 1),
)  # fmt: skip


class Published:
    """The published network as functions; ``tensors`` are made as they are asked for."""

    def __init__(self, refinements: int):
        self.tensors, self.refinements = {}, refinements
        self.generator = torch.Generator().manual_seed(0)

    def get(self, name: str, *shape: int, scale: float = 1.0, shift: float = 0.0) -> torch.Tensor:
        if name not in self.tensors:
            self.tensors[name] = torch.randn(shape, generator=self.generator) * scale + shift
        return self.tensors[name]

    def conv(self, name, x, channels, kernel=3, stride=1, dilation=1, groups=1, bias=True):
        wide = x.shape[1] // groups
        weight = self.get(f"{name}.weight", channels, wide, kernel, kernel, scale=(2 / wide / kernel**2) ** 0.5)
        shift = self.get(f"{name}.bias", channels, scale=0.1) if bias else None
        return functional.conv2d(x, weight, shift, stride, dilation * (kernel // 2), dilation, groups)

    def norm(self, name, x):
        c = x.shape[1]
        mean, var = self.get(f"{name}.running_mean", c, scale=0.1), self.get(f"{name}.running_var", c).abs() + 0.5
        self.tensors[f"{name}.running_var"] = var
        self.tensors[f"{name}.num_batches_tracked"] = torch.tensor(7)
        weight, bias = self.get(f"{name}.weight", c, scale=0.1, shift=1), self.get(f"{name}.bias", c, scale=0.1)
        x = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
        return torch.relu(x * weight[:, None, None] + bias[:, None, None])

    def outputs(self, name, x, hidden):
        both = []
        for kind, channels in (("heatmaps", 19), ("pafs", 38)):
            y = torch.relu(self.conv(f"{name}.{kind}.0.0", x, hidden, 1))
            both.append(self.conv(f"{name}.{kind}.1.0", y, channels, 1))
        return both

    def __call__(self, rgb: torch.Tensor):
        x = (rgb.float().flip(1) - 128) / 256
        x = self.norm("model.0.1", self.conv("model.0.0", x, 32, stride=2, bias=False))
        for n, (channels, stride, dilation) in enumerate(SEPARABLE, start=1):
            c = x.shape[1]
            x = self.norm(f"model.{n}.1", self.conv(f"model.{n}.0", x, c, 3, stride, dilation, c, bias=False))
            x = self.norm(f"model.{n}.4", self.conv(f"model.{n}.3", x, channels, 1, bias=False))
        x = y = torch.relu(self.conv("cpm.align.0", x, 128, 1))
        for n in range(3):
            y = functional.elu(self.conv(f"cpm.trunk.{n}.0", y, 128, 3, groups=128, bias=False))
            y = functional.elu(self.conv(f"cpm.trunk.{n}.2", y, 128, 1, bias=False))
        features = y = torch.relu(self.conv("cpm.conv.0", x + y, 128))
        for n in range(3):
            y = torch.relu(self.conv(f"initial_stage.trunk.{n}.0", y, 128))
        heat, paf = self.outputs("initial_stage", y, 512)
        for stage in range(self.refinements):
            y = torch.cat([features, heat, paf], 1)
            for n in range(5):
                block = f"refinement_stages.{stage}.trunk.{n}"
                y = z = torch.relu(self.conv(f"{block}.initial.0", y, 128, 1))
                z = self.norm(f"{block}.trunk.0.1", self.conv(f"{block}.trunk.0.0", z, 128))
                y = y + self.norm(f"{block}.trunk.1.1", self.conv(f"{block}.trunk.1.0", z, 128, dilation=2))
            heat, paf = self.outputs(f"refinement_stages.{stage}", y, 128)
        return heat, paf


@pytest.mark.parametrize("refinements", [0, 1, 3])
def test_imported_network_computes_the_published_one(refinements, tmp_path):
    image = torch.randint(0, 256, (1, 3, 40, 48), dtype=torch.uint8)
    published = Published(refinements)
    with torch.no_grad():
        published(image)  # makes the tensors
        heat, paf = published(image)
    checkpoint = {"state_dict": published.tensors, "optimizer": {"state": {}}, "iter": 370000}
    torch.save(checkpoint, tmp_path / "net.pth")
    assert recognise(tmp_path / "net.pth") == "lightweight"
    net = import_weights(tmp_path / "net.pth")
    assert net.config.head_options["refinements"] == refinements
    with torch.no_grad():
        got_heat, got_paf = net(image)
    want = Fields.from_openpose(heat[0].numpy(), paf[0].numpy())
    assert np.abs(want.heat).mean() > 0.01
    np.testing.assert_allclose(got_heat[0], want.heat, rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(got_paf[0], want.paf, rtol=2e-4, atol=2e-4)


def published_tensors() -> dict[str, torch.Tensor]:
    published = Published(1)
    with torch.no_grad():
        published(torch.zeros(1, 3, 16, 16))
    return published.tensors


@pytest.mark.parametrize("zipped", [True, False])
def test_both_formats_of_torch_and_data_parallel_names(tmp_path, zipped):
    tensors = {f"module.{name}": t for name, t in published_tensors().items()}
    torch.save(tensors, tmp_path / "net.pth", _use_new_zipfile_serialization=zipped)
    net = import_weights(tmp_path / "net.pth")
    assert torch.equal(net.trunk.model[3][0].weight, tensors["module.model.3.0.weight"])


class Trap:
    def __reduce__(self):
        return (exec, ("import builtins; builtins.bupose_trap = True",))


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_but_tensors_is_unpickled(tmp_path, zipped):
    torch.save({"state_dict": Trap()}, tmp_path / "net.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match="more than tensors") as problem:
        import_weights(tmp_path / "net.pth")
    assert "\n" not in str(problem.value)
    assert not hasattr(builtins, "bupose_trap")


def test_other_content(tmp_path):
    path = tmp_path / "net.pth"
    tensors = published_tensors()
    torch.save({k: v for k, v in tensors.items() if k != "cpm.align.0.bias"}, path)
    with pytest.raises(WeightsError, match=r"1 missing \(trunk.cpm.align.0.bias\)"):
        import_weights(path)
    torch.save(tensors | {"cpm.align.0.bias": torch.zeros(7)}, path)
    with pytest.raises(WeightsError, match=r"\(7,\) instead of \(128,\)"):
        import_weights(path)
    torch.save({"features.0.weight": torch.zeros(3)}, path)
    with pytest.raises(WeightsError, match=r"no lightweight OpenPose .*features.0.weight"):
        import_weights(path)
    torch.save([1, 2], path)
    with pytest.raises(WeightsError, match="no state_dict"):
        import_weights(path)
    torch.save(tensors, path)
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(WeightsError, match="damaged"):
        import_weights(path)
    with pytest.raises(WeightsError, match="there is no"):
        lightweight.read_network(tmp_path / "nowhere.pth")


def test_real_checkpoint_of_another_network(shared):
    with pytest.raises(WeightsError, match="no lightweight OpenPose"):
        import_weights(shared / "weights" / "mobilenet_v2-b0353104.pth")
