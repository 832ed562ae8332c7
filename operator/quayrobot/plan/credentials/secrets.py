"""
What has to happen to the Secrets that carry a robot's credential?

The name of a Secret may already be taken, and a Secret is the only place where
a token may rest. Three rules outrank everything else here:

- a Secret that is not ours is never touched, whatever the spec says;
- a read that failed yields no write at all;
- new Secrets come before old ones go, so that never neither is there.
"""

from __future__ import annotations

from typing import assert_never

from ...model.actions import (
    Action,
    Component,
    CreateSecret,
    DeleteSecret,
    ReplaceSecret,
    SecretWanted,
    SecretWrite,
)
from ...model.conditions import rfc3339
from ...model.errors import QuayRobotError, Reason, Refused, TryLater
from ...model.names import (
    ANNOTATION_DIGEST,
    ANNOTATION_EXPIRES_AT,
    ANNOTATION_ISSUED_AT,
    ANNOTATION_OWNER,
    ANNOTATION_OWNER_UID,
    ANNOTATION_ROBOT,
    LABEL_MANAGED_BY,
    OPERATOR,
    SLOTS,
)
from ...model.resources.robot import robot_name_of, secrets_of
from ...model.resources.secret import SecretSpec
from ...model.secrecy import Token
from ...model.world import Absent, Missing, Present, SecretSeen, Seen, Unknown, Unlooked
from ..scene import Finding, Plan, Scene
from .contest import contests_of, secret_place, withhold
from .digests import content_digest
from .render import SECRET_TYPES, render_data

__all__ = [
    "check_names",
    "check_written",
    "content_digest",
    "is_ours",
    "is_restored",
    "issued_at",
    "of_earlier_life",
    "ours_of",
    "owns",
    "plan_secret",
    "plan_secrets",
    "secret_contests",
    "same_but_data",
    "still_going",
    "secrets_intact",
    "was_restored",
    "spare_deletions",
    "wanted_secret",
]


def plan_secrets(scene: Scene, token: Token, registries: tuple[str, ...]) -> Plan:
    """Return the writes that make the Secrets of *scene* carry *token*."""
    actions: list[Action] = []
    findings: list[Finding] = []
    for spec in secrets_of(scene.me.name, scene.spec).values():
        wanted = wanted_secret(scene, spec, token, registries)
        try:
            check_written(scene, spec.name)
            seen = scene.secrets.get(spec.name, Unlooked())
            writes = plan_secret(wanted, seen, restored=is_restored(scene, seen))
            actions += withhold(scene, wanted, seen, writes)
        except QuayRobotError as error:
            findings.append(Finding(Component.SECRETS, error))

    if not findings:
        actions += spare_deletions(scene)
    return Plan(tuple(actions), (*findings, *secret_contests(scene)))


def secret_contests(scene: Scene) -> tuple[Finding, ...]:
    """Return what is to be told of others who set back the wanted Secrets."""
    names = secrets_of(scene.me.name, scene.spec)
    return contests_of(scene, *(secret_place(each) for each in names))


def plan_secret(
    wanted: SecretWanted, seen: Seen[SecretSeen], *, restored: bool = False
) -> tuple[SecretWrite, ...]:
    """
    Return the writes that turn *seen* into *wanted*, in the order to do them.

    One that is *restored* is ours although another life of the resource wrote it.

    Raises:
        Refused: The name is taken by a Secret that is not ours.
        TryLater: What is there could not be read, or is on its way out.
    """
    match seen:
        case Unknown(error):
            raise error
        case Unlooked() | Missing():
            raise _not_looked_at(wanted.name)
        case Absent():
            return (CreateSecret(wanted),)
        case Present(secret):
            return _change(wanted, secret, restored=restored)
        case _:
            assert_never(seen)


def check_written(scene: Scene, name: str) -> None:
    """
    Raise if the Secret *name* could not be written in this pass.

    Raises:
        QuayRobotError: Why not.
    """
    if name in scene.unwritten:
        raise scene.unwritten[name]


def check_names(scene: Scene, *, marking: bool = False) -> None:
    """
    Raise if a wanted name belongs to somebody else, so that a token always has a place.

    With *marking* the robot is about to be created, with our marker on it.

    Raises:
        Refused: A name is taken by a Secret that is not ours.
        TryLater: A name could not be read.
    """
    for name in secrets_of(scene.me.name, scene.spec):
        seen = scene.secrets.get(name, Unlooked())
        if isinstance(seen, Unknown):
            raise seen.error
        if isinstance(seen, Unlooked | Missing):
            raise _not_looked_at(name)
        if isinstance(seen, Present) and not (
            _ours_in(scene, seen.value)
            or (marking and of_earlier_life(scene, seen.value))
            or _holds_live_token(scene, seen.value)
        ):
            raise not_owned(name)


