"""
What is written into the status after a pass?

Nothing else sets conditions. A new day of last use alone is not worth a write.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...model.actions import Component
from ...model.conditions import Condition, ConditionType, Status, merge_conditions
from ...model.errors import QuayRobotError, Reason, TryLater
from ...model.names import ANNOTATION_ISSUED_AT, MARKER_KEY
from ...model.resources.federation import IdentityState
from ...model.resources.permissions import GrantsState
from ...model.resources.robot import (
    ConnectionState,
    CredentialState,
    LinkState,
    RobotState,
    RobotStatus,
    SecretState,
    federation_of,
    is_keyless,
    links_of,
    secrets_of,
)
from ...model.resources.rotation import RotationState
from ...model.secrecy import digest_of
from ...model.world import ConnectionSeen, Present, RobotSeen
from ..credentials.keyless import noted_credential, noted_secrets, still_works
from ..credentials.secrets import content_digest, issued_at
from ..credentials.unrepaired import works_unrepaired
from ..rights.federation import (
    intended_identities,
    leaves_federation,
    noted_identities,
    plan_federation,
)
from ..rights.grants import intended_grants, managed_rights, noted_grants, plan_grants
from ..rotation.overlap import scenes_with_rights, settled
from ..rotation.rotation import carried
from ..scene import Finding, Scene
from .consequences import (
    consequence,
    deleting,
    failed,
    first_of,
    kept,
    only_late,
    patience,
    put_off,
    suspended,
    up_to_date,
    with_links,
    works_anyway,
)

__all__ = [
    "held_at",
    "intent_to_federate",
    "intent_to_grant",
    "intent_to_hold",
    "intent_to_link",
    "intent_to_rotate",
    "status_after",
    "worth_writing",
]

C = ConditionType
SECRETS_WORDS = "every Secret holds the robot's credential"
FEDERATION_WORDS = "the declared identities can log in as the robot"
RIGHTS_WORDS = "the robot has the rights that are declared"


def status_after(
    scene: Scene, findings: Iterable[Finding], *, adopted: bool | None
) -> RobotStatus:
    """Return the status after a pass; *adopted* is None where the robot is not ours."""
    found = tuple(findings)
    status = scene.status
    if scene.me.terminating:
        return _concluded(scene, status, deleting(found))

    if scene.spec.suspend:
        return _concluded(scene, status, suspended(scene))

    broken = {each.component for each in found if not works_anyway(each.error)} | _due(scene)
    if adopted is not None and not broken & {Component.ROBOT, Component.SPEC}:
        status = _observed(scene, adopted=adopted, broken=broken)
    return _concluded(scene, status, _conditions(scene, status, found, broken))


def _due(scene: Scene) -> set[Component]:
    """What the pass did not come to, held up by something else, is not finished."""
    if not isinstance(scene.robot, Present):
        return {Component.GRANTS, Component.FEDERATION}
    plans = [(Component.GRANTS, plan_grants(each)) for each in scenes_with_rights(scene)]
    plans += [(Component.FEDERATION, plan_federation(each)) for each in scenes_with_rights(scene)]
    return {part for part, plan in plans if plan.actions or plan.findings}


def held_at(scene: Scene, state: RobotState | None) -> RobotStatus:
    """Return what is known of where the robot of *state* is, its conditions as they were."""
    connection, status = scene.connection, scene.status
    if isinstance(connection, ConnectionSeen):
        status = status.model_copy(update={"connection": _connection_state(scene, connection)})
    if state is not None:
        status = status.model_copy(update={"robot": _with_digest(scene, state)})
    return status


def intent_to_hold(scene: Scene, state: RobotState | None) -> RobotStatus:
    """
    Return the status that has to be stored before a robot is made or taken.

    One that is made is given rights and identities right after: the same write notes them.
    """
    status = held_at(scene, state)
    if state is not None and state.created_at is None:
        identities = intended_identities(scene) or None
        noted = {"grants": intended_grants(scene), "federation": identities}
        status = status.model_copy(update=noted)
    # What was Ready stays so while its robot is created again; what never was is not known yet.
    ready: Status = "True" if _is_ready(status) else "Unknown"
    words = "the robot is being set up"
    return _under_way(scene, status, ready, Reason.CREATING, words, changed=())


def intent_to_grant(scene: Scene, grants: GrantsState) -> RobotStatus:
    """Return the status that has to be stored before the first right is changed."""
    status = scene.status.model_copy(update={"grants": grants})
    words = "the robot's rights are being changed"
    return _under_way(
        scene, status, "Unknown", Reason.PROGRESSING, words, changed=(C.GRANTS_READY,)
    )


def intent_to_federate(scene: Scene, identities: tuple[IdentityState, ...]) -> RobotStatus:
    """Return the status that has to be stored before the outside identities are changed."""
    status = scene.status.model_copy(update={"federation": identities})
    words = "the outside identities are being changed"
    return _under_way(
        scene, status, "Unknown", Reason.PROGRESSING, words, changed=(C.FEDERATION_READY,)
    )


def intent_to_rotate(scene: Scene, state: RotationState) -> RobotStatus:
    """Return the status that has to be stored before the credential is replaced."""
    status = scene.status.model_copy(update={"rotation": state})
    ready: Status = "True" if _is_ready(status) else "Unknown"
    words = "the credential is being rotated"
    return _under_way(scene, status, ready, Reason.ROTATING, words, changed=())


def intent_to_link(scene: Scene, links: tuple[LinkState, ...]) -> RobotStatus:
    """Return the status that has to be stored before a ServiceAccount names a Secret."""
    status = scene.status.model_copy(update={"links": links})
    ready: Status = "True" if _is_ready(status) else "Unknown"
    words = "ServiceAccounts are being linked"
    return _under_way(scene, status, ready, Reason.PROGRESSING, words, changed=())


def _under_way(
    scene: Scene,
    status: RobotStatus,
    ready: Status,
    reason: Reason,
    words: str,
    *,
    changed: tuple[ConditionType, ...],
) -> RobotStatus:
    told = {C.READY, C.RECONCILING, C.STALLED, *changed}
    kept = [each for each in status.conditions if each.type not in told]
    waiting = [
        Condition(type=C.READY, status=ready, reason=reason, message=words),
        Condition(type=C.RECONCILING, status="True", reason=reason, message=words),
        *(
            Condition(type=each, status="Unknown", reason=reason, message=words)
            for each in changed
        ),
    ]
    # What is still to come of an edit is not observed: Ready is that of the spec before.
    before = status.observed_generation or 0
    generation = before if before > 0 else scene.me.generation
    return _concluded(scene, status, [*kept, *waiting], generation=generation)


def worth_writing(before: RobotStatus, after: RobotStatus) -> bool:
    """Return whether *after* says more than *before*, the last day of use aside."""
    return _without_use(before) != _without_use(after)


def _without_use(status: RobotStatus) -> RobotStatus:
    if status.robot is None:
        return status
    robot = status.robot.model_copy(update={"last_used_on": None})
    return status.model_copy(update={"robot": robot})


def metadata_digest(metadata: object) -> str:
    """Return the digest of a robot's *metadata* without our marker."""
    pairs = {key: value for key, value in dict(metadata).items() if key != MARKER_KEY}  # type: ignore[call-overload]
    return digest_of(json.dumps(pairs, sort_keys=True))


