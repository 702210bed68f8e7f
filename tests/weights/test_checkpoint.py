"""Network files: what is written comes back, and whatever is wrong with a file is one sentence."""

import json
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from bupose import skeletons
from bupose.errors import InputError, WeightsError
from bupose.nn import trunk
from bupose.nn.config import NetworkConfig
from bupose.nn.head import final_maps
from bupose.nn.model import PoseNet
from bupose.skeleton import Skeleton
from bupose.weights import checkpoint
from bupose.weights.header import NEWEST

PUPPET = Skeleton("puppet", ("head", "left_hand", "right_hand"), (("head", "left_hand"), ("head", "right_hand")))


def small_net(skeleton=PUPPET, **more) -> PoseNet:
    config = NetworkConfig(
        skeleton=skeleton,
        trunk="mobilenet_v1",
        trunk_options={"width": 0.125, "channels": 8},
        head="light",
        head_options={"width": 8, "hidden": 8, "blocks": 1},
        **more,
    )
    torch.manual_seed(0)
    net = PoseNet(config)
    for part in net.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_()
    return net.eval()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("net") / "net.safetensors"
    net = small_net(
        target={"sigma": 7.0},
        decoder={"peak_threshold": 0.1},
        preprocess={"height": 368},
        normalisation={"order": "bgr", "mean": [128, 127, 126], "std": [255, 254, 253]},
        origin={"licence": "Apache-2.0"},
    )
    checkpoint.save(net, path, metrics={"AP": np.float32(52.5)})
    return net, path


def refused(call, *arguments) -> str:
    with pytest.raises((WeightsError, InputError)) as problem:
        call(*arguments)
    text = str(problem.value)
    assert "\n" not in text
    return text


