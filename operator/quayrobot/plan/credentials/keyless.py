"""
Do the Secrets carry a password that works, and for how long?

With federated credentials Quay gives a one-hour password for a
ServiceAccount's token. Nobody can be asked for it again, so a Secret is judged
by what the status says of its bytes. It is replaced well before it ends; one
that could not be replaced is left where it is and counts for as long as it
works. The robot's own token never gets into a Secret; where one carried it
before, that token is ended once, after all Secrets carry the password.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from ...model.actions import Action, Component, Exchange, SecretWanted
from ...model.conditions import rfc3339
from ...model.errors import InvalidSpec, QuayRobotError, Reason, Refused, TryLater
from ...model.names import ANNOTATION_DIGEST, ANNOTATION_EXPIRES_AT, ANNOTATION_ISSUED_AT
from ...model.resources.robot import (
    CredentialState,
    RobotStatus,
    SecretState,
    is_keyless,
    secrets_of,
)
from ...model.resources.secret import SecretSpec
from ...model.secrecy import Token
from ...model.world import Absent, ConnectionSeen, Password, Present, SecretSeen, Unknown
from ..jitter import share_of
from ..scene import Finding, Plan, Scene
from .contest import lost_fields, secret_place
from .digests import content_digest
from .render import SECRET_TYPES
from .secrets import (
    check_names,
    owns,
    plan_secret,
    plan_secrets,
    same_but_data,
    secret_contests,
    spare_deletions,
    still_going,
    wanted_secret,
)

__all__ = [
    "check_audiences",
    "next_look",
    "noted_credential",
    "noted_secrets",
    "owes_switch",
    "plan_password",
    "refresh_at",
    "still_works",
    "was_renewed",
]

REFRESH = 2 / 3
# Robots that were created together do not come back together.
SPREAD = 0.1
NOTHING = Token("")
CLUSTERS_OWN = re.compile(r"(https?://)?kubernetes(\.default(\.svc(\..*)?)?)?/?")


def plan_password(scene: Scene, held_up: QuayRobotError | None) -> Plan:
    """Return the next step towards Secrets with a password; *held_up* is why none can be had."""
    if isinstance(scene.exchange, Present):
        return plan_secrets(scene, scene.exchange.value.token, _registries(scene))
    if isinstance(scene.exchange, Unknown):
        held_up = scene.exchange.error
    elif not secrets_of(scene.me.name, scene.spec) or not _needed(scene):
        return Plan(spare_deletions(scene), secret_contests(scene))
    try:
        if held_up is not None:
            raise held_up
        return Plan((_exchange(scene),))
    except QuayRobotError as error:
        return Plan(findings=(Finding(Component.SECRETS, error),))


def check_audiences(scene: Scene) -> None:
    """
    Raise if a token is asked for that the cluster itself would accept.

    Raises:
        InvalidSpec: Quay would get a token that opens the API server.
    """
    for each in scene.spec.credentials.audiences or ():
        if each == scene.issuer or CLUSTERS_OWN.fullmatch(each):
            msg = (
                "credentials.audiences name this cluster's API server: such tokens are never sent "
                "elsewhere; name the registry, or omit audiences"
            )
            raise InvalidSpec(Reason.INVALID_SPEC, msg)


def still_works(scene: Scene) -> bool:
    """Return whether every wanted Secret carries a password that has not ended."""
    wanted = secrets_of(scene.me.name, scene.spec)
    return is_keyless(scene.spec) and all(_works(scene, each) for each in wanted.values())


def owes_switch(scene: Scene) -> bool:
    """Return whether Secrets carried the robot's own token, and it was not ended since."""
    before = scene.status.credential
    live = scene.robot.value.token if isinstance(scene.robot, Present) else None
    return (
        is_keyless(scene.spec)
        and before is not None
        and before.expires_at is None
        and live is not None
        and live.digest == before.digest
    )


def was_renewed(scene: Scene) -> bool:
    """Return whether a rotation that Quay carried out is all done: with a new password too."""
    if not is_keyless(scene.spec) or not secrets_of(scene.me.name, scene.spec):
        return True
    intent = scene.status.rotation.intent if scene.status.rotation else None
    return (intent is not None and intent.cause == "Switch") or _written(scene)


