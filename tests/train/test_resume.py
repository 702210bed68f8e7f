"""What the command that resumes a run is made of."""

import pytest
import yaml

from bupose.train.checkpoints import find_state
from bupose.train.module import TrainingError
from bupose.train.resume import recall_arguments


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
