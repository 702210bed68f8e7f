"""The state that training resumes from: everything comes back, nothing runs, and what is foreign is one sentence."""

import json
import os
import pickle
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from bupose.train.module import TrainingError
from bupose.train.resume import recall_arguments
from bupose.train.run import train
from bupose.train.state import KEY, _decode, _encode, read_state, write_state

WHOLE = {
    "state_dict": {"w": torch.arange(6.0).reshape(2, 3).t()},
    "callbacks": {"KeepNetworks": {"ranking": [{"AP": np.float32(1.5)}, {"AP": float("inf")}]}},
    "loops": {"fit_loop": {"state_dict": {}, "on": True, "none": None}},
    "optimizer_states": [{"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"betas": (0.9, 0.999)}]}],
    "lr_schedulers": [{"lr_lambdas": [None]}],
    "epoch": 1,
    "global_step": 7,
    "pytorch-lightning_version": "2.5.0",
}


def assert_same(a, b):
    assert type(a) is type(b)
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b)
        assert a.dtype == b.dtype
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    else:
        assert a == b


def test_everything_comes_back(tmp_path):
    write_state(WHOLE, tmp_path / "last.ckpt")
    wanted = {**WHOLE, "callbacks": {"KeepNetworks": {"ranking": [{"AP": 1.5}, {"AP": float("inf")}]}}}
    assert_same(read_state(tmp_path / "last.ckpt"), wanted)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(inner, inner)
            | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_any_nesting_comes_back(value):
    assert_same(_decode(json.loads(json.dumps(_encode(value, {}))), None), value)


def test_two_names_of_one_tensor(tmp_path):
    shared = torch.ones(2)
    write_state({**WHOLE, "state_dict": {"a": shared, "b": shared}}, tmp_path / "last.ckpt")
    assert torch.equal(read_state(tmp_path / "last.ckpt")["state_dict"]["b"], shared)


def test_what_cannot_be_kept_is_told():
    with pytest.raises(TrainingError, match="cannot hold a set"):
        _encode({"a": {1}}, {})


class Trap:
    """Makes a folder when unpickled."""

    def __reduce__(self):
        return os.mkdir, (str(self.where),)

    def __init__(self, where):
        self.where = where


@pytest.fixture(scope="module")
def finished(tmp_path_factory, training_in):
    """A short run's folder."""
    folder = tmp_path_factory.mktemp("runs")
    train(training_in(folder)("run", steps=2, validate_every=2))
    return folder / "run"


@pytest.fixture
def interrupted(finished, tmp_path):
    """The same as a copy to spoil."""
    return shutil.copytree(finished, tmp_path / "run")


def refused(small_training, run) -> str:
    with pytest.raises(TrainingError) as refusal:
        train(small_training(steps=4, validate_every=2, given={"resume": str(run)}))
    said = str(refusal.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize("kind", ["torch", "legacy", "pickle", "zip of a pickle"])
def test_a_foreign_pickle_is_never_run(small_training, interrupted, tmp_path, kind):
    trap, state = {**WHOLE, "callbacks": {"x": Trap(tmp_path / "sprung")}}, interrupted / "last.ckpt"
    if kind == "pickle":
        state.write_bytes(pickle.dumps(trap))
    elif kind == "zip of a pickle":
        with zipfile.ZipFile(state, "w") as file:
            file.writestr("archive/data.pkl", pickle.dumps(trap))
    else:
        torch.save(trap, state, _use_new_zipfile_serialization=kind == "torch")
    assert "start from a network instead" in refused(small_training, interrupted)
    assert not (tmp_path / "sprung").exists()


def test_lightnings_own_file_for_slurm_is_never_unpickled(small_training, interrupted, tmp_path, monkeypatch):
    """A training on SLURM takes up ``hpc_ckpt_1.ckpt`` of its output folder unasked."""
    torch.save({**WHOLE, "x": Trap(tmp_path / "sprung")}, interrupted / "hpc_ckpt_1.ckpt")
    monkeypatch.setenv("SLURM_NTASKS", "1")
    monkeypatch.setenv("SLURM_JOB_NAME", "train")
    monkeypatch.setattr("lightning.pytorch.plugins.environments.SLURMEnvironment.detect", staticmethod(lambda: True))
    with pytest.raises(TrainingError, match="hpc_ckpt_1"):
        train(replace(small_training(steps=2, validate_every=2), overwrite=True))
    assert not (tmp_path / "sprung").exists()


FOREIGN = {
    "empty": lambda state, path: path.write_bytes(b""),
    "text": lambda state, path: path.write_text("no state"),
    "safetensors of another program": lambda state, path: save_file({"a": torch.zeros(1)}, path),
    "cut": lambda state, path: path.write_bytes(path.read_bytes()[:-100]),
    "no json": lambda state, path: save_file({"0": torch.zeros(1)}, path, {KEY: "{"}),
    "too deep": lambda state, path: save_file({"0": torch.zeros(1)}, path, {KEY: "[" * 100_000}),
    "a tensor that is not there": lambda state, path: save_file({}, path, {KEY: '{"tensor": "7"}'}),
    "an unknown kind": lambda state, path: save_file({}, path, {KEY: '{"os.mkdir": "7"}'}),
    "a list": lambda state, path: save_file({}, path, {KEY: "[]"}),
    **{
        f"without {name}": lambda state, path, name=name: write_state(
            {key: value for key, value in state.items() if key != name}, path
        )
        for name in WHOLE
    },
    "no version": lambda state, path: write_state(state | {"pytorch-lightning_version": "x"}, path),
    "loops of another kind": lambda state, path: write_state(state | {"loops": {"fit_loop": 5}}, path),
    "callbacks of another kind": lambda state, path: write_state(
        state | {"callbacks": dict.fromkeys(state["callbacks"], 5)}, path
    ),
    "another network": lambda state, path: write_state(state | {"state_dict": {"w": torch.zeros(1)}}, path),
    "weights of another shape": lambda state, path: write_state(
        state | {"state_dict": {name: torch.zeros(3) for name in state["state_dict"]}}, path
    ),
    "no optimizer": lambda state, path: write_state(state | {"optimizer_states": []}, path),
    "an optimizer of other weights": lambda state, path: write_state(
        state | {"optimizer_states": [{"state": {}, "param_groups": []}]}, path
    ),
    "moments of another shape": lambda state, path: write_state(
        state | {"optimizer_states": [shrunk(state["optimizer_states"][0])]}, path
    ),
}


def shrunk(optimizer: dict) -> dict:
    kept = {n: {key: torch.zeros(5) for key in entry} for n, entry in optimizer["state"].items()}
    return optimizer | {"state": kept}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_damaged_or_foreign_state_is_one_sentence(small_training, interrupted, kind):
    path = interrupted / "last.ckpt"
    FOREIGN[kind](read_state(path), path)
    assert "last.ckpt" in refused(small_training, interrupted)


@settings(max_examples=100)
@given(st.data())
def test_a_changed_byte_never_escapes(finished, tmp_path_factory, data):
    content = bytearray((finished / "last.ckpt").read_bytes())
    header = int.from_bytes(content[:8], "little") + 8
    content[data.draw(st.integers(0, header - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "changed.ckpt"
    path.write_bytes(content)
    said = ""
    try:
        read_state(path)
    except TrainingError as problem:
        said = str(problem)
    assert "\n" not in said


@pytest.mark.parametrize("content", ["", "{", "[]", '{"trainer": 5}', '{"trainer": {}}', "[" * 100_000])
def test_what_the_run_had_chosen_cannot_be_read(small_training, interrupted, content):
    (interrupted / "options.json").write_text(content)
    with pytest.raises(TrainingError, match="has no precision"):
        train(small_training(precision="auto", given={"resume": str(interrupted)}))


@pytest.mark.parametrize(
    "overrides",
    [
        ["--config-dir=/tmp"],
        ["-m"],
        ["~hydra.launcher"],
        ["note.a=${oc.env:HOME}"],
        ["note.a=${${note.b}:HOME}", "note.b=oc.env"],
        [5],
        {"a": 1},
        "optim.lr=1",
    ],
    ids=str,
)
def test_options_that_somebody_put_into_the_folder(tmp_path, overrides):
    (tmp_path / ".hydra").mkdir()
    (tmp_path / "last.ckpt").touch()
    (tmp_path / ".hydra" / "overrides.yaml").write_text(yaml.safe_dump(overrides))
    with pytest.raises(TrainingError, match=r"overrides\.yaml.*(remove)"):
        recall_arguments([f"resume={tmp_path}"])


def test_hydras_own_options_are_not_recalled(tmp_path):
    (tmp_path / ".hydra").mkdir()
    (tmp_path / "last.ckpt").touch()
    bad = ["hydra.callbacks.x._target_=os.mkdir", "+hydra.launcher._target_=x", "hydra/launcher=parallel", "optim.lr=1"]
    (tmp_path / ".hydra" / "overrides.yaml").write_text(yaml.safe_dump(bad))
    assert recall_arguments([f"resume={tmp_path}"])[0] == "optim.lr=1"
    (tmp_path / ".hydra" / "overrides.yaml").write_text("!!python/object/apply:os.mkdir [/tmp/no]")
    with pytest.raises(TrainingError):
        recall_arguments([f"resume={tmp_path}"])