def is_ours(secret: SecretSeen, *, owner: str, uid: str, retained: bool) -> bool:
    """
    Tell whether *secret* is the resource's own.

    Ours means a controller reference with our *uid*. Without any controller
    it is ours by label and *owner* annotation: in this life (same uid), or in
    any life when it is to be *retained*.
    """
    if secret.controller_uid is not None:
        return secret.controller_uid == uid

    marked = secret.labels.get(LABEL_MANAGED_BY) == OPERATOR
    named = secret.annotations.get(ANNOTATION_OWNER) == owner
    same_life = secret.annotations.get(ANNOTATION_OWNER_UID) == uid
    return marked and named and (same_life or retained)


def of_earlier_life(scene: Scene, secret: SecretSeen) -> bool:
    """Return whether *secret* says that it was this resource's, for this robot, as if restored."""
    robot = robot_name_of(scene.me.name, scene.spec)
    return _was_of(secret, _owner(scene)) and secret.annotations.get(ANNOTATION_ROBOT) in {
        robot.in_slot(slot).full for slot in SLOTS
    }


def _was_of(secret: SecretSeen, owner: str) -> bool:
    return (
        secret.controller_uid is None
        and secret.labels.get(LABEL_MANAGED_BY) == OPERATOR
        and secret.annotations.get(ANNOTATION_OWNER) == owner
    )


def is_restored(scene: Scene, seen: Seen[SecretSeen]) -> bool:
    """Return whether *seen* is of an earlier life, and its robot proven ours by our marker."""
    # What it holds proves nothing and need not be right: it is written again.
    there = isinstance(seen, Present) and of_earlier_life(scene, seen.value)
    return there and scene.is_marked


def was_restored(scene: Scene) -> bool:
    """Return whether a wanted Secret is there from an earlier life of the resource."""
    seen = [scene.secrets.get(name) for name in secrets_of(scene.me.name, scene.spec)]
    return any(
        isinstance(each, Present)
        and _was_of(each.value, _owner(scene))
        and not _ours_in(scene, each.value)
        for each in seen
    )


def _holds_live_token(scene: Scene, secret: SecretSeen) -> bool:
    live = scene.robot.value.token if isinstance(scene.robot, Present) else None
    return (
        live is not None
        and _was_of(secret, _owner(scene))
        and secret.annotations.get(ANNOTATION_DIGEST) == live.digest
    )


def secrets_intact(scene: Scene) -> bool:
    """Return whether every wanted Secret is as we left it, by the digests in status."""
    left = {each.name: each.digest for each in scene.status.secrets}
    wanted = secrets_of(scene.me.name, scene.spec)
    if set(left) != set(wanted) or scene.spare_secrets:
        return False

    seen = [scene.secrets.get(name) for name in wanted]
    return all(
        isinstance(each, Present)
        and each.value.type == SECRET_TYPES[wanted[each.value.name].format]
        and _ours_in(scene, each.value)
        and content_digest(each.value.digests) == left[each.value.name]
        for each in seen
    )


def wanted_secret(
    scene: Scene, spec: SecretSpec, token: Token, registries: tuple[str, ...]
) -> SecretWanted:
    """Return the Secret that *spec* asks for, carrying *token*."""
    me = scene.me
    annotations = {
        **spec.annotations,
        ANNOTATION_OWNER: _owner(scene),
        ANNOTATION_OWNER_UID: me.uid,
        ANNOTATION_ROBOT: scene.robot_name.full,
        ANNOTATION_DIGEST: token.digest,
        ANNOTATION_ISSUED_AT: issued_at(scene, token),
        **_end(scene, token),
    }
    return SecretWanted(
        namespace=scene.namespace.name,
        name=spec.name,
        type=SECRET_TYPES[spec.format],
        data=render_data(
            spec, scene.robot_name, token, registries, repositories=_repositories(scene)
        ),
        labels={**spec.labels, LABEL_MANAGED_BY: OPERATOR},
        annotations=annotations,
        controlled=spec.deletion_policy == "Delete",
        owner_kind=me.kind,
        owner_name=me.name,
        owner_uid=me.uid,
    )


def issued_at(scene: Scene, token: Token) -> str:
    """Return when *token* was first known here: from status, a Secret of ours, else now."""
    if isinstance(scene.exchange, Present) and scene.exchange.value.token == token:
        return rfc3339(scene.exchange.value.issued_at)
    credential = scene.status.credential
    if credential is not None and credential.digest == token.digest and credential.issued_at:
        return credential.issued_at

    for secret in ours_of(scene):
        noted = secret.annotations
        if noted.get(ANNOTATION_DIGEST) == token.digest and ANNOTATION_ISSUED_AT in noted:
            return noted[ANNOTATION_ISSUED_AT]
    return rfc3339(scene.now)


