"""Processes forked after a network has run: they find what their parent finds, and do not wait for its threads."""

import multiprocessing
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

PROGRAM = """
import multiprocessing, sys
import numpy as np, torch
from bupose.estimate import Estimator
from bupose.nn import NetworkConfig, PoseNet
from bupose.skeletons import COCO18

torch.set_num_threads(2)
torch.manual_seed(0)
net = PoseNet(NetworkConfig(COCO18, "mobilenet_v2", "plain", {"width": 0.25})).eval()
estimator = Estimator(net, height=256, device="cpu", decoder={"min_person_score": 0.0, "min_joints": 1})
picture = np.random.default_rng(0).integers(0, 256, (256, 320, 3), np.uint8)

def look(_):
    return estimator.fields(picture).heat

wanted = look(0)
with multiprocessing.get_context("fork").Pool(2) as pool:
    for got in pool.map_async(look, range(2)).get(timeout=60):
        np.testing.assert_allclose(got, wanted, atol=1e-4 * np.abs(wanted).max())
print("torch threads:", torch.get_num_threads())
"""


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system forks no processes")
def test_a_forked_process_does_not_wait_for_its_parents_threads():
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "torch threads: 2\n"  # the parent keeps its own


OPENVINO = """
import multiprocessing
import numpy as np
import bupose

picture = np.zeros((96, 96, 3), np.uint8)
estimator = bupose.load(runtime="openvino")
estimator(picture)

def inherited(_):
    try:
        return estimator(picture)
    except bupose.BuposeError as refusal:
        return str(refusal)

def own(_):
    return type(bupose.load(threads=1).pipeline.network).__name__, len(bupose.load(threads=1)(picture))

with multiprocessing.get_context("fork").Pool(1) as pool:
    print(pool.map_async(inherited, [0]).get(timeout=60)[0])
    print(pool.map_async(own, [0]).get(timeout=90)[0])
"""


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system forks no processes")
def test_openvino_does_not_hang_in_a_forked_process():
    pytest.importorskip("openvino")
    done = subprocess.run([sys.executable, "-c", OPENVINO], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-2000:]
    refusal, own = done.stdout.splitlines()
    assert refusal.startswith("OpenVINO has run in the process that this one was forked from")
    other = "Onnx" if find_spec("onnxruntime") else "Torch"
    assert own == f"('{other}Network', 0)"
