"""
What is known of the Secrets that a robot's credential goes to, and when is it read?

Those with our label are in the cache. A name that is not there may be somebody
else's Secret, which only a read shows, or the trial before a creation.
"""

from __future__ import annotations

from ...model.errors import InvalidSpec, QuayRobotError
from ...model.names import LABEL_MANAGED_BY, OPERATOR
from ...model.resources.robot import RobotSpec, secrets_of
from ...model.world import Absent, Present, SecretSeen, Seen, Unknown
from ..cache.store import RobotRecord
from ..connection.context import UNWATCHED, Context

__all__ = ["known_secrets", "look_again", "presumes_free", "read_secret", "read_secrets"]


def presumes_free(record: RobotRecord) -> bool:
    """
    Tell whether the names of its Secrets may count as free until the trial says otherwise.

    While a resource has nothing yet: what is created for it is tried first. Where that was
    told to fail, a look is cheaper.
    """
    if record.guarded or record.terminating or record.status.holds:
        return False
    if any(each.reason in UNWATCHED for each in record.status.conditions):
        return False
    spec = record.spec
    # What is adopted is bound without a trial.
    return not isinstance(spec, InvalidSpec) and spec.creation_policy == "Create"


def known_secrets(
    context: Context, record: RobotRecord, spec: RobotSpec
) -> dict[str, Seen[SecretSeen]]:
    """Return the wanted Secrets of *record* as the cache has them, each by its name."""
    found: dict[str, Seen[SecretSeen]] = {}
    for name in secrets_of(record.key.name, spec):
        known = context.store.secret(record.key.namespace, name)
        found[name] = Absent() if known is None else Present(known)
    return found


async def read_secrets(
    context: Context, record: RobotRecord, spec: RobotSpec
) -> dict[str, Seen[SecretSeen]]:
    """Return the wanted Secrets of *record*, each by its name."""
    if record.terminating:
        return {}
    return {
        name: await read_secret(context, record.key.namespace, name)
        for name in secrets_of(record.key.name, spec)
    }


async def look_again(context: Context, namespace: str, name: str) -> None:
    """
    Have the cache hold a Secret as it is now, after a write of it that failed.

    What was written in between, or that nothing was, nobody shows again. Where the Secret
    cannot be read now, what is known of it stays.
    """
    try:
        seen = await context.secrets.get(namespace, name)
    except QuayRobotError:
        return
    if isinstance(seen, Present) and seen.value.labels.get(LABEL_MANAGED_BY) == OPERATOR:
        context.store.keep_secret(seen.value)
    else:
        context.store.drop_secret(namespace, name)


async def read_secret(context: Context, namespace: str, name: str) -> Seen[SecretSeen]:
    """Return a Secret from the cache; one without our label is read from the API server."""
    known = context.store.secret(namespace, name)
    if known is not None:
        return Present(known)
    try:
        return await context.secrets.get(namespace, name)
    except QuayRobotError as error:
        return Unknown(error)