def noted_credential(scene: Scene) -> CredentialState | None:
    """Return what the status says of the password."""
    open_ = scene.status.rotation is not None and scene.status.rotation.intent is not None
    if not isinstance(scene.exchange, Present) or not _written(scene):
        return scene.status.credential
    if owes_switch(scene) and not open_:
        # That it is owed must not be forgotten.
        return scene.status.credential
    password = scene.exchange.value
    return CredentialState(
        digest=password.token.digest,
        issued_at=rfc3339(password.issued_at),
        expires_at=rfc3339(password.expires_at),
    )


def noted_secrets(scene: Scene) -> tuple[SecretState, ...]:
    """Return what the status says of the Secrets: only what we wrote is ever believed."""
    wanted = secrets_of(scene.me.name, scene.spec)
    if not _written(scene):
        return tuple(each for each in scene.status.secrets if each.name in wanted)
    return tuple(
        SecretState(
            name=name, digest=content_digest(seen.value.digests), form=_form(scene, wanted[name])
        )
        for name, seen in scene.secrets.items()
        if name in wanted and isinstance(seen, Present)
    )


def refresh_at(credential: CredentialState, uid: str) -> datetime | None:
    """Return when *credential* is to be replaced, None where it has no end."""
    life = _life(credential)
    return None if life is None else _due(*life, uid)


def next_look(status: RobotStatus, uid: str, now: datetime) -> datetime | None:
    """Return when the password has to be looked at next: to replace it, then at its end."""
    life = _life(status.credential)
    if life is None:
        return None
    due, ends = _due(*life, uid), life[1]
    if now < due:
        return due
    return ends if now < ends else None


def _life(credential: CredentialState | None) -> tuple[datetime, datetime] | None:
    """Return from when until when it works; None where there is none, or it has no end."""
    if credential is None or credential.expires_at is None or credential.issued_at is None:
        return None
    begins = datetime.fromisoformat(credential.issued_at)
    return begins, datetime.fromisoformat(credential.expires_at)


def _due(begins: datetime, ends: datetime, uid: str) -> datetime:
    return begins + (ends - begins) * (REFRESH - SPREAD * share_of(uid))


def _needed(scene: Scene) -> bool:
    credential = scene.status.credential
    if credential is None or not all(
        _carries(scene, each, credential)
        for each in secrets_of(scene.me.name, scene.spec).values()
    ):
        return True
    due = refresh_at(credential, scene.me.uid)
    return due is None or due <= scene.now or _was_rotated(scene)


def _exchange(scene: Scene) -> Action:
    check_names(scene)
    _check_staying(scene)
    if scene.namespace.terminating:
        msg = "the namespace is being deleted; no password is requested"
        raise TryLater(Reason.NAMESPACE_TERMINATING, msg)
    credentials = scene.spec.credentials
    account = credentials.service_account or ""
    if isinstance(scene.accounts.get(account), Absent):
        msg = (
            f"there is no ServiceAccount {account} in namespace {scene.me.namespace}; "
            "its token is exchanged for the password"
        )
        raise Refused(Reason.SERVICE_ACCOUNT_NOT_FOUND, msg)
    connection = scene.connection
    assert isinstance(connection, ConnectionSeen)
    # Nobody else takes a token for the registry: not even this cluster's API server.
    audiences = credentials.audiences or [connection.origin.removesuffix(":443")]
    return Exchange(scene.robot_name, scene.me.namespace, account, tuple(audiences))


def _check_staying(scene: Scene) -> None:
    for name in secrets_of(scene.me.name, scene.spec):
        seen = scene.secrets.get(name)
        if isinstance(seen, Present) and seen.value.deleting:
            raise still_going(seen.value)


def _was_rotated(scene: Scene) -> bool:
    """Return whether Quay has carried out a rotation that wants a new password too."""
    intent = scene.status.rotation.intent if scene.status.rotation else None
    live = scene.robot.value.token if isinstance(scene.robot, Present) else None
    return (
        intent is not None
        and intent.cause != "Switch"
        and live is not None
        and live.digest != intent.digest
    )


