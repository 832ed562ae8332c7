"""
What happens before the picture is taken?

Two minutes of an operator: three teams with robots, rights and rotations, a Quay that is
away for a while, robots that go, one that is not let have what it asks for, and robots
that somebody made by hand.
"""

from __future__ import annotations

import time

from tests.kit.installation import Installation, Tenant
from tests.kit.processes import wait_for

ROBOTS = 25
AWAY_S = 20
READ = {"repositories": [{"name": "app", "role": "read"}]}


def live(house: Installation) -> None:
    """Have it happen; takes two minutes."""
    teams = [house.tenant() for _ in range(3)]
    for team in teams:
        _begin(team)
    house.quay.down()
    teams[0].robots({"late": {}})
    time.sleep(AWAY_S)
    house.quay.up()
    teams[0].wait_ready("late", timeout_s=90)
    for team in teams:
        _rotate(team)
    teams[2].kubectl("delete", "quayrobots", "--all", "--timeout=90s")
    teams[1].robots({"denied": {"user": "somebody"}})
    time.sleep(15)


def _begin(team: Tenant) -> None:
    team.repository("app")
    for number in range(3):
        team.house.quay.admin("robot", name=team.full(f"by-hand-{number}"))
    team.robots({f"robot-{number}": {"permissions": READ} for number in range(ROBOTS)})
    for number in range(ROBOTS):
        team.wait_ready(f"robot-{number}", timeout_s=90)
    time.sleep(5)


def _rotate(team: Tenant) -> None:
    before = team.credential("robot-0")
    team.kubectl("annotate", "quayrobots", "--all", "quayrobot.io/rotate=picture")
    wait_for(lambda: team.credential("robot-0") != before, "a rotation", timeout_s=90)
    time.sleep(5)
