"""Look at fields, limbs and people, and turn the grouping: bupose explore [PHOTO]"""

from __future__ import annotations

from bupose import explore


def run(arguments: list[str]) -> int:
    return explore.main(arguments)
