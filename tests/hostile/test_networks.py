"""Network files of bupose's own that lie, swell, or are something else."""

import json
import os
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from bupose import weights
from bupose.errors import BuposeError

NAN, INF, HUGE = float("nan"), float("inf"), 10**400
ODD = (None, True, 5, -1, HUGE, 1.5, NAN, INF, "x", "", [], [1], {}, {"a": 1}, [[[]]])  # of every kind JSON has


def read(path) -> tuple[dict, dict]:
    """A network file's own header, and its tensors."""
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["bupose"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def network(change):
    """The file with something else in its description of the network."""

    def write(path, source):
        header, tensors = read(source)
        change(header["network"])
        save_file(tensors, path, {"bupose": json.dumps(header)})

    return write


def described(text):
    def write(path, source):
        save_file(read(source)[1], path, {"bupose": text})

    return write


def tensors(change):
    def write(path, source):
        header, found = read(source)
        change(found)
        save_file(found, path, {"bupose": json.dumps(header)})

    return write


def raw(change):
    """The file with another safetensors header: ``change`` gets the entries by name."""

    def write(path, source):
        content = Path(source).read_bytes()
        length = struct.unpack("<Q", content[:8])[0]
        entries = json.loads(content[8 : 8 + length])
        text = change(entries)
        text = json.dumps(entries) if text is None else text
        path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + content[8 + length :])

    return write


def entry(**values):
    """One tensor described as something else."""
    return raw(lambda entries: entries[next(name for name in entries if name.startswith("trunk"))].update(values))