def rewrite(path, to, change) -> None:
    """The file with its bupose header changed."""
    with safe_open(path, "pt") as file:
        header = json.loads(file.metadata()["bupose"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    change(header, tensors)
    save_file(tensors, to, metadata={"bupose": json.dumps(header)})


def test_round_trip(saved):
    net, path = saved
    again = checkpoint.load(path)
    assert not again.training
    assert again.config.to_dict() == net.config.to_dict() | {"metrics": {"AP": 52.5}}
    image = torch.randint(0, 256, (1, 3, 32, 40), dtype=torch.uint8)
    with torch.no_grad():
        for one, other in zip(net(image), again(image)):
            assert torch.equal(one, other)


def test_header_is_plain_safetensors_metadata(saved):
    net, path = saved
    with safe_open(path, "np") as file:  # what any other program sees
        header = json.loads(file.metadata()["bupose"])
        assert set(file.keys()) == set(net.state_dict())
    assert header["format"] == 1
    assert header["network"]["skeleton"]["joints"] == ["head", "left_hand", "right_hand"]
    assert header["network"]["metrics"] == {"AP": 52.5}


def test_half_precision_file_loads(saved, tmp_path):
    net, path = saved
    checkpoint.save(checkpoint.load(path).half(), tmp_path / "half.safetensors")
    half = checkpoint.load(tmp_path / "half.safetensors")
    assert all(p.dtype == torch.float32 for p in half.parameters())
    name, whole = next(iter(net.named_parameters()))
    assert torch.equal(half.get_parameter(name), whole.half().float())


def test_loading_draws_no_random_numbers_and_needs_no_compiler_of_torch(saved):
    net, path = saved
    before = torch.get_rng_state()
    loaded = checkpoint.load(path)
    assert torch.equal(torch.get_rng_state(), before)
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    assert all(p.requires_grad for p in loaded.parameters())
    assert {name: p.stride() for name, p in loaded.named_parameters()} == {
        name: p.stride() for name, p in net.named_parameters()
    }
    script = """
import sys, torch
at_once = "torch._dynamo" in sys.modules
from bupose import errors, skeletons
from bupose.nn import head, trunk
from bupose.nn import trunk
from bupose.nn.config import NetworkConfig
from bupose.nn.head import final_maps
from bupose.nn.model import declare
declared = 0
for one, other in [(one, "plain") for one in trunk.TRUNKS] + [("vgg19", other) for other in head.HEADS]:
    try:
        declare(NetworkConfig(skeleton=skeletons.COCO17, trunk=one, head=other))
        declared += 1
    except errors.BuposeError:
        pass  # they do not fit each other, or timm is missing
assert declared >= 15
assert at_once or "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_is_in_no_file_is_made_anew(tmp_path, monkeypatch):
    """Some of timm's networks have such buffers."""

    class Bright(trunk.TRUNKS["mobilenet_v1"]):
        def __init__(self, options):
            super().__init__(options)
            self.register_buffer("light", torch.full((1,), 3.0), persistent=False)

        def forward(self, images):
            return super().forward(images) * self.light

    plain = small_net()
    monkeypatch.setitem(trunk.TRUNKS, "mobilenet_v1", Bright)
    path = checkpoint.save(small_net(), tmp_path / "net.safetensors")
    loaded = checkpoint.load(path)
    images = torch.randint(0, 256, (1, 3, 64, 64))
    with torch.inference_mode():
        wanted = final_maps(plain.head(3 * plain.trunk(plain.normalise(images))), plain.specs)
        torch.testing.assert_close(loaded(images), wanted)


def test_describe_reads_the_header_alone(saved, monkeypatch):
    _, path = saved
    monkeypatch.setattr(checkpoint, "PoseNet", None)
    monkeypatch.setattr(checkpoint, "load_file", None)
    text = checkpoint.describe(path)
    for fact in ("format 1", "puppet", "left_hand", "mobilenet_v1", "light", "AP 52.5", "sigma 7.0", "Apache-2.0"):
        assert fact in text


def test_interrupted_save_leaves_the_old_file(saved, tmp_path, monkeypatch):
    net, _ = saved
    path = tmp_path / "new folder" / "net.safetensors"
    checkpoint.save(net, path)
    before = path.read_bytes()

    def half_written(file, data):
        with open(file, "wb") as opened:
            opened.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half_written)
    assert "No space left" in refused(checkpoint.save, net, path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["net.safetensors"]


def test_unwritable_place_and_metrics(saved, tmp_path):
    net, path = saved
    assert "cannot write" in refused(checkpoint.save, net, path / "below" / "a file.safetensors")
    assert "finite" in refused(checkpoint.save, net, tmp_path / "n.safetensors", {"AP": float("nan")})
    assert not list(tmp_path.iterdir())


@settings(max_examples=60)
@given(share=st.floats(0, 1, exclude_max=True))
def test_truncated_anywhere(saved, share):
    _, path = saved
    whole = path.read_bytes()
    cut = path.with_name("cut.safetensors")
    cut.write_bytes(whole[: int(share * len(whole))])
    refused(checkpoint.load, cut)
    refused(checkpoint.describe, cut)


@settings(max_examples=150)
@given(where=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_damaged_header_never_escapes(saved, where, byte):
    """A changed byte in the header either is refused in one sentence or leaves a file that loads."""
    _, path = saved
    data = bytearray(path.read_bytes())
    end = 8 + struct.unpack("<Q", data[:8])[0]
    data[where % end] = byte
    damaged = path.with_name("damaged.safetensors")
    damaged.write_bytes(data)
    said = ""
    try:
        checkpoint.load(damaged)
    except WeightsError as problem:
        said = str(problem)
    assert "\n" not in said


def test_not_a_network_file(saved, tmp_path):
    assert "there is no" in refused(checkpoint.load, tmp_path / "nowhere.safetensors")
    assert "folder" in refused(checkpoint.load, tmp_path)
    (tmp_path / "empty").touch()
    assert "empty" in refused(checkpoint.load, tmp_path / "empty")
    save_file({"a": torch.zeros(2)}, tmp_path / "foreign.safetensors")
    assert "import" in refused(checkpoint.load, tmp_path / "foreign.safetensors")
    (tmp_path / "text").write_text("just some text that is long enough\n")
    assert "not a safetensors file" in refused(checkpoint.load, tmp_path / "text")


class Trap:
    def __reduce__(self):
        return (exec, ("import builtins; builtins.bupose_trap = True",))


def test_nothing_is_unpickled(tmp_path):
    import builtins

    (tmp_path / "trap.safetensors").write_bytes(pickle.dumps(Trap()))
    refused(checkpoint.load, tmp_path / "trap.safetensors")
    assert not hasattr(builtins, "bupose_trap")


def test_newer_format(saved, tmp_path):
    _, path = saved
    rewrite(path, tmp_path / "new", lambda header, _: header.update(format=NEWEST + 1))
    assert "upgrade bupose" in refused(checkpoint.load, tmp_path / "new")
    assert "upgrade bupose" in refused(checkpoint.describe, tmp_path / "new")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda h, _: h["network"].update(trunk="nonesuch"), "nonesuch"),
        (lambda h, _: h["network"].update(_target_="os.system"), "_target_"),
        (lambda h, _: h["network"]["head_options"].update(nope=1), "nope"),
        (lambda h, _: h["network"].pop("head"), "head"),
        (lambda h, _: h["network"]["skeleton"].update(limbs=[]), "puppet"),
        (lambda h, _: h.pop("network"), "damaged"),
        (lambda h, _: h.update(format="1"), "damaged"),
        (lambda h, t: t.pop("trunk.model.0.0.weight"), "1 missing (trunk.model.0.0.weight)"),
        (lambda h, t: t.update(further=torch.zeros(1)), "1 unexpected (further)"),
        (lambda h, t: t.update({"trunk.model.0.0.weight": torch.zeros(4, 3, 5, 5)}), "(4, 3, 5, 5)"),
        (lambda h, t: t.update(mean=torch.zeros(3, 1, 1, dtype=torch.int32)), "int32"),
    ],
)
def test_wrong_content(saved, tmp_path, change, says):
    _, path = saved
    rewrite(path, tmp_path / "wrong", change)
    assert says in refused(checkpoint.load, tmp_path / "wrong")


def test_built_in_skeleton_is_stored_whole(tmp_path):
    checkpoint.save(small_net(skeletons.COCO18), tmp_path / "n.safetensors")
    assert checkpoint.load(tmp_path / "n.safetensors").skeleton == skeletons.COCO18


def test_others_may_read_a_network_file(tmp_path):
    """As any file: a package installed by root must be of use to everybody."""
    path = checkpoint.save(small_net(), tmp_path / "net.safetensors")
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode
