"""Report what is installed, whether it works, and how fast: bupose doctor [--json | --warm]

Exit status: 0 all well, 1 there are problems, listed at the end with remedies. --json is for problem reports; the only
path in both is that of the cache. --warm only compiles what the first use needs.
"""

from __future__ import annotations

from bupose.cli.pairs import HELP
from bupose.diagnose import doctor
from bupose.diagnose.runtime import warm
from bupose.errors import OptionsError


def run(arguments: list[str]) -> int:
    if HELP & set(arguments):
        print(__doc__)
        return 0
    if arguments == ["--warm"]:
        warm()
        return 0
    others = [argument for argument in arguments if argument != "--json"]
    if others:
        raise OptionsError(f"there is no option {others[0]!r}; there are --json and --warm")
    findings = []
    for finding in doctor.examine():
        findings.append(finding)
        if not arguments:
            print(doctor.describe(finding, findings[:-1]), flush=True)
    print(doctor.as_json(findings) if arguments else doctor.conclude(findings))
    return 1 if any(finding.problem for finding in findings) else 0