def ours_of(scene: Scene) -> tuple[SecretSeen, ...]:
    """Return the Secrets that are there and ours, wanted or not any more."""
    seen = [each.value for each in scene.secrets.values() if isinstance(each, Present)]
    spare = [each for each in scene.spare_secrets if each.controller_uid == scene.me.uid]
    return (*(each for each in seen if _ours_in(scene, each)), *spare)


def _end(scene: Scene, token: Token) -> dict[str, str]:
    """Only a password has one; the robot's own token is not the one that was exchanged."""
    if isinstance(scene.exchange, Present) and scene.exchange.value.token == token:
        return {ANNOTATION_EXPIRES_AT: rfc3339(scene.exchange.value.expires_at)}
    return {}


def not_owned(name: str) -> Refused:
    """Return the refusal of a name that somebody else's Secret has."""
    msg = (
        f"Secret {name} exists and is not owned by this resource; it is left alone: "
        "give the Secret another name, or delete the other one"
    )
    return Refused(Reason.SECRET_NOT_OWNED, msg)


def still_going(secret: SecretSeen) -> TryLater:
    """Return why *secret*, which is being deleted, waits; who holds it may do so forever."""
    held = f" and waits for its finalizers {', '.join(sorted(secret.finalizers))}"
    msg = f"Secret {secret.name} is being deleted{held if secret.finalizers else ''}"
    return TryLater(Reason.CLUSTER_UNAVAILABLE, f"{msg}; a new one follows")


def _not_looked_at(name: str) -> TryLater:
    return TryLater(Reason.CLUSTER_UNAVAILABLE, f"Secret {name} could not be read")


def _repositories(scene: Scene) -> tuple[str, ...]:
    wanted = scene.spec.permissions
    return tuple(each.name for each in wanted.repositories) if wanted else ()


def spare_deletions(scene: Scene) -> tuple[Action, ...]:
    """Return the deletions of Secrets of ours that are no longer wanted."""
    return tuple(_delete(each) for each in scene.spare_secrets if _may_go(scene, each))


def owns(scene: Scene, name: str) -> bool:
    """Return whether the Secret *name* is there and ours."""
    seen = scene.secrets.get(name)
    return isinstance(seen, Present) and _ours_in(scene, seen.value)


def _owner(scene: Scene) -> str:
    return f"{scene.me.kind}/{scene.me.namespace}/{scene.me.name}"


def _ours_in(scene: Scene, secret: SecretSeen) -> bool:
    spec = secrets_of(scene.me.name, scene.spec).get(secret.name)
    retained = spec is not None and spec.deletion_policy == "Retain"
    ours = is_ours(secret, owner=_owner(scene), uid=scene.me.uid, retained=retained)
    return ours or is_restored(scene, Present(secret))


def _change(wanted: SecretWanted, seen: SecretSeen, *, restored: bool) -> tuple[SecretWrite, ...]:
    owner = wanted.annotations[ANNOTATION_OWNER]
    # A robot that was adopted has no marker: then the Secret has to hold what we would write.
    same = _was_of(seen, owner) and dict(seen.digests) == wanted.digests
    ours = is_ours(seen, owner=owner, uid=wanted.owner_uid, retained=not wanted.controlled)
    if not (ours or restored or same):
        raise not_owned(wanted.name)

    if seen.deleting:
        raise still_going(seen)

    if _agrees(wanted, seen):
        return ()

    if seen.type != wanted.type or seen.immutable:
        # The API server refuses to edit these; only a new object can carry
        # the credential. The version pins the delete to what was looked at.
        return (_delete(seen), CreateSecret(wanted))

    return (ReplaceSecret(wanted, seen.uid, seen.version),)


def _agrees(wanted: SecretWanted, seen: SecretSeen) -> bool:
    return dict(seen.digests) == wanted.digests and same_but_data(wanted, seen)


def same_but_data(wanted: SecretWanted, seen: SecretSeen) -> bool:
    """Return whether *seen* is as *wanted*, whatever its bytes are."""
    return (
        seen.type == wanted.type
        and (seen.controller_uid is not None) == wanted.controlled
        and wanted.labels.items() <= seen.labels.items()
        and wanted.annotations.items() <= seen.annotations.items()
        and seen.our_labels <= wanted.labels.keys()
        and seen.our_annotations <= wanted.annotations.keys()
    )


def _delete(secret: SecretSeen) -> DeleteSecret:
    return DeleteSecret(secret.namespace, secret.name, secret.uid, secret.version)


def _may_go(scene: Scene, secret: SecretSeen) -> bool:
    ours = secret.controller_uid == scene.me.uid and not secret.deleting
    return ours and not _is_linked(scene, secret.name)


def _is_linked(scene: Scene, name: str) -> bool:
    """Whether a ServiceAccount still names it because of us: first it has to name another."""
    accounts = {each: seen for each, seen in scene.accounts.items() if isinstance(seen, Present)}
    return any(
        each.secret == name
        and each.service_account in accounts
        and name in accounts[each.service_account].value.links.get(each.link, ())
        for each in scene.status.links
    )
