"""A process that has imported what the commands need, and forks a child for each command line it is sent.

A child costs a fraction of a fresh interpreter's start, and whatever it does, be it a crash, ends with it. One job is
one line of JSON on stdin; the answers are the child's process id, then its wait status and peak memory in kB.
"""

import atexit
import contextlib
import gc
import io
import json
import os
import resource
import sys
import threading
from pathlib import Path

# Bytes of address space a child may add: more is refused it, not taken from everybody. A thread reserves 8 MB, and 64
# more with an arena of its own; conftest.py allows two arenas.
ADDRESSES = 4_000_000_000


def main() -> None:
    from bupose import cli, kernels
    from bupose.cli import check_data, evaluate, export, group, infer, train  # noqa: F401 (children find them imported)

    kernels.load()
    with contextlib.redirect_stderr(io.StringIO()):
        cli.main(["infer", "input=none", "height=0"])  # refused, once hydra has loaded its plugins
    gc.freeze()  # a child's first collection must not copy every page
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if not child:
            prepare(job)
            leave(cli.main(job["arguments"]))
        print(child, flush=True)
        _, status, usage = os.wait4(child, 0)
        print(status, usage.ru_maxrss, flush=True)


def leave(status: int) -> None:
    """End as an interpreter does, but without taking every module to pieces, which would copy every page."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:  # OpenVINO's exit functions may have closed them
            stream.flush()
    os._exit(status)


def prepare(job: dict) -> None:
    """Make this process what the job asks for."""
    os.setsid()
    os.chdir(job["folder"])
    for name, value in job["environment"].items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    sys.argv = ["bupose", *job["arguments"]]
    for number, path in enumerate((os.devnull, job["out"], job["err"])):
        opened = os.open(path, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)
    held = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
    for name, most in ({"AS": held + ADDRESSES} | job["limits"]).items():
        kind = getattr(resource, f"RLIMIT_{name}")
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


if __name__ == "__main__":
    main()
