"""
What does a look at two robots that take turns show?

Builders of scenes: at rest, in a turn, with a robot that was replaced and
stays for a while, with somebody else's robot under the second name.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import Reason
from quayrobot.model.marker import Marker
from quayrobot.model.names import ALT, ANNOTATION_DIGEST, ANNOTATION_ROBOT, MAIN, MARKER_KEY, Slot
from quayrobot.model.resources.permissions import GrantsState
from quayrobot.model.resources.robot import RobotState, RobotStatus
from quayrobot.model.resources.rotation import Intent, Retiring, RotationState
from quayrobot.model.world import (
    Missing,
    Present,
    RobotSeen,
)
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.robot.slots import active_first
from quayrobot.plan.scene import Look, Scene
from quayrobot.plan.words.status import status_after

from .rotations import request
from .scenes import (
    CREATED,
    CREATED_ANEW,
    NOW,
    OTHER_TOKEN,
    TOKEN,
    held,
    marked,
    ours,
    rule,
    spec,
    status,
    words,
)
from .worlds import EVERYTHING, FINISHED

ANY = rule(**EVERYTHING, federation=True)
LATER = rfc3339(NOW + timedelta(minutes=5))
PAST = rfc3339(NOW - timedelta(seconds=1))
OURS = marked(slot="alt")


def turns(**fields: Any) -> Any:
    """Return a spec with Overlap and no rights."""
    rotation = {"strategy": "Overlap", "trigger": "one", **fields.pop("rotation", {})}
    return spec(permissions={}, rotation=rotation, **fields)


def alt(marker: Marker | None = OURS, **changes: Any) -> RobotSeen:
    """Return the second robot as a GET shows it; as a list does with `metadata=None`."""
    metadata = {} if marker is None else {MARKER_KEY: marker.as_metadata()}
    plain = RobotSeen("acme+ci.alt", CREATED_ANEW, OTHER_TOKEN, metadata=metadata)
    return replace(plain, **changes)


def noted(**changes: Any) -> RobotStatus:
    """Return the status of a resource with rotation as *changes* say."""
    state = RotationState(**{"last_trigger": request(trigger="one"), **changes})
    conditions = (*status().conditions, *FINISHED)
    return status(rotation=state, grants=GrantsState(), conditions=conditions)


def pair(**changes: Any) -> Scene:
    """Return a look at a resource at rest whose main robot is the active one."""
    plain = {"spec": turns(), "status": noted(), "rules": (ANY,), "other": Look(robot=Missing())}
    return held(**{**plain, **changes})


def intent(**changes: Any) -> Intent:
    """Return the intent to take a turn, because the trigger went from `one` to `two`."""
    plain = Intent(
        cause="Request",
        request=request(trigger="two"),
        digest=TOKEN.digest,
        slot=ALT,
        created_at=CREATED,
    )
    return plain.model_copy(update=changes)


def begun(**changes: Any) -> Scene:
    """Return a look at a turn whose intent is stored."""
    asked = turns(rotation={"trigger": "two"})
    return pair(**{"spec": asked, "status": noted(intent=intent()), **changes})


def retiring(until: str = LATER, **changes: Any) -> Retiring:
    """Return what is noted of the second robot when the main one replaced it."""
    plain = Retiring(
        full_name="acme+ci.alt",
        slot=ALT,
        until=until,
        created_at=CREATED_ANEW,
        digest=OTHER_TOKEN.digest,
    )
    return plain.model_copy(update=changes)


def leaving(until: str = LATER, **changes: Any) -> Scene:
    """Return a look at a resource whose second robot was replaced by the main one."""
    there = Look(robot=Present(alt(metadata=None)))
    return pair(**{"status": noted(retiring=retiring(until)), "other": there, **changes})


def told(scene: Scene) -> RobotStatus:
    """Return the status after a pass that ends with *scene*."""
    plan = decide(scene)
    assert plan.actions == ()
    return status_after(active_first(scene), plan.findings, adopted=ownership(active_first(scene)))


def late(scene: Scene) -> Any:
    """Return the one error that keeps a rotation of *scene*; the resource works on."""
    plan = decide(scene)
    assert words(plan) == []
    (finding,) = plan.findings
    assert finding.component == "Rotation"
    return finding.error


def naming(scene: Scene, slot: Slot, digest: str | None = None) -> Scene:
    """Return *scene* with its Secret naming the robot in *slot*."""
    name = "acme+ci" if slot == MAIN else "acme+ci.alt"
    secret = ours(scene)
    said = {ANNOTATION_ROBOT: name, ANNOTATION_DIGEST: digest or OTHER_TOKEN.digest}
    annotated = replace(secret, annotations={**secret.annotations, **said})
    return scene.with_secret("ci", Present(annotated))


IN_ALT = RobotState(full_name="acme+ci.alt", created_at=CREATED_ANEW, slot=ALT)

OTHERS = {
    "nobody's": (alt(None), None, Reason.ROBOT_EXISTS),
    "another cluster's": (alt(marked(cluster="cluster-2")), None, Reason.FOREIGN_OWNER),
    "another resource's": (alt(marked(name="cd")), True, Reason.ALREADY_CLAIMED),
    "a resource's that is gone": (alt(marked(name="cd")), False, Reason.ROBOT_EXISTS),
}
