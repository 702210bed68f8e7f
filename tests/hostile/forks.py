"""A process that has imported what the commands need, and forks a child for each command line it is sent.

A child costs a fraction of a fresh interpreter's start, and whatever it does, be it a crash, ends with it. One job is
one line of JSON on stdin; the answers are the child's process id, then its wait status and peak memory in kB.
"""

import gc
import json
import os
import resource
import sys


def main() -> None:
    from bupose import commands, kernels
    from bupose.commands import check_data, evaluate, export, group, infer  # noqa: F401 (children find them imported)

    kernels.load()
    gc.freeze()  # a child's first collection must not copy every page
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if not child:
            prepare(job)
            sys.exit(commands.main(job["arguments"]))
        print(child, flush=True)
        _, status, usage = os.wait4(child, 0)
        print(status, usage.ru_maxrss, flush=True)


def prepare(job: dict) -> None:
    """Make this process what the job asks for."""
    os.setsid()
    os.chdir(job["folder"])
    os.environ.update(job["environment"])
    sys.argv = ["bupose", *job["arguments"]]
    for number, path in enumerate((os.devnull, job["out"], job["err"])):
        opened = os.open(path, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)
    for name, most in job["limits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


if __name__ == "__main__":
    main()
