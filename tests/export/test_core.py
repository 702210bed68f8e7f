"""OpenVINO's core outlives the networks: one destroyed in another thread would take a signal stack with it."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import gc, signal, sys, threading
import numpy as np
from bupose.runtimes.openvino_network import OpenVinoNetwork

seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
networks = [OpenVinoNetwork(sys.argv[1], threads=1)]
networks[0](np.zeros((1, 64, 64, 3), np.uint8))

def drop():
    networks.clear()
    gc.collect()

thread = threading.Thread(target=drop)
thread.start()
thread.join()
signal.raise_signal(signal.SIGUSR1)
print(len(seen))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this system has no signals of users")
def test_a_signal_after_a_network_was_dropped_in_another_thread(openvino_file):
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(openvino_file[0])], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr[-2000:]