def _with_digest(scene: Scene, state: RobotState) -> RobotState:
    if state.created_at is not None:
        return state
    return state.model_copy(update={"metadata_digest": metadata_digest(scene.spec.metadata)})


def _observed(scene: Scene, *, adopted: bool, broken: set[Component]) -> RobotStatus:
    assert isinstance(scene.robot, Present)
    assert isinstance(scene.connection, ConnectionSeen)
    seen: RobotSeen = scene.robot.value
    keyless = is_keyless(scene.spec)
    robot = RobotState(
        full_name=seen.full_name,
        created_at=seen.created,
        adopted=adopted,
        last_used_on=seen.last_used_on,
        slot=scene.slot,
        metadata_digest=_metadata_digest(scene, seen),
        token_digest=seen.token.digest if keyless and seen.token else None,
    )
    return scene.status.model_copy(
        update={
            "robot": robot,
            "connection": _connection_state(scene, scene.connection),
            "credential": noted_credential(scene) if keyless else _credential(scene, seen),
            "secrets": noted_secrets(scene) if keyless else _secrets(scene),
            "pending": _pending(scene, seen, robot),
            "grants": noted_grants(scene, finished=Component.GRANTS not in broken),
            "federation": noted_identities(scene, finished=Component.FEDERATION not in broken),
            "rotation": settled(scene, finished=carried(scene)),
            "links": _links(scene),
        }
    )


