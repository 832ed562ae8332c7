"""
What looks can a resource take at its world?

Builders of scenes, each with one sentence of meaning: a fresh resource, one
that holds its robot, robots with every kind of marker, Secrets with every kind
of owner. Tests change one thing and say what has to follow.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from quayrobot.model.actions import Action, SecretWanted
from quayrobot.model.conditions import Condition, ConditionType, rfc3339
from quayrobot.model.errors import Denied, QuayRobotError, Reason, Refused, TryLater
from quayrobot.model.marker import Marker
from quayrobot.model.names import MARKER_KEY, OwnerName
from quayrobot.model.resources.connection import AccessRule
from quayrobot.model.resources.parse import parse_robot
from quayrobot.model.resources.robot import (
    ConnectionState,
    CredentialState,
    RobotSpec,
    RobotState,
    RobotStatus,
    SecretState,
    secrets_of,
)
from quayrobot.model.secrecy import Token
from quayrobot.model.world import (
    Absent,
    Claimant,
    ConnectionSeen,
    NamespaceSeen,
    Present,
    RobotSeen,
    SecretSeen,
    Unknown,
)
from quayrobot.plan.credentials.secrets import content_digest, wanted_secret
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Me, Plan, Scene
from tests.kit.canary import robot_token

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
BORN = NOW - timedelta(days=30)
CREATED = "2026-11-23T07:53:29Z"
CREATED_ANEW = "2026-11-24T01:00:00Z"
CLUSTER = "cluster-1"
UID = "uid-ci"
ORIGIN = "https://quay.example:443"
REGISTRY = "quay.example"
TOKEN = Token(robot_token())
OTHER_TOKEN = Token(robot_token())

OUTAGE = TryLater(Reason.QUAY_UNREACHABLE, "Quay cannot be reached: no connection")
DENIED = Denied(Reason.CREDENTIAL_REFUSED, "Quay refused the connection's token")
NO_RIGHT = Refused(Reason.INSUFFICIENT_SCOPE, "the connection's token lacks a right")
NO_ORGANIZATION = Refused(Reason.ORGANIZATION_NOT_FOUND, "there is no such organization")
NO_SENSE = TryLater(Reason.QUAY_ANSWER_NOT_UNDERSTOOD, "Quay's answer was not understood")
CLUSTER_AWAY = TryLater(Reason.CLUSTER_UNAVAILABLE, "the API server does not answer")

MARKER = Marker(CLUSTER, "QuayRobot", "shop", "ci", UID, "main")


# The resource -----------------------------------------------------------


def spec(**fields: Any) -> RobotSpec:
    """Return a spec of the resource `shop/ci`; by default of `acme+ci`."""
    owner = {} if "user" in fields else {"organization": "acme"}
    return parse_robot("ci", {**owner, **fields})


def me(**changes: Any) -> Me:
    """Return the resource itself, live and not yet guarded."""
    plain = Me("QuayRobot", "shop", "ci", UID, 1, BORN, terminating=False, guarded=False)
    return replace(plain, **changes)


def connection(**changes: Any) -> ConnectionSeen:
    """Return a usable connection."""
    plain = ConnectionSeen(
        "ClusterQuayConnection", None, "default", "uid-default", ORIGIN, (REGISTRY,)
    )
    return replace(plain, **changes)


def rule(**fields: Any) -> AccessRule:
    """Return an access rule that lets every namespace have every robot of `acme`."""
    return AccessRule.model_validate({"namespaces": {}, "organizations": ["acme"], **fields})


def rival(*, older: bool = False, holds: bool = False, uid: str = "uid-rival") -> Claimant:
    """Return another resource that names the same robot."""
    age = timedelta(days=1 if older else -1)
    return Claimant("QuayRobot", "bakery", "oven", uid, BORN - age, holds)


def fresh(**changes: Any) -> Scene:
    """Return the first look of a new resource whose Secret's name is free."""
    wanted = changes.get("spec", spec())
    plain = Scene(
        cluster=CLUSTER,
        now=NOW,
        me=me(),
        spec=wanted,
        status=RobotStatus(),
        connection=connection(),
        rules=(rule(),),
        namespace=NamespaceSeen("shop"),
        secrets={name: Absent() for name in secrets_of("ci", wanted)},
    )
    return replace(plain, **changes)


