"""Shared fixtures: the folder of real photos and networks, where a machine has it."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import settings

SHARED = Path(__file__).resolve().parents[2] / "shared"

# No deadline: the first call of a kernel compiles it. Under CI always the same examples: a red run can be run again.
settings.register_profile("here", deadline=None, max_examples=40)
settings.register_profile("short", settings.get_profile("here"), max_examples=5)
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# absl, which OpenVINO brings along, keeps the stderr it first meets, here pytest's own, and closes it when hydra sets
# up logging; the one of the process it leaves open.
with suppress(ImportError):
    from absl import logging as absl_logging

    absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small tensors gain nothing from threads, test processes run side by side, and equal bits need equal threads."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development data beside the checkout; tests that need it are skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the development data in ../shared, which is not part of the project")
    return SHARED