LIES = {
    # what the network is said to be
    **{
        f"{name} is {value!r:.12}": network(lambda n, name=name, value=value: n.update({name: value}))
        for name in ("skeleton", "trunk", "head", "trunk_options", "head_options", "normalisation")
        for value in ODD
        if not (value == {} and name.endswith("options")) and not (value is None and name == "normalisation")
    },
    **{
        f"{name} is {value!r:.12}": network(lambda n, name=name, value=value: n.update({name: value}))
        for name in ("target", "decoder", "preprocess", "metrics", "origin")
        for value in ODD
        if not isinstance(value, dict) or (value and name in ("target", "decoder", "preprocess"))
    },
    **{
        f"{group}.{name} is {value!r:.12}": network(lambda n, g=group, k=name, v=value: n[g].update({k: v}))
        for group, name in (
            ("trunk_options", "width"), ("trunk_options", "channels"), ("head_options", "layers"),
            ("head_options", "width"), ("target", "sigma"), ("target", "limb_width"), ("decoder", "samples"),
            ("decoder", "joint_score_exponent"), ("preprocess", "height"),
            ("preprocess", "scales"), ("normalisation", "mean"),
            ("normalisation", "std"), ("normalisation", "order"), ("skeleton", "joints"), ("skeleton", "sigmas"),
        )
        for value in (None, True, HUGE, -1, NAN, INF, "x", [NAN] * 3, {"a": 1}, [[[]]])
        if not (value is None and (group, name) in (
            ("preprocess", "height"), ("preprocess", "scales"), ("skeleton", "sigmas")))
    },
    "5000 scales": network(lambda n: n["preprocess"].update(scales=[1.0] * 5000)),
    "scales of 0": network(lambda n: n["preprocess"].update(scales=[0.0])),
    "no scale": network(lambda n: n["preprocess"].update(scales=[])),
    "height of a million": network(lambda n: n["preprocess"].update(height=1_000_000)),
    "samples of a million": network(lambda n: n["decoder"].update(samples=1_000_000)),
    "an option there is none": network(lambda n: n["decoder"].update(nope=1)),
    "a target option there is none": network(lambda n: n["target"].update(_target_="os.mkdir")),
    "a network of 360 GB": network(
        lambda n: n.update(head="openpose2017", head_options={"stages": 64, "width": 4096, "kernel": 31})
    ),
    "a head of 64 layers": network(lambda n: n["head_options"].update(layers=64, width=4096)),
    "layers without end": network(lambda n: n["head_options"].update(layers=10**9)),
    "another trunk": network(lambda n: n.update(trunk="resnet", trunk_options={})),
    "weights from the web": network(lambda n: n.update(trunk="timm", trunk_options={"pretrained": True})),
    "a place on the web": network(lambda n: n.update(trunk="timm", trunk_options={"model": "hf-hub:a/b"})),
    "a folder of this machine": network(lambda n: n.update(trunk="timm", trunk_options={"model": "local-dir:/tmp"})),
    "500 joints": network(
        lambda n: n["skeleton"].update(
            joints=[f"j{k}" for k in range(500)], limbs=[["j0", f"j{k}"] for k in range(1, 500)], sigmas=[], derived={}
        )
    ),
    "one joint": network(lambda n: n["skeleton"].update(joints=["a"], limbs=[], sigmas=[], derived={})),
    "a joint's name of 4000 letters": network(lambda n: n["skeleton"]["joints"].__setitem__(0, "x" * 4000)),
    "a joint's name a terminal obeys": network(lambda n: n["skeleton"]["joints"].__setitem__(0, "\x1b[2J")),
    # its JSON
    "not JSON": described("{"),
    "deep": described("[" * 100_000),
    "deep inside": described('{"format": 1, "network": ' + '{"a":' * 50_000),
    "NaN": described('{"format": NaN, "network": {}}'),
    "a number of 5000 digits": described('{"format": ' + "9" * 5000 + ', "network": {}}'),
    "format true": described('{"format": true, "network": {}}'),
    "format -1": described('{"format": -1, "network": {}}'),
    "a list": described("[1]"),
    "nothing": described(""),
    # its tensors
    "NaN weights": tensors(lambda t: t["head.heat.0.weight"].fill_(NAN)),
    "infinite weights": tensors(lambda t: t["mean"].fill_(INF)),
    "whole numbers": tensors(lambda t: t.update(mean=torch.zeros(3, 1, 1, dtype=torch.int64))),
    "one of another shape": tensors(lambda t: t.update(mean=torch.zeros(3, 1, 2))),
    "none": tensors(lambda t: t.clear()),
    "ten thousand more": tensors(lambda t: t.update({f"more.{k}": torch.zeros(1) for k in range(10_000)})),
    "a step for nothing": tensors(lambda t: t.update({"mean.step": torch.zeros(1)})),
    **{
        f"packed: {what}": tensors(
            lambda t, step=step, low=low: t.update(
                {"head.heat.0.weight": torch.zeros(17, 8, 1, 1, dtype=torch.int8), "head.heat.0.weight.step": step}
                | ({} if low is None else {"head.heat.0.weight.low": low})
            )
        )
        for what, step, low in (
            ("steps of another shape", torch.zeros(3, 1, 1, 1), None),
            ("steps that spread", torch.zeros(17, 8, 900, 900), None),
            ("steps that are NaN", torch.full((17, 1, 1, 1), NAN), None),
            ("steps of another type", torch.zeros(17, 1, 1, 1, dtype=torch.int32), None),
            ("too few halves", torch.zeros(17, 1, 1, 1), torch.zeros(2, dtype=torch.uint8)),
            ("too many halves", torch.zeros(17, 1, 1, 1), torch.zeros(9000, dtype=torch.uint8)),
            ("halves of another type", torch.zeros(17, 1, 1, 1), torch.zeros(68)),
        )
    },
    # the file's own header
    **{f"offsets {value!r:.20}": entry(data_offsets=value) for value in (
        [0, HUGE], [-8, 0], [NAN, 1], [INF, INF], [0], [0, 1, 2], "01", None, {"a": 1}, [True, False], [2**63, 2**64])},
    **{f"shape {value!r:.20}": entry(shape=value) for value in (
        [HUGE], [-1, -1], [NAN], "ab", None, 5, [[1]], [2**40, 2**40], [0], [1.5])},
    **{f"dtype {value!r:.20}": entry(dtype=value) for value in ("F7", None, 5, ["F32"], "f32", "")},
    "overlapping tensors": raw(
        lambda entries: [e.update(data_offsets=[0, 4]) for n, e in entries.items() if n != "__metadata__"] and None
    ),
    "an entry that is a list": raw(lambda entries: entries.update(x=[])),
    "metadata that is a list": raw(lambda entries: entries.update(__metadata__=[])),
    "metadata of numbers": raw(lambda entries: entries.update(__metadata__={"bupose": 5})),
    "a deep header": raw(lambda entries: "[" * 100_000),
    "a header of NaN": raw(lambda entries: "NaN"),
    # no file of the kind
    "empty": lambda path, source: path.write_bytes(b""),
    "eight bytes": lambda path, source: path.write_bytes(bytes(8)),
    "a length without end": lambda path, source: path.write_bytes(b"\xff" * 8 + b"{}"),
    "half": lambda path, source: path.write_bytes(Path(source).read_bytes()[: os.path.getsize(source) // 2]),
    "longer": lambda path, source: path.write_bytes(Path(source).read_bytes() + b"more"),
    "a folder": lambda path, source: path.mkdir(),
    "a FIFO": lambda path, source: os.mkfifo(path),
    "/dev/zero": lambda path, source: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path, source: path.symlink_to(path),
    "a dangling link": lambda path, source: path.symlink_to("nowhere"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_lies(hostile, lie):
    path = hostile.folder / "net.safetensors"
    LIES[lie](path, hostile.network)
    before = torch.get_rng_state()
    hostile.refused(weights.load, path, kind=BuposeError)
    assert torch.equal(before, torch.get_rng_state())  # nothing was built


@pytest.mark.parametrize(
    "lie", ["a network of 360 GB", "5000 scales", "NaN weights", "deep", "a FIFO", "/dev/zero", "dtype None"]
)
def test_the_command_refuses_them_as_well(hostile, lie):
    LIES[lie](hostile.folder / "net.safetensors", hostile.network)
    hostile.judge(hostile.run("infer", "input=a.png", "weights=net.safetensors", "output=out"), 2)


kinds = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_value_anywhere_in_the_description(hostile, data):
    """Property: whatever stands in a description's place, it is refused in one sentence, or the file loads."""
    header, found = read(hostile.network)
    here, places = header["network"], []
    for key, value in here.items():
        places += [(here, key), *((value, inner) for inner in value)] if isinstance(value, dict) else [(here, key)]
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(kinds)
    path = hostile.folder / "net.safetensors"
    save_file(found, path, {"bupose": json.dumps(header)})
    said = ""
    try:
        weights.load(path)
    except BuposeError as problem:
        said = str(problem)
    assert "\n" not in said
    assert len(said) < 2000
