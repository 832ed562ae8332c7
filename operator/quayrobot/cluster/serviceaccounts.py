"""
How are our Secrets added to ServiceAccounts?

Both lists of a ServiceAccount belong to everybody: they are read live and
patched with the version that was read, so that an edit of somebody else in
between is never lost. Entries of others, and their order, stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..model.errors import Conflict
from ..model.world import Absent, AccountSeen, Present
from .api import Body, ClusterApi
from .kinds import SERVICE_ACCOUNT
from .ownership import declared_by

__all__ = ["ServiceAccounts", "account_seen"]

LINKS = ("imagePullSecrets", "secrets")
# This list has no key by which the API server would merge what two tools want of it.
WHOLE = "imagePullSecrets"
TRIES = 5
Entry = tuple[str, str]


class ServiceAccounts:
    """Reads and changes ServiceAccounts."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api

    async def change(
        self, namespace: str, name: str, *, add: Collection[Entry], drop: Collection[Entry]
    ) -> Present[AccountSeen] | Absent:
        """
        Add and drop entries, each a list's name and a Secret's; return what is there then.

        Raises:
            Conflict: Others changed it again and again meanwhile.
        """
        path = SERVICE_ACCOUNT.path(namespace, name)
        for left in reversed(range(TRIES)):
            body = await self._api.get(path)
            if body is None:
                return Absent()
            patch = _patch(body, add, drop)
            if not patch:
                return Present(account_seen(body))
            try:
                return Present(account_seen(await self._write(path, body, patch)))
            except Conflict:
                if not left:
                    raise
        raise AssertionError

    async def _write(self, path: str, body: Body, patch: Body) -> Body:
        meta = {key: body["metadata"][key] for key in ("uid", "resourceVersion")}
        return await self._api.write("PATCH", path, {"metadata": meta, **patch})


def account_seen(body: Body) -> AccountSeen:
    """Return what *body* says, in the operator's words."""
    meta = body["metadata"]
    return AccountSeen(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        version=meta["resourceVersion"],
        links={link: tuple(_names(body, link)) for link in LINKS},
        declared={WHOLE: by} if (by := declared_by(meta, WHOLE)) is not None else {},
    )


def _names(body: Body, link: str) -> Iterable[str]:
    return (each["name"] for each in body.get(link) or () if each.get("name"))


def _patch(body: Body, add: Collection[Entry], drop: Collection[Entry]) -> Body:
    """The lists that change, whole: a merge patch replaces a list."""
    changed: Body = {}
    for link in LINKS:
        before = body.get(link) or []
        gone = {secret for each, secret in drop if each == link}
        after = [each for each in before if each.get("name") not in gone]
        there = {each.get("name") for each in after}
        new = sorted(secret for each, secret in add if each == link and secret not in there)
        after += [{"name": secret} for secret in new]
        if after != before:
            changed[link] = after
    return changed
