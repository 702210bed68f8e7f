"""What the command that resumes a run is made of; and runs that learn more than a network's weights."""

import signal
from dataclasses import replace

import pytest
import torch
import yaml

from bupose import weights
from bupose.process import Stopped
from bupose.train.checkpoints import find_state
from bupose.train.module import PoseModule, TrainingError
from bupose.train.options import HeadOptions
from bupose.train.resume import recall_arguments
from bupose.train.run import train
from bupose.train.teacher import TeacherOptions


@pytest.fixture
def run(tmp_path):
    """A run's folder with an awkward name."""
    folder = tmp_path / "it's mine"
    (folder / ".hydra").mkdir(parents=True)
    (folder / "last.ckpt").touch()
    before = ["experiment=tiny_synthetic", "optim.lr=0.1", "hydra.run.dir=elsewhere", "resume=older"]
    (folder / ".hydra" / "overrides.yaml").write_text(yaml.safe_dump(before))
    return folder


@pytest.mark.parametrize("file", ["", "last.ckpt"])
def test_old_options_come_first_so_that_new_ones_win(run, file):
    asked = f"resume={run / file}"
    got = recall_arguments([asked, "optim.lr=0.2"])
    assert got[:4] == ["experiment=tiny_synthetic", "optim.lr=0.1", asked, "optim.lr=0.2"]
    assert len(got) == 5
    assert got[4].startswith("hydra.run.dir='")
    assert got[4].endswith("it\\'s mine'")


def test_nothing_changes_where_nothing_is_resumed(run):
    assert recall_arguments(["optim.lr=0.2", "resume=null"]) == ["optim.lr=0.2", "resume=null"]


def test_what_cannot_be_resumed_is_left_to_training_to_tell(tmp_path):
    assert recall_arguments([f"resume={tmp_path}"]) == [f"resume={tmp_path}"]
    with pytest.raises(TrainingError, match="give a run's folder"):
        find_state(tmp_path)


@pytest.mark.parametrize(
    "more",
    [{"method": "regression", "head": HeadOptions("regression")}, {"teacher": TeacherOptions(itself=0.9, ramp=2)}],
    ids=["the loss's flow", "the average that teaches"],
)
def test_what_is_learned_beside_the_network_goes_on(small_training, tmp_path, monkeypatch, more):
    """Resumed after three of five steps, the network is to the bit that of the uninterrupted run."""
    options = replace(small_training("whole", steps=5, validate_every=5), **more)
    train(options)

    def interrupt(module, *_):
        if module.global_step == 2:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(PoseModule, "on_train_batch_start", interrupt)
        with pytest.raises(Stopped):
            train(replace(options, output=str(tmp_path / "broken")))
    train(replace(options, output=str(tmp_path / "elsewhere"), resume=str(tmp_path / "broken")))
    whole, resumed = (weights.load(tmp_path / one / "last.safetensors").state_dict() for one in ("whole", "broken"))
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name
