"""Two processes that share a batch learn what one learns from all of it."""

import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from bupose.train.run import train

SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
import conftest, torch
from pathlib import Path
torch.set_num_threads(1)
options = conftest._training_in(Path({folder!r}))("two", optim={optim!r}, batch=2, ema=0.5)
options.trainer.devices, options.trainer.strategy = 2, "ddp"
from bupose.train.run import train
train(options)
"""


def test_two_processes_equal_one_with_the_same_batch(small_training, tmp_path):
    # Batch norm sees each process's own crops; held, nothing differs but the order of sums.
    optim = {"frozen_norm": ["trunk", "head"], "name": "sgd", "lr": 0.01, "clip": 0.1}
    train(small_training("one", optim=optim, batch=4, ema=0.5))
    code = SCRIPT.format(tests=str(Path(__file__).parent), folder=str(tmp_path), optim=optim)
    (tmp_path / "two.py").write_text(code)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--master_port=0", "--standalone"]
    finished = subprocess.run(
        [*command, str(tmp_path / "two.py")], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr[-3000:]
    one, two = (load_file(tmp_path / name / "last.safetensors") for name in ("one", "two"))
    start = load_file(start_of(small_training, optim, tmp_path))
    moved = [name for name in one if not torch.equal(one[name], start[name])]
    assert len(moved) > 20
    for name in moved:
        torch.testing.assert_close(two[name] - start[name], one[name] - start[name], atol=1e-6, rtol=0.03, msg=name)


def start_of(small_training, optim, tmp_path):
    """The network before training: a rate of nearly nothing."""
    train(small_training("start", optim=optim | {"lr": 1e-12}, steps=1, validate_every=1, batch=4))
    return tmp_path / "start" / "last.safetensors"
