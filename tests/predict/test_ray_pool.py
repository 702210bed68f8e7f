"""Which worker gets which units, and what follows when one dies: by a stand-in for Ray, in this process."""

import random
from types import SimpleNamespace

import pytest

from bupose.errors import InputError
from bupose.predict.options import RayOptions
from bupose.predict.scale import ray_engine
from bupose.predict.scale.units import Unit
from bupose.predict.scale.worker import Receipt


class Lost(Exception):
    """What Ray raises of a worker that is gone."""


class Cluster:
    """Answers in a random order of workers, each worker's in turn; each dies with some probability, or cannot start."""

    exceptions = SimpleNamespace(RayError=Lost)

    def __init__(self, seed: int, starts: list[bool] | None = None, dies: float = 0.0) -> None:
        self._random, self._starts, self._dies = random.Random(seed), starts or [], dies
        self.alive: list[Actor] = []
        self.most = self.made = 0
        self.done: list[str] = []

    def remote(self, kind):
        return self

    def options(self, **resources):
        return SimpleNamespace(remote=self._make)

    def _make(self, **construct):
        actor = Actor(self, self._starts.pop(0) if self._starts else True)
        self.made += 1
        self.alive.append(actor)
        self.most = max(self.most, len(self.alive))
        return actor

    def wait(self, answers, timeout):
        first = {}
        for answer in answers:
            if answer.actor in self.alive and answer.number >= 0:
                first.setdefault(answer.actor, []).append(answer)
        gone = [answer for answer in answers if answer.actor not in self.alive]
        ready = gone + [min(some, key=lambda one: one.number) for some in first.values()]
        return [self._random.choice(ready)], []

    def get(self, answer):
        actor = answer.actor
        if not actor.starts or (answer.unit is not None and self._random.random() < self._dies):
            self.kill(actor)
        if actor not in self.alive:
            raise Lost("it is gone")
        if answer.unit is not None:
            self.done.append(answer.unit.name)
            return Receipt(answer.unit.name)
        return None

    def kill(self, actor):
        if actor in self.alive:
            self.alive.remove(actor)


class Actor:
    def __init__(self, cluster: Cluster, starts: bool) -> None:
        self.starts, self._asked = starts, 0
        self.begin = SimpleNamespace(remote=lambda: self._ask(None))
        self.do = SimpleNamespace(remote=self._ask)

    def _ask(self, unit):
        self._asked += 1
        return SimpleAnswer(self, self._asked, unit)


class SimpleAnswer:
    def __init__(self, actor: Actor, number: int, unit: Unit | None) -> None:
        self.actor, self.number, self.unit = actor, number, unit


@pytest.fixture
def on(monkeypatch):
    def on(cluster, units, workers):
        clock = [0.0]
        monkeypatch.setattr(ray_engine, "_load", lambda: cluster)
        monkeypatch.setattr(ray_engine.time, "monotonic", lambda: clock[0])
        monkeypatch.setattr(ray_engine.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
        names = [Unit(f"{n}", ("a.jpg",)) for n in range(units)]
        return [receipt.unit for receipt in ray_engine.work(names, RayOptions(), workers, {})]

    return on


@pytest.mark.parametrize("seed", range(20))
def test_every_unit_is_done_once_by_the_workers_there_may_be(on, seed):
    cluster = Cluster(seed)
    assert sorted(on(cluster, 30, 4)) == sorted(map(str, range(30)))
    assert cluster.most == cluster.made == 4
    assert not cluster.alive


@pytest.mark.parametrize("seed", range(20))
def test_the_dead_are_replaced_and_their_units_left(on, seed):
    cluster = Cluster(seed, dies=0.2)
    told = on(cluster, 40, 3)
    assert len(told) == len(set(told)) == len(cluster.done)
    assert cluster.most <= 3
    dead = cluster.made - 3  # or more, after the last unit was given out
    assert 40 - len(told) >= dead
    assert 40 - len(told) <= ray_engine.HANDED * (dead + 3)
    assert not cluster.alive


def test_few_units_start_few_workers(on):
    cluster = Cluster(1)
    assert len(on(cluster, 2, 8)) == 2
    assert cluster.made == 2


@pytest.mark.parametrize(("units", "most"), [(2, 1), (30, ray_engine.HANDED)])
def test_a_worker_has_its_next_unit_unless_another_could_begin_it(on, monkeypatch, units, most):
    before, load = ray_engine._Pool.hand, []

    def hand(pool, worker, unit):
        before(pool, worker, unit)
        load.append(pool.load[worker])

    monkeypatch.setattr(ray_engine._Pool, "hand", hand)
    for seed in range(10):
        on(Cluster(seed), units, 2)
    assert max(load) == most


def test_a_start_that_fails_is_tried_again(on):
    cluster = Cluster(1, starts=[False, False, True])
    assert len(on(cluster, 10, 1)) == 10
    assert cluster.made == 3


@pytest.mark.parametrize("seed", range(20))
def test_some_that_cannot_start_do_not_end_the_run(on, seed):
    cluster = Cluster(seed, starts=[False] * 4 + [True] * 99)
    assert len(on(cluster, 10, 6)) == 10
    assert cluster.most <= 6


def test_workers_that_cannot_start_end_the_run(on):
    cluster = Cluster(1, starts=[False] * 99)
    with pytest.raises(InputError, match="Ray cannot go on: it is gone; what is finished is kept"):
        on(cluster, 10, 2)
    assert cluster.made == 2 * ray_engine.TRIALS
    assert not cluster.alive
