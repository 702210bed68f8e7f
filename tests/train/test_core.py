"""The training step can be used on its own: without hydra, OpenCV and numba."""

import subprocess
import sys

CODE = """
import sys
for name in ("cv2", "numba", "hydra", "omegaconf"):
    sys.modules[name] = None
import bupose.train
from bupose.methods.loss import DenseLoss
from bupose.train import OptimOptions, PoseModule, Teacher
from bupose.train import checkpoints, ema, log
"""


def test_the_core_needs_no_opencv_numba_or_hydra():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
