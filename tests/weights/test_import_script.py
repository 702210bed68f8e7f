"""bupose import-weights: any file name, and one sentence for what goes wrong."""

import pytest
import torch

from bupose import weights
from bupose.cli.import_weights import run
from bupose.errors import BuposeError
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.skeletons import COCO18
from bupose.weights.importers import recognise


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    path = tmp_path_factory.mktemp("published") / "net.pth"
    net = PoseNet(NetworkConfig(COCO18, "mobilenet_v1", "light")).state_dict()
    torch.save({name.split(".", 1)[1]: t for name, t in net.items() if "." in name}, path)
    return path


@pytest.mark.parametrize("name", ["IMG (1), x=1.pth", "straße 図 [a].pth", "$HOME {a} 'q\".pth"])
def test_any_file_name(published, tmp_path, name, capsys):
    source, target = tmp_path / name, tmp_path / "out" / f"{name}.safetensors"
    source.write_bytes(published.read_bytes())
    run([f"input={source}", f"output={target}"])
    assert "mobilenet_v1" in capsys.readouterr().out
    assert weights.load(target).config.origin["licence"] == "Apache-2.0"


def test_home_folder(published, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    run([f"input={published}", "output=~/net.safetensors", "kind=lightweight"])
    assert recognise(tmp_path / "net.safetensors") == "bupose"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give input="),
        (["input=a"], "give input="),
        (["input=a", "output=b", "extra=c"], "extra=c"),
        (["--help-me"], "--help-me"),
        (["input=no such file", "output=b"], "no such file"),
        ([f"input={__file__}", "output=b"], "no kind that can be imported"),
        ([f"input={__file__}", f"output={__file__}"], "output is the input"),
        ([f"input={__file__}", "output=b", "kind=tensorflow"], "kind is 'tensorflow'; choose one of"),
    ],
)
def test_mistakes(arguments, says):
    with pytest.raises(BuposeError) as problem:
        run(arguments)
    assert says in str(problem.value)
    assert "\n" not in str(problem.value)