def _credential(scene: Scene, seen: RobotSeen) -> CredentialState | None:
    if seen.token is None:
        return scene.status.credential
    return CredentialState(digest=seen.token.digest, issued_at=issued_at(scene, seen.token))


def _links(scene: Scene) -> tuple[LinkState, ...]:
    wanted = links_of(scene.me.name, scene.spec)
    recorded = scene.status.links
    kept = [each for each in recorded if each in wanted or _still_there(scene, each)]
    return (*kept, *(each for each in wanted if each not in kept and _still_there(scene, each)))


def _still_there(scene: Scene, link: LinkState) -> bool:
    seen = scene.accounts.get(link.service_account)
    return isinstance(seen, Present) and link.secret in seen.value.links.get(link.link, ())


def _metadata_digest(scene: Scene, seen: RobotSeen) -> str | None:
    if seen.metadata is not None:
        return metadata_digest(seen.metadata)
    return scene.status.robot.metadata_digest if scene.status.robot else None


def _pending(scene: Scene, seen: RobotSeen, robot: RobotState) -> tuple[str, ...]:
    """Quay takes these at creation only; a difference waits for the next one."""
    pending = []
    if seen.description != scene.spec.description:
        pending.append("description")
    if robot.metadata_digest not in {None, metadata_digest(scene.spec.metadata)}:
        pending.append("metadata")
    return tuple(pending)


def _secrets(scene: Scene) -> tuple[SecretState, ...]:
    wanted = secrets_of(scene.me.name, scene.spec)
    seen = {name: scene.secrets.get(name) for name in wanted}
    return tuple(
        SecretState(name=name, digest=content_digest(each.value.digests))
        for name, each in seen.items()
        if isinstance(each, Present) and ANNOTATION_ISSUED_AT in each.value.annotations
    )


def _connection_state(scene: Scene, connection: ConnectionSeen) -> ConnectionState:
    return ConnectionState(
        kind=connection.kind,
        name=connection.name,
        origin=connection.origin,
        cluster=scene.cluster,
    )


def _conditions(
    scene: Scene,
    status: RobotStatus,
    findings: tuple[Finding, ...],
    broken: set[Component],
) -> list[Condition]:
    stops = first_of(scene, findings)
    secrets, late = stops.get(Component.SECRETS), stops.get(Component.ROTATION)
    if secrets is not None and not works_anyway(secrets) and still_works(scene):
        # What is in the Secrets goes on to work; only its successor is late.
        late = TryLater(secrets.reason, secrets.message)
        del stops[Component.SECRETS]
    unrepaired = stops.pop(Component.SECRETS, None) if works_unrepaired(scene) else None
    stops = with_links(scene, stops)
    stop = stops.get(Component.SPEC) or stops.get(Component.ROBOT)
    worst = stop or _worst(scene, stops)
    if unrepaired is not None:
        stops.setdefault(Component.SECRETS, unrepaired)
    parts = _parts(scene, status, stops, broken, held_up=stop)
    if worst is None and late is None and unrepaired is not None and not works_anyway(unrepaired):
        ready = up_to_date(C.READY, "the credential can be used; a Secret waits for its repair")
        return [ready, *parts, put_off(unrepaired)]
    if worst is None and late is None:
        return [up_to_date(C.READY, "the robot and its Secrets are up to date"), *parts]
    works = _is_ready(status) or carried(scene)
    if worst is None and late is not None and works and only_late(scene, late):
        # The credential still works; only its successor is late.
        ready = up_to_date(C.READY, "the robot and its Secrets are up to date; a rotation is due")
        return [ready, *parts, put_off(late)]
    told_last = worst or late
    assert told_last is not None
    return [failed(C.READY, told_last), *parts, consequence(scene, told_last)]


