"""
How are our own resources read and written?

Every write carries uid and resourceVersion, so that it binds to the life and
the version that were looked at. Status goes to its subresource, whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping

from ..model.errors import Conflict, Reason, TryLater
from ..model.names import ANNOTATION_MADE_AT, FINALIZER
from .api import Body, ClusterApi
from .kinds import CLUSTER_QUAY_ROBOT, NAMESPACE, QUAY_ROBOT, SECRET, SERVICE_ACCOUNT, Kind
from .ownership import other_manager
from .pages import PageLimit, TooLargeError

__all__ = ["Resources"]

PAGE = 500
TRIES = 3
# Of connections the operator has no right to read a single one.
_LOOKED_AT = {QUAY_ROBOT, CLUSTER_QUAY_ROBOT}
_CONTESTED = {each.kind: each for each in (SECRET, SERVICE_ACCOUNT, QUAY_ROBOT)}


class Resources:
    """Reads and writes objects of any kind, as dicts."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Body | None:
        """Return one object, or None where the server says that it is not there."""
        return await self._api.get(kind.path(namespace, name))

    async def list_all(
        self,
        kind: Kind,
        *,
        namespace: str | None = None,
        selector: str = "",
        metadata_only: bool = False,
    ) -> AsyncIterator[Body]:
        """
        Iterate over all objects of *kind*, page by page; they lack kind and apiVersion.

        Raises:
            TryLater: They cannot be read now, or the kind is not served.
            Refused: They may not be read.
        """
        more, read = "", self._api.list_metadata if metadata_only else self._api.get
        limit = PageLimit(PAGE)
        while True:
            query = {"limit": str(limit.now)}
            query |= {"labelSelector": selector} if selector else {}
            query |= {"continue": more} if more else {}
            try:
                page = await read(kind.path(namespace), **query)
            except TooLargeError:
                limit.too_large()
                continue
            # How large it was is not known here: the next one is tried with more.
            limit.fitted(0)
            if page is None or "items" not in page:
                raise TryLater(Reason.CLUSTER_UNAVAILABLE, "the API server answers with no list")
            # An empty list of metadata comes as null.
            for item in page.get("items") or ():
                yield item
            more = (page.get("metadata") or {}).get("continue", "")
            if not more:
                return

    async def write_status(self, kind: Kind, body: Body, status: Mapping[str, object]) -> Body:
        """
        Store *status* for the object *body*, as it was looked at.

        Raises:
            Conflict: The object changed or went meanwhile.
        """
        meta = body["metadata"]
        wanted = {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": _identity(meta),
            "status": dict(status),
        }
        path = kind.path(meta.get("namespace"), meta["name"], "status")
        return await self._api.write("PUT", path, wanted)

    async def add_finalizer(
        self, kind: Kind, body: Body, annotations: Mapping[str, str] | None = None
    ) -> Body:
        """
        Put our finalizer on the object *body*, as it was looked at, and *annotations* with it.

        Raises:
            Conflict: The object changed or went meanwhile.
        """
        held = body["metadata"].get("finalizers") or []
        if FINALIZER in held:
            return body
        return await self._set_finalizers(kind, body, [*held, FINALIZER], annotations or {})

    async def remove_finalizer(self, kind: Kind, body: Body) -> Body | None:
        """
        Take our finalizer and what was noted with it; None when the object went with it.

        Raises:
            Conflict: Somebody edited the object meanwhile, or wrote it again and again.
        """
        for left in reversed(range(TRIES)):
            try:
                return await self._let_go(kind, body)
            except Conflict:
                newer = await self._unedited(kind, body) if left else None
                if newer is None:
                    raise
                body = newer
        raise AssertionError

    async def _unedited(self, kind: Kind, body: Body) -> Body | None:
        """Return *body* as it is now, if its labels or its status alone changed."""
        if kind not in _LOOKED_AT:
            return None
        meta = body["metadata"]
        live = await self._api.get(kind.path(meta.get("namespace"), meta["name"]))
        return live if live is not None and _life(live["metadata"]) == _life(meta) else None

    async def _let_go(self, kind: Kind, body: Body) -> Body | None:
        held = body["metadata"].get("finalizers") or []
        if FINALIZER not in held:
            return body
        kept = [each for each in held if each != FINALIZER]
        noted = [ANNOTATION_MADE_AT] if ANNOTATION_MADE_AT in _annotations(body) else []
        after = await self._set_finalizers(kind, body, kept, dict.fromkeys(noted))
        gone = not kept and after["metadata"].get("deletionTimestamp")
        return None if gone else after

    async def managers(
        self, kind: str, namespace: str, name: str, fields: Iterable[str]
    ) -> dict[str, str]:
        """
        Return who else has each of *fields* of what we write, where that is noted.

        Raises:
            QuayRobotError: It could not be read.
        """
        body = await self._api.get(_CONTESTED[kind].path(namespace, name))
        meta = body["metadata"] if body is not None else {}
        found = {each: other_manager(meta, each) for each in fields}
        return {each: manager for each, manager in found.items() if manager is not None}

    async def namespace_terminating(self, name: str) -> bool:
        """Return, from a live read, whether namespace *name* is being deleted or gone."""
        body = await self._api.get(NAMESPACE.path(None, name))
        return body is None or "deletionTimestamp" in body["metadata"]

    async def _set_finalizers(
        self,
        kind: Kind,
        body: Body,
        finalizers: list[str],
        annotations: Mapping[str, str | None],
    ) -> Body:
        meta = body["metadata"]
        patch: Body = {"metadata": {**_versions(meta), "finalizers": finalizers}}
        if annotations:
            patch["metadata"]["annotations"] = dict(annotations)
        path = kind.path(meta.get("namespace"), meta["name"])
        try:
            return await self._api.write("PATCH", path, patch)
        except Conflict:
            raise
        except TryLater as error:
            # It may have been done all the same. What nobody knows of is seen as somebody's edit,
            # by which all begins anew.
            live = await self._api.get(path) if kind in _LOOKED_AT else None
            if live is None or not _is_done(live["metadata"], meta["uid"], finalizers):
                raise error from None
            return live


def _annotations(body: Body) -> Mapping[str, object]:
    found: Mapping[str, object] = body["metadata"].get("annotations") or {}
    return found


def _life(meta: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(meta.get(key) for key in ("uid", "generation", "deletionTimestamp"))


def _is_done(live: Mapping[str, object], uid: str, finalizers: list[str]) -> bool:
    return (live["uid"], live.get("finalizers") or []) == (uid, finalizers)


def _versions(meta: Mapping[str, object]) -> Body:
    return {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}


def _identity(meta: Mapping[str, object]) -> Body:
    named = {key: meta[key] for key in ("name", "namespace") if meta.get(key)}
    return {**named, **_versions(meta)}