def status(**changes: Any) -> RobotStatus:
    """Return the status of a resource that holds its robot and is Ready."""
    ready = Condition(
        type=ConditionType.READY,
        status="True",
        reason=Reason.RECONCILED,
        observed_generation=1,
        last_transition_time=rfc3339(BORN),
    )
    plain = RobotStatus(
        observed_generation=1,
        conditions=(ready,),
        robot=RobotState(full_name="acme+ci", created_at=CREATED),
        connection=ConnectionState(
            kind="ClusterQuayConnection", name="default", origin=ORIGIN, cluster=CLUSTER
        ),
        credential=CredentialState(digest=TOKEN.digest, issued_at=rfc3339(BORN)),
    )
    return plain.model_copy(update=changes)


def held(**changes: Any) -> Scene:
    """Return a look at a robot that is as asked: listed, recognised, its Secrets in place."""
    wanted = changes.pop("spec", spec())
    known = changes.pop("status", status())
    plain = replace(fresh(spec=wanted), me=me(guarded=True), status=known, robot=Present(listed()))
    with_secrets = replace(plain, secrets={k: Present(v) for k, v in stored_all(plain).items()})
    noted = known.model_copy(update={"secrets": noted_secrets(with_secrets)})
    return replace(replace(with_secrets, status=noted), **changes)


def terminating(**changes: Any) -> Scene:
    """Return the last look at a resource that holds its robot."""
    gone = me(guarded=changes.pop("guarded", True), terminating=True)
    return held(**{"me": gone, "secrets": {}, **changes})


# The robot --------------------------------------------------------------


def listed(**changes: Any) -> RobotSeen:
    """Return the robot as a list shows it: with its token, without metadata."""
    plain = RobotSeen(full_name="acme+ci", created=CREATED, token=TOKEN)
    return replace(plain, **changes)


def got(marker: Marker | None = MARKER, **changes: Any) -> RobotSeen:
    """Return the robot as a GET shows it, with *marker* in its metadata."""
    metadata = {} if marker is None else {MARKER_KEY: marker.as_metadata()}
    return replace(listed(metadata=metadata), **changes)


def marked(**changes: Any) -> Marker:
    """Return our marker with *changes*."""
    return replace(MARKER, **changes)


# The Secrets ------------------------------------------------------------


def stored(wanted: SecretWanted, **changes: Any) -> SecretSeen:
    """Return the Secret that the API server shows after *wanted* was written."""
    plain = SecretSeen(
        namespace=wanted.namespace,
        name=wanted.name,
        uid=f"uid-{wanted.name}",
        version="7",
        type=wanted.type,
        controller_uid=wanted.owner_uid if wanted.controlled else None,
        labels=dict(wanted.labels),
        annotations=dict(wanted.annotations),
        digests=wanted.digests,
        our_labels=frozenset(wanted.labels),
        our_annotations=frozenset(wanted.annotations),
    )
    return replace(plain, **changes)


def stored_all(scene: Scene, token: Token = TOKEN) -> dict[str, SecretSeen]:
    """Return every Secret of *scene* as it is after it was written with *token*."""
    return {
        name: stored(wanted_secret(scene, each, token, (REGISTRY,)))
        for name, each in secrets_of("ci", scene.spec).items()
    }


def ours(scene: Scene, name: str = "ci", **changes: Any) -> SecretSeen:
    """Return our Secret *name* with *changes*."""
    return replace(stored_all(scene)[name], **changes)


def foreign(name: str = "ci", **changes: Any) -> SecretSeen:
    """Return somebody else's Secret under *name*."""
    plain = SecretSeen("shop", name, "uid-foreign", "3", "Opaque", None, {}, {}, {"a": "sha256:0"})
    return replace(plain, **changes)


def noted_secrets(scene: Scene) -> tuple[SecretState, ...]:
    """Return what status says of the Secrets of *scene*."""
    return tuple(
        SecretState(name=name, digest=content_digest(each.value.digests))
        for name, each in scene.secrets.items()
        if isinstance(each, Present)
    )


# The answers ------------------------------------------------------------


def words(plan: Plan) -> list[str]:
    """Return the names of the plan's actions, in order."""
    return [type(each).__name__ for each in plan.actions]


def does(scene: Scene) -> list[str]:
    """Return the names of the actions that *scene* leads to; there must be no finding."""
    plan = decide(scene)

    assert plan.findings == ()
    return words(plan)


def stops(scene: Scene) -> QuayRobotError:
    """Return the one error that stands in the way of *scene*; nothing may be done."""
    plan = decide(scene)

    assert words(plan) == []
    (finding,) = plan.findings
    return finding.error


def only(actions: tuple[Action, ...], kind: type) -> Any:
    """Return the one action of *kind*."""
    (found,) = [each for each in actions if isinstance(each, kind)]
    return found


def unknown(error: QuayRobotError = OUTAGE) -> Unknown:
    """Return a look that told nothing."""
    return Unknown(error)


ACME = OwnerName("organization", "acme")
