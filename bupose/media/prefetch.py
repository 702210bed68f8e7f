"""Work done ahead of time in threads, results in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue

_END = object()
PATIENCE = 5.0  # seconds, with a camera or stream that no longer answers; its thread dies with the process


def read_ahead(work: Callable, items: Iterable, ahead: int, threads: int = 1) -> Iterator:
    """``work(item)`` for each item, in order, up to ``ahead`` of them before they are asked for.

    The items themselves are iterated in a thread, too. What either raises is raised here, at its turn.
    """
    queue: Queue[Future] = Queue(max(1, ahead))
    stopped = threading.Event()
    pool = ThreadPoolExecutor(threads, "bupose-read")
    feeder = threading.Thread(target=_feed, args=(work, items, queue, pool, stopped), daemon=True)
    feeder.start()
    try:
        while (result := queue.get().result()) is not _END:
            yield result
    finally:
        stopped.set()
        feeder.join(PATIENCE)
        pool.shutdown(cancel_futures=True)


def _feed(work: Callable, items: Iterable, queue: Queue, pool: ThreadPoolExecutor, stopped: threading.Event) -> None:
    end: Future = Future()
    try:
        for item in items:
            if not _put(queue, pool.submit(work, item), stopped):
                return
        end.set_result(_END)
    except BaseException as problem:  # told to the reader, whatever it is
        end.set_exception(problem)
    _put(queue, end, stopped)


def _put(queue: Queue, future: Future, stopped: threading.Event) -> bool:
    """Wait for room, unless nobody reads any more."""
    while not stopped.is_set():
        try:
            queue.put(future, timeout=0.1)
            return True
        except Full:
            continue
    return False
