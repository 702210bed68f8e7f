"""From limb candidates to people: matching, assembly, and both again without limbs too long for their person."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit
from bupose.kernels.compiled.matching import match_greedy, match_hungarian
from bupose.kernels.compiled.order import heaviest_first
from bupose.kernels.compiled.people import find_overlong, group_people, measure_people


@jit
def assemble_people(ids, values, joint, joints, xy, usual, options):
    """Matched limbs, assembled into people, and their sizes."""
    greedy, least, most, slack = options
    matched, overlong = np.zeros(len(ids), np.bool_), np.zeros(len(ids), np.bool_)
    again, many = np.ones(len(usual), np.bool_), 0  # limbs to match: those of which a candidate was left out
    while True:
        _match(ids, values, again, overlong, matched, len(joint), greedy)
        members, person, used = group_people(ids, _heaviest(values, matched), joint, joints)
        scale = measure_people(ids, xy, usual, person, used, least)
        if many > 0:
            break
        overlong = find_overlong(ids, xy, usual, person, scale, most, slack)
        again[:] = False
        for e in range(len(ids)):
            if overlong[e]:
                again[ids[e, 0]] = True
                many += 1
        if many == 0:
            break
    return matched, overlong, members, person, used, scale


@jit
def _match(ids, values, again, overlong, matched, peaks, greedy):
    """Choose among the candidates of some limbs."""
    some, weight, rows = np.empty((len(ids), 3), np.int32), np.empty(len(ids), np.float32), np.empty(len(ids), np.int64)
    count = 0
    for e in range(len(ids)):
        if again[ids[e, 0]]:
            matched[e] = False
            if not overlong[e]:
                rows[count], weight[count] = e, values[e, 2]
                some[count, 0], some[count, 1], some[count, 2] = ids[e, 0], ids[e, 1], ids[e, 2]
                count += 1
    some, weight = some[:count], weight[:count]
    chosen = match_greedy(some, heaviest_first(weight), peaks) if greedy else match_hungarian(some, weight, peaks)
    for n in range(count):
        matched[rows[n]] = chosen[n]


@jit
def _heaviest(values, matched):
    """The matched candidates, the heaviest first."""
    weight, rows = np.empty(len(values), np.float32), np.empty(len(values), np.int64)
    count = 0
    for e in range(len(values)):
        if matched[e]:
            rows[count], weight[count] = e, values[e, 2]
            count += 1
    order = heaviest_first(weight[:count])
    for n in range(count):
        order[n] = rows[order[n]]
    return order
