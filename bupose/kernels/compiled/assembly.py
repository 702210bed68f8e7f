"""From limb candidates to people: matching, assembly, and both again without limbs too long for their person."""

from __future__ import annotations

import numpy as np

from bupose.kernels.compiled.jit import jit
from bupose.kernels.compiled.matching import match_greedy, match_hungarian
from bupose.kernels.compiled.people import find_overlong, group_people, measure_people


@jit
def assemble_people(ids, weight, order, joint, joints, xy, usual, options):
    """Matched limbs, assembled into people, and their sizes."""
    greedy, least, most, slack = options
    rows, overlong = np.arange(len(ids)), np.zeros(len(ids), np.bool_)
    while True:
        matched = _match(ids, weight, order, rows, len(joint), greedy)
        members, person, used = group_people(ids, order[matched[order]], joint, joints)
        scale = measure_people(ids, xy, usual, person, used, least)
        if len(rows) < len(ids):
            break
        overlong = find_overlong(ids, xy, usual, person, scale, most, slack)
        rows = np.flatnonzero(~overlong)
        if len(rows) == len(ids):
            break
    return matched, overlong, members, person, used, scale


@jit
def _match(ids, weight, order, rows, peaks, greedy):
    """The chosen among some candidates."""
    some, place = np.empty((len(rows), 3), np.int32), np.full(len(ids), -1, np.int64)
    for n in range(len(rows)):
        place[rows[n]] = n
        for i in range(3):
            some[n, i] = ids[rows[n], i]
    if greedy:
        ranks = place[order]
        chosen = match_greedy(some, ranks[ranks >= 0], peaks)
    else:
        chosen = match_hungarian(some, weight[rows], peaks)
    matched = np.zeros(len(ids), np.bool_)
    matched[rows[chosen]] = True
    return matched
