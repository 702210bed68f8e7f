"""From limb candidates to people: matching, assembly, and both again without limbs too long for their person."""

from __future__ import annotations

import numpy as np

from bupose.kernels.reference.matching import match_greedy, match_hungarian
from bupose.kernels.reference.order import heaviest_first
from bupose.kernels.reference.people import find_overlong, group_people, measure_people


def assemble_people(ids, values, joint, joints, xy, usual, options):
    """Matched limbs, assembled into people, and their sizes.

    Parameters
    ----------
    ids : int32 array (M, 3)
        Limb, first and second peak; sorted.
    values : float32 array (M, 3)
        Weight last.
    joint : int32 array (N,)
        Of each peak.
    joints : int
        K
    xy : float32 array (N, 2), cells
    usual : float32 array (L,)
        Usual relative lengths of limbs, 0 if unknown.
    options : (greedy, least, most, slack)
        Whether the matching is greedy or of maximum total weight; limbs needed to know a person's size; and the limits
        of :func:`find_overlong`.

    Returns
    -------
    matched : bool array (M,)
        From the matching among limbs that are not overlong.
    overlong : bool array (M,)
        Of the people that the matching among all limbs gives.
    members, person, used
        From :func:`group_people`.
    scale : float32 array (N,), cells
        From :func:`measure_people`.
    """
    greedy, least, most, slack = options
    weight = values[:, 2]

    def assemble(allowed):
        matched = np.zeros(len(ids), bool)
        if greedy:
            matched[allowed] = match_greedy(ids[allowed], heaviest_first(weight[allowed]), len(joint))
        else:
            matched[allowed] = match_hungarian(ids[allowed], weight[allowed], len(joint))
        members, person, used = group_people(ids, [e for e in heaviest_first(weight) if matched[e]], joint, joints)
        return matched, members, person, used, measure_people(ids, xy, usual, person, used, least)

    matched, members, person, used, scale = assemble(np.ones(len(ids), bool))
    overlong = find_overlong(ids, xy, usual, person, scale, most, slack)
    if overlong.any():
        matched, members, person, used, scale = assemble(~overlong)
    return matched, overlong, members, person, used, scale