def _parts(
    scene: Scene,
    status: RobotStatus,
    stops: Mapping[Component, QuayRobotError],
    broken: set[Component],
    *,
    held_up: QuayRobotError | None,
) -> list[Condition]:
    """What is said of robot, rights, identities and Secrets; as before where it is *held_up*."""
    # As it will be told: what was just taken back is no part any more.
    after = replace(scene, status=status)
    rights = managed_rights(after) is not None
    federated = federation_of(scene.spec) is not None or leaves_federation(after)
    if held_up is not None:
        kinds = [C.SECRETS_READY, *[C.GRANTS_READY] * rights, *[C.FEDERATION_READY] * federated]
        parts = [each for kind in kinds for each in kept(status.conditions, kind, held_up)]
        return [failed(C.ROBOT_READY, held_up), *parts]
    parts = [up_to_date(C.ROBOT_READY, "the robot exists and belongs to this resource")]
    if rights:
        waits, stop = Component.GRANTS in broken, stops.get(Component.GRANTS)
        parts.append(_part(C.GRANTS_READY, stop, RIGHTS_WORDS, waits=waits))
    if federated:
        waits, stop = Component.FEDERATION in broken, stops.get(Component.FEDERATION)
        parts.append(_part(C.FEDERATION_READY, stop, FEDERATION_WORDS, waits=waits))
    secrets = stops.get(Component.SECRETS)
    return [*parts, _part(C.SECRETS_READY, secrets, SECRETS_WORDS)]


def _worst(scene: Scene, stops: Mapping[Component, QuayRobotError]) -> QuayRobotError | None:
    parts = (Component.SECRETS, Component.GRANTS, Component.FEDERATION)
    found = [error for part in parts if (error := stops.get(part)) is not None]
    lasting = [error for error in found if not works_anyway(error)]
    return min(lasting, key=lambda each: patience(scene, each), default=None)


def _part(
    kind: ConditionType, stop: QuayRobotError | None, words: str, *, waits: bool = False
) -> Condition:
    if stop is None and waits:
        held_up = "not finished: another problem has to be fixed first"
        return Condition(type=kind, status="Unknown", reason=Reason.PROGRESSING, message=held_up)
    if stop is None:
        return up_to_date(kind, words)
    told = failed(kind, stop)
    # Rights that may not be read are not known to be missing.
    unseen = (
        kind in {C.GRANTS_READY, C.FEDERATION_READY} and stop.reason is Reason.INSUFFICIENT_SCOPE
    )
    return told.model_copy(update={"status": "Unknown"}) if unseen else told


def _is_ready(status: RobotStatus) -> bool:
    return any(each.type == C.READY and each.status == "True" for each in status.conditions)


def _concluded(
    scene: Scene, status: RobotStatus, wanted: list[Condition], *, generation: int | None = None
) -> RobotStatus:
    at = scene.me.generation if generation is None else generation
    merged = merge_conditions(scene.status.conditions, wanted, generation=at, now=scene.now)
    return status.model_copy(update={"conditions": merged, "observed_generation": at})
