"""
What has to happen to the Secrets of a shared robot in one namespace?

Whether the namespace may have the credential is asked of the connection's
rules each time. Which ServiceAccounts name a copy because of us is noted on
the copy itself, before they do: a thousand namespaces have no room in one
status. Old links go before the Secret that they name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...model.actions import Action, Component, DeleteSecret, SecretWanted
from ...model.errors import QuayRobotError
from ...model.names import ANNOTATION_DIGEST, ANNOTATION_LINKS
from ...model.resources.robot import LinkState, links_of, secrets_of
from ...model.secrecy import Token
from ...model.world import Present, SecretSeen, Unlooked
from ..credentials.contest import withhold
from ..credentials.links import plan_links, unlink
from ..credentials.secrets import (
    check_written,
    is_restored,
    ours_of,
    plan_secret,
    secret_contests,
    wanted_secret,
)
from ..rights.access import check_rights, connection_not_found, permit_of
from ..rights.grants import declared_rights
from ..rights.issuers import check_identities
from ..robot.creation import connection_of
from ..robot.proof import adoption_denied
from ..scene import Finding, Plan, Scene

__all__ = ["check_copy", "is_fresh", "noted_links", "plan_copy", "plan_copy_removal", "read_note"]


def check_copy(scene: Scene) -> None:
    """
    Raise if no rule lets the namespace of *scene* have the shared robot's credential.

    Raises:
        Refused: They do not; the same for a connection that is absent.
    """
    name = scene.spec.connection_ref.name
    if scene.rules is None:
        # There is no such connection, or it is not valid: nobody was let in.
        connection_of(scene)
        raise connection_not_found("ClusterQuayConnection", name)
    permit = permit_of(scene.rules, scene.namespace, scene.robot_name, connection=name)
    check_rights(permit, declared_rights(scene.spec.permissions), connection=name)
    check_identities(scene, permit)
    adopted = scene.status.robot is not None and scene.status.robot.adopted
    if adopted and not permit.adoption:
        raise adoption_denied(scene)


def plan_copy(scene: Scene, token: Token, registries: tuple[str, ...]) -> Plan:
    """Return the next writes that make the namespace's Secrets carry *token*."""
    noted = _noting(scene)
    actions: list[Action] = []
    findings: list[Finding] = []
    for spec in secrets_of(scene.me.name, scene.spec).values():
        wanted = _with_note(noted, wanted_secret(scene, spec, token, registries))
        try:
            check_written(scene, spec.name)
            seen = scene.secrets.get(spec.name, Unlooked())
            writes = plan_secret(wanted, seen, restored=is_restored(scene, seen))
            actions += withhold(scene, wanted, seen, writes)
        except QuayRobotError as error:
            findings.append(Finding(Component.SECRETS, error))
    if actions:
        return Plan(tuple(actions), tuple(findings))
    links = plan_links(noted)
    told = (*findings, *links.findings, *secret_contests(scene))
    if links.actions or findings:
        return Plan(links.actions, told)
    return Plan(_gone(scene, scene.spare_secrets), told)


def plan_copy_removal(scene: Scene) -> tuple[Action, ...]:
    """Return the next writes that delete everything of ours in the namespace."""
    links = unlink(_noting(scene))
    return links or _gone(scene, ours_of(scene))


def noted_links(secrets: Iterable[SecretSeen]) -> tuple[LinkState, ...]:
    """Return which ServiceAccounts were to name *secrets*, by the notes on them."""
    return tuple(link for each in secrets for link in read_note(each.name, each.annotations))


def read_note(secret: str, annotations: object) -> tuple[LinkState, ...]:
    """Return the links in the note on *secret*; what cannot be read is left out."""
    text: str = dict(annotations).get(ANNOTATION_LINKS, "")  # type: ignore[call-overload]
    pairs = [each.partition("/") for each in text.split(",") if each.count("/") == 1]
    return tuple(
        LinkState(service_account=account, secret=secret, link=link) for account, _, link in pairs
    )


def is_fresh(secret: SecretSeen, digest: str | None) -> bool:
    """Return whether the copy *secret* says that it carries the credential of *digest*."""
    return digest is not None and secret.annotations.get(ANNOTATION_DIGEST) == digest


def _noting(scene: Scene) -> Scene:
    """The scene with the notes on its Secrets in place of the links in a status."""
    links = noted_links(ours_of(scene))
    return replace(scene, status=scene.status.model_copy(update={"links": links}))


def _with_note(scene: Scene, wanted: SecretWanted) -> SecretWanted:
    """Noted is what is wanted, and what was and is still there."""
    links = links_of(scene.me.name, scene.spec)
    kept = [*links, *(each for each in scene.status.links if _is_there(scene, each))]
    mine = sorted(
        {f"{each.service_account}/{each.link}" for each in kept if each.secret == wanted.name}
    )
    if not mine:
        return wanted
    return replace(wanted, annotations={**wanted.annotations, ANNOTATION_LINKS: ",".join(mine)})


def _is_there(scene: Scene, link: LinkState) -> bool:
    seen = scene.accounts.get(link.service_account)
    return isinstance(seen, Present) and link.secret in seen.value.links.get(link.link, ())


def _gone(scene: Scene, secrets: Iterable[SecretSeen]) -> tuple[Action, ...]:
    return tuple(
        DeleteSecret(each.namespace, each.name, each.uid, each.version)
        for each in secrets
        if each.controller_uid == scene.me.uid and not each.deleting
    )
