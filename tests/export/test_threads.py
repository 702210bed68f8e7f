"""Threads of a network, where several processes share a machine."""

import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from bupose.runtimes.openvino_network import OpenVinoNetwork

LOOKS = 20


def allowed(folder: Path) -> str:
    """Processors that a thread may run on."""
    lines = (folder / "status").read_text(encoding="utf-8").splitlines()
    return next(line.split()[1] for line in lines if line.startswith("Cpus_allowed_list:"))


@pytest.mark.skipif(sys.platform != "linux", reason="looks at threads in /proc")
def test_a_thread_of_one_of_many_workers_is_tied_to_no_processor(openvino_file):
    """Each of them would be tied to the same."""
    network = OpenVinoNetwork(openvino_file[0], threads=1)
    pictures = np.zeros((64, 128, 128, 3), np.uint8)
    network(pictures)
    network.settle()
    found = set()
    for _ in range(LOOKS):
        running = Thread(target=network, args=(pictures,))
        running.start()
        while running.is_alive():
            for folder in Path("/proc/self/task").iterdir():
                with suppress(OSError):  # it has ended
                    found.add(allowed(folder))
    assert found == {allowed(Path("/proc/self"))}