def _written(scene: Scene) -> bool:
    """Return whether all Secrets carry the password that this pass got."""
    return isinstance(scene.exchange, Present) and all(
        _has(scene, each, scene.exchange.value)
        for each in secrets_of(scene.me.name, scene.spec).values()
    )


def _has(scene: Scene, spec: SecretSpec, password: Password) -> bool:
    seen = scene.secrets.get(spec.name)
    if not isinstance(seen, Present):
        return False
    wanted = wanted_secret(scene, spec, password.token, _registries(scene))
    try:
        # One that somebody else has, or that a backup brought back, is not as wanted.
        return plan_secret(wanted, seen) == ()
    except QuayRobotError:
        return False


def _works(scene: Scene, spec: SecretSpec) -> bool:
    seen = scene.secrets.get(spec.name)
    if not isinstance(seen, Present) or not owns(scene, spec.name):
        return False
    if seen.value.type != SECRET_TYPES[spec.format]:
        return False
    if isinstance(scene.exchange, Present) and _has(scene, spec, scene.exchange.value):
        return True
    credential = scene.status.credential
    if credential is not None and _is_noted(scene, spec, seen.value):
        return _ends_after(credential.expires_at, scene.now)
    # Written by a pass that died before it could say so: who edits bytes leaves this as it is.
    noted = seen.value.annotations.get(ANNOTATION_DIGEST)
    ours = credential is None or noted != credential.digest
    return ours and _ends_after(seen.value.annotations.get(ANNOTATION_EXPIRES_AT), scene.now)


def _is_noted(scene: Scene, spec: SecretSpec, seen: SecretSeen) -> bool:
    """Return whether *seen* holds, to the byte, what we wrote, and what is still asked for."""
    noted = {each.name: each for each in scene.status.secrets}.get(spec.name)
    if noted is None or noted.digest != content_digest(seen.digests):
        return False
    known = isinstance(scene.connection, ConnectionSeen)
    return not known or noted.form == _form(scene, spec)


def _carries(scene: Scene, spec: SecretSpec, credential: CredentialState) -> bool:
    """Return whether the Secret is all up to date, with the password that the status knows."""
    seen = scene.secrets.get(spec.name)
    if not isinstance(seen, Present) or not owns(scene, spec.name) or seen.value.deleting:
        return False
    dressed = _dressed(scene, spec, credential)
    return (
        _same_robot(scene)
        and credential.expires_at is not None
        and _is_noted(scene, spec, seen.value)
        and (same_but_data(dressed, seen.value) or _is_held(scene, dressed, seen))
    )


def _is_held(scene: Scene, dressed: SecretWanted, seen: Present[SecretSeen]) -> bool:
    """Return whether nothing but what others set back is otherwise, and has to wait."""
    contest = scene.contested.get(secret_place(dressed.name))
    lost = [each for each in lost_fields(dressed, seen) if not each.startswith("data")]
    return contest is not None and set(lost) <= contest.held


def _dressed(scene: Scene, spec: SecretSpec, credential: CredentialState) -> SecretWanted:
    wanted = wanted_secret(scene, spec, NOTHING, _registries(scene))
    of_the_password = {
        ANNOTATION_DIGEST: credential.digest,
        ANNOTATION_ISSUED_AT: credential.issued_at or "",
        ANNOTATION_EXPIRES_AT: credential.expires_at or "",
    }
    return replace(wanted, annotations={**wanted.annotations, **of_the_password})


def _same_robot(scene: Scene) -> bool:
    """A password of a robot that was deleted is worth nothing."""
    robot = scene.status.robot
    return (
        isinstance(scene.robot, Present)
        and robot is not None
        and robot.created_at == scene.robot.value.created
    )


def _form(scene: Scene, spec: SecretSpec) -> str:
    """Return a digest of everything in the Secret's data but the password."""
    return content_digest(wanted_secret(scene, spec, NOTHING, _registries(scene)).digests)


def _registries(scene: Scene) -> tuple[str, ...]:
    assert isinstance(scene.connection, ConnectionSeen)
    return scene.connection.registry_hosts


def _ends_after(text: str | None, now: datetime) -> bool:
    try:
        return text is not None and now < datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return False
