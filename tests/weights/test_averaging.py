"""The mean of networks' weights."""

import numpy as np
import pytest

import bupose
from bupose import weights
from bupose.cli import export as command
from bupose.cli import hydra_app
from bupose.errors import WeightsError
from bupose.nn import NetworkConfig, PoseNet
from bupose.skeletons import COCO18


def small_net(**values) -> PoseNet:
    return PoseNet(NetworkConfig(COCO18, "mobilenet_v2", "plain", {"width": 0.25}, **values)).eval()


def test_the_mean_is_numpys(tmp_path):
    """Three files through the command, against numpy on what they hold; all else is the first file's."""
    nets = [small_net(metrics={"AP": n}, preprocess={"height": 96 + 32 * n}) for n in range(3)]
    names = [str(weights.save(net, tmp_path / f"net {n}.safetensors")) for n, net in enumerate(nets)]
    states = [{k: v.numpy().copy() for k, v in net.state_dict().items()} for net in nets]
    paths = [f"weights={names[0]}", f"average=[{','.join(names[1:])}]", f"output={tmp_path / 'mean.safetensors'}"]
    assert hydra_app.run(command.main, "export", paths) == 0
    mean = weights.load(tmp_path / "mean.safetensors")
    for name, tensor in mean.state_dict().items():
        several = np.stack([state[name] for state in states])
        assert (several[0] == several[1]).all() or (tensor.numpy() != several[0]).any()
        np.testing.assert_allclose(tensor.numpy(), several.mean(0, np.float64), rtol=1e-5, atol=1e-7)
    assert bupose.load(tmp_path / "mean.safetensors").pipeline.height == 96
    assert mean.config.metrics == {}


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (NetworkConfig(COCO18, "mobilenet_v2", "plain", {"width": 0.5}), "trunk options"),
        (NetworkConfig(COCO18, "mobilenet_v2", "light", {"width": 0.25}), "head"),
    ],
)
def test_networks_of_two_kinds(other, what):
    with pytest.raises(WeightsError, match=rf"^network 3 of .* has another {what} than the first: .* one kind$"):
        weights.average([small_net(), small_net(), PoseNet(other)])
