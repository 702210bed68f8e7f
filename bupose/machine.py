"""The machine that this process runs on, as far as it can be told without importing anything."""

from __future__ import annotations

import math
import os
import platform
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")  # microseconds of processor time, and in how many; cgroup v2
_GPU_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # NVIDIA's driver, AMD's, and either's under WSL


def count_cores() -> int:
    """Cores available to this process: its affinity and, in a container, its quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no cgroup, or "max"
        quota, period = QUOTA.read_text(encoding="utf-8").split()
        cores = min(cores, max(1, math.ceil(int(quota) / int(period))))
    return cores


def name_processor() -> str:
    """The processor's model name, if known."""
    with suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
        if found:
            return found[1]
    if sys.platform == "darwin":
        with suppress(OSError):
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()


def count_threads() -> int:
    """Threads for numeric work: torch's where it is loaded, else ``OMP_NUM_THREADS``, else the usable cores."""
    if (torch := sys.modules.get("torch")) is not None:
        return int(torch.get_num_threads())
    with suppress(ValueError):
        return max(1, int(os.environ.get("OMP_NUM_THREADS", "").split(",")[0]))
    return count_cores()


def may_have_gpu() -> bool:
    """Whether it is worth asking torch for a GPU, which takes seconds."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return sys.platform == "win32" or any(os.path.exists(file) for file in _GPU_FILES)
