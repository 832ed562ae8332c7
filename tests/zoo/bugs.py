"""
Which mistakes have others made, and what would each be like here?

One for each pattern that was found in the wild in programs like this one. Each
is a patch of one function; tests switch it on in their own process, and the
operator's process does where its environment names it in TEST_ZOO.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from quayrobot.model.actions import CreateRobot, DeleteRobot, GuardConnection, ReplaceSecret
from quayrobot.model.errors import QuayRobotError
from quayrobot.model.resources.robot import RobotState
from quayrobot.model.world import Absent, Unknown
from quayrobot.plan.rights.access import OWN_CONNECTION
from quayrobot.plan.robot import creation
from quayrobot.plan.robot.proof import Ours
from quayrobot.plan.scene import Plan

__all__ = ["BUGS", "Bug"]

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Bug:
    """
    One deliberate bug: the function *name* of *module* becomes `patch(the real one)`.

    *name* may lead into a class. *breaks* is the invariant by which it is found.
    """

    row: str
    says: str
    breaks: str
    module: str
    name: str
    patch: Callable[[Function], Any]

    def place(self) -> tuple[Any, str]:
        """Return what holds the function, and the function's name there."""
        holder: Any = importlib.import_module(f"quayrobot.{self.module}")
        *inner, last = self.name.split(".")
        for each in inner:
            holder = getattr(holder, each)
        return holder, last

    def patched(self) -> Any:
        """Return what stands in the function's place."""
        holder, last = self.place()
        return self.patch(getattr(holder, last))

    def switch_on(self) -> None:
        """Put the bug in its place, for as long as this process lives."""
        holder, last = self.place()
        setattr(holder, last, self.patched())


def _yes(_real: Function) -> Function:
    return lambda *_args, **_named: True


def _only_just_made(real: Function) -> Function:
    return lambda scene: Plan() if scene.status.holds else real(scene)


def _whose_name_fits(_real: Function) -> Function:
    return lambda *_args: Ours(adopted=False)


def _at_the_edge(real: Function) -> Function:
    def once(scene: Any) -> Any:
        seen = scene.status.observed_generation == scene.me.generation
        return Plan() if seen else real(scene)

    return once


def _made_anew(real: Function) -> Function:
    def anew(scene: Any) -> Any:
        plan = real(scene)
        stale = any(isinstance(each, ReplaceSecret) for each in plan.actions)
        return Plan((DeleteRobot(scene.robot_name),)) if stale else plan

    return anew


def _failed_look_is_absence(real: Function) -> Function:
    def lost(scene: Any, *args: Any) -> Any:
        failed = isinstance(scene.robot, Unknown)
        return real(replace(scene, robot=Absent()) if failed else scene, *args)

    return lost


def _error_is_the_end(real: Function) -> Function:
    def swallowed(scene: Any) -> Any:
        try:
            return real(scene)
        except QuayRobotError:
            return ()

    return swallowed


def _status_is_meaning(_real: Function) -> Function:
    return lambda reply: reply.status in {400, 404}


def _connection_not_held(real: Function) -> Function:
    return lambda *args: tuple(e for e in real(*args) if not isinstance(e, GuardConnection))


def _everybody_may(_real: Function) -> Function:
    return lambda *_args, **_named: OWN_CONNECTION


def _deaf(_real: Function) -> Function:
    async def never(*_args: Any, **_named: Any) -> None:
        await asyncio.Event().wait()

    return never


def _living_still(real: Function) -> Function:
    return lambda scene: real(replace(scene, me=replace(scene.me, terminating=False)))


def _without_a_look(real: Function) -> Function:
    return lambda scene, wanted, known, *rest: real(
        scene, wanted, replace(known, defaults=()), *rest
    )


def _shown(_real: Function) -> Function:
    return lambda wanted: str({key: value.reveal() for key, value in wanted.data.items()})


def _before_its_place(_real: Function) -> Function:
    def blindly(scene: Any, connection: Any) -> Any:
        name = scene.robot_name
        state = RobotState(full_name=name.full, slot=scene.slot)
        return (*creation._bind(scene, connection, state), CreateRobot(name, "", {}))

    return blindly


def _at_once(_real: Function) -> Function:
    return lambda *_args: 0.0


def _answered_is_gone(real: Function) -> Function:
    return lambda scene: () if scene.deleted else real(scene)


BUGS = {
    bug.row: bug
    for bug in (
        Bug("B1", "Secrets are written by the pass alone that made the robot", "L1",
            "plan.decide", "_plan_secrets", _only_just_made),
        Bug("B2", "a Secret that is there is taken for one that is right", "S4",
            "plan.credentials.secrets", "_agrees", _yes),
        Bug("B3", "a robot is deleted for its name, whose life ever it is of", "S1",
            "plan.robot.deletion", "prove", _whose_name_fits),
        Bug("B4", "a deletion is seen only at the moment at which it is asked for", "L4",
            "plan.decide", "plan_deletion", _at_the_edge),
        Bug("B5", "what differs is deleted and made again", "L2",
            "plan.decide", "_plan_secrets", _made_anew),
        Bug("B6", "a look that failed is taken for absence", "S8",
            "plan.robot.creation", "_plan_where_it_is", _failed_look_is_absence),
        Bug("B7", "a token is made before there is a place for it", "S4",
            "plan.robot.creation", "_create", _before_its_place),
        Bug("B8", "a Secret is ours by its name", "S2",
            "plan.credentials.secrets", "is_ours", _yes),
        Bug("B9", "a deletion that fails lets the resource go all the same", "S7",
            "plan.robot.deletion", "robot_gone", _error_is_the_end),
        Bug("B10", "a status is taken for a meaning", "S6",
            "quay.client", "says_absent", _status_is_meaning),
        Bug("B11", "the connection may go before its robots", "L4",
            "plan.robot.creation", "_bind", _connection_not_held),
        Bug("B12", "whoever names a connection may use it", "S10",
            "plan.robot.creation", "permit_of", _everybody_may),
        Bug("B13", "what a watch did not bring is never looked for", "L1",
            "engine.controller.relist", "relist", _deaf),
        Bug("B14", "a resource that goes is served like one that stays", "S6",
            "plan.decide", "active_first", _living_still),
        Bug("B15", "a default permission is given without a look at what is there", "S14",
            "plan.rights.grants", "_default_changes", _without_a_look),
        Bug("B16", "a credential shows itself in whatever is printed", "S9",
            "model.actions", "SecretWanted.__repr__", _shown),
        Bug("B17", "what failed is tried again at once", "L5",
            "engine.workqueue.queue", "Queue.backoff_s", _at_once),
        Bug("B18", "a deletion that was answered is taken for one that was done", "S7",
            "plan.robot.deletion", "_delete", _answered_is_gone),
    )
}  # fmt: skip
