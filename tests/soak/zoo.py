"""
Does the bench go red for the deliberate bugs that only a life shows?

Each life is lived twice, without the bug and with it: it has to end well, and to
end with the invariant broken that the bug is said to break.
"""

from __future__ import annotations

from tests.kit.controlplane import ControlPlane
from tests.zoo.bugs import BUGS

from .drawing import Life, Step
from .living import live
from .stage import staged

__all__ = ["LIVES", "found", "tell"]

PLAIN = {"r0": {"connectionRef": "token"}}
FEW = {"each": {"mode": "PerNamespace", "template": {}}}
PAGES = {"call": r"robot\.(delete|get)", "when": "before", "count": 6, "for_s": 0.0}
RIGHTS = {"mode": "Exact", "repositories": [{"name": "app", "role": "read"}]}
# The quick budget of each.
BOUND_S = 25.0

LIVES = {
    "B10": Life(
        0, PLAIN, FEW, (Step("page", how=PAGES), Step("delete", "r0", pause_s=3.0)), settled=True
    ),
    "B13": Life(
        0,
        PLAIN,
        FEW,
        (
            Step("skip", how={"for_s": 3.0}, pause_s=0.5),
            Step("rights", "r0", {"permissions": RIGHTS}, pause_s=3.0),
        ),
        settled=True,
    ),
}


def found(row: str) -> dict[str, list[str]]:
    """Return what the referee finds without the bug *row* and with it."""
    said = {}
    for name, zoo in (("without", ""), ("with", row)):
        with ControlPlane() as plane, staged(plane, zoo) as stage:
            outcome = live(stage, LIVES[row], bound_s=BOUND_S, calm_s=1.0)
            said[name] = outcome.violations
    return said


def tell() -> dict[str, bool]:
    """Print what was found of each; return which were found as they should be."""
    rows = {}
    for row in LIVES:
        said = found(row)
        red = any(each.startswith(f"{BUGS[row].breaks}:") for each in said["with"])
        rows[row] = red and not said["without"]
        print(f"{row}: {BUGS[row].says}: {BUGS[row].breaks} {'red' if red else 'NOT FOUND'}", said)
    return rows
