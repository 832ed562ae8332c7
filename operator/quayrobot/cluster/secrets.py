"""
How are Secrets read and written?

Bytes never leave this room but as digests, save for the one key that holds a
connection's token. A replacement is merged over what is there now: foreign
labels, annotations and owners stay, data is ours alone, and a key that we set
once and no longer want goes (managed fields say which those are).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from sys import intern

import orjson

from ..model.actions import DeleteSecret, ReplaceSecret, SecretWanted, SecretWrite
from ..model.errors import Conflict, QuayRobotError, Reason, Refused
from ..model.names import API_VERSION, FINALIZER
from ..model.secrecy import Token
from ..model.world import Absent, Present, SecretSeen
from .api import Body, ClusterApi
from .kinds import SECRET
from .ownership import data_written_at, merged, our_fields

__all__ = ["CredentialRead", "Secrets", "secret_seen"]

ASK_FOR_KEY = "store the token there, or name its key in the connection"
NOT_ASCII = (
    "is not ASCII text: store the token as it is, not as UTF-16 and without a byte order mark"
)
BARE = "it must be the token alone, without spaces or the word Bearer"
TOKEN_MAX = 4096
TRIES = 3


@dataclass(frozen=True, slots=True)
class CredentialRead:
    """
    A connection's token as its Secret holds it now.

    *written_at* is when the API server noted the last change of that key, where it did.
    """

    token: Token
    version: str
    guarded: bool
    deleting: bool
    created_at: datetime
    written_at: datetime | None = None


class Secrets:
    """Reads and writes Secrets."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api

    async def get(self, namespace: str, name: str) -> Present[SecretSeen] | Absent:
        """Return the Secret as it is now."""
        body = await self._api.get(SECRET.path(namespace, name))
        return Absent() if body is None else Present(secret_seen(body))

    async def create(self, wanted: SecretWanted) -> SecretSeen:
        """
        Create the Secret.

        Raises:
            Conflict: The name is taken by now.
        """
        body = _rendered(wanted, {"metadata": {}})
        return secret_seen(await self._api.write("POST", SECRET.path(wanted.namespace), body))

    async def replace(self, wanted: SecretWanted, uid: str, version: str) -> SecretSeen:
        """
        Replace the Secret that was looked at.

        Raises:
            Conflict: It is not as it was looked at.
        """
        return secret_seen(await self._replace(wanted, uid, version))

    async def _replace(self, wanted: SecretWanted, uid: str, version: str, **query: str) -> Body:
        path = SECRET.path(wanted.namespace, wanted.name)
        live = await self._api.get(path)
        if live is None or _versions(live) != (uid, version):
            msg = f"Secret {wanted.name} changed in the meantime"
            raise Conflict(Reason.CLUSTER_UNAVAILABLE, msg)
        return await self._api.write("PUT", path, _rendered(wanted, live), **query)

    async def delete(self, namespace: str, name: str, uid: str, version: str) -> None:
        """
        Delete the Secret that was looked at.

        Raises:
            Conflict: It is not as it was looked at, or gone.
        """
        await self._api.write("DELETE", SECRET.path(namespace, name), _pinned(uid, version))

    async def rehearse(self, writes: Iterable[SecretWrite]) -> None:
        """
        Have the API server try *writes*, admission and all, and store none of them.

        Raises:
            Refused: It would refuse one.
            Conflict: A Secret is not as it was looked at.
        """
        going = set()
        for write in writes:
            if isinstance(write, DeleteSecret):
                going.add(write.name)
                body = _pinned(write.uid, write.version) | {"dryRun": ["All"]}
                path = SECRET.path(write.namespace, write.name)
                # The body counts; the query is for whoever reads an audit log.
                await self._api.write("DELETE", path, body, dryRun="All")
            elif isinstance(write, ReplaceSecret):
                await self._replace(write.wanted, write.uid, write.version, dryRun="All")
            else:
                await self._try_create(write.wanted, freed=write.wanted.name in going)

    async def _try_create(self, wanted: SecretWanted, *, freed: bool) -> None:
        body = _rendered(wanted, {"metadata": {}})
        try:
            await self._api.write("POST", SECRET.path(wanted.namespace), body, dryRun="All")
        except QuayRobotError as error:
            # What still has the name, and counts in a quota, will be gone by then.
            spent = isinstance(error, Conflict) or error.reason is Reason.QUOTA_EXCEEDED
            if not (freed and spent):
                raise

    async def credential(self, namespace: str, name: str, key: str) -> CredentialRead:
        """
        Return the connection token in *key*.

        Raises:
            Refused: There is no Secret, no such key, or no token in it.
        """
        body = await self._api.get(SECRET.path(namespace, name))
        if body is None:
            raise _no_credential(f"Secret {name} does not exist in the namespace {namespace}")
        raw = (body.get("data") or {}).get(key)
        if raw is None:
            raise _no_credential(f"Secret {name} has no key {key}: {ASK_FOR_KEY}")
        meta = body["metadata"]
        return CredentialRead(
            token=_token(raw, name, key),
            version=meta["resourceVersion"],
            guarded=FINALIZER in (meta.get("finalizers") or []),
            deleting="deletionTimestamp" in meta,
            created_at=datetime.fromisoformat(meta["creationTimestamp"]),
            written_at=data_written_at(meta, key),
        )

    async def login(self, namespace: str, name: str) -> tuple[Token, Token]:
        """
        Return user and password of the proxy, from a Secret as kubernetes.io/basic-auth has it.

        Raises:
            Refused: There is no Secret, or it lacks one of them.
        """
        body = await self._api.get(SECRET.path(namespace, name))
        if body is None:
            raise _no_login(f"Secret {name} does not exist in the namespace {namespace}")
        data = body.get("data") or {}
        return _printable(data, "username", name), _printable(data, "password", name)

    async def is_deleting(self, namespace: str, name: str) -> bool:
        """Return, from a live read, whether the Secret is there and is being deleted."""
        body = await self._api.get(SECRET.path(namespace, name))
        return body is not None and "deletionTimestamp" in body["metadata"]

    async def guard(self, namespace: str, name: str) -> None:
        """
        Put our finalizer on a credential Secret.

        Raises:
            Conflict: It changed meanwhile, again and again.
        """
        await self._hold(namespace, name, add=True)

    async def unguard(self, namespace: str, name: str) -> None:
        """
        Take our finalizer from a credential Secret, where it still is.

        Raises:
            Conflict: It changed meanwhile, again and again.
        """
        await self._hold(namespace, name, add=False)

    async def _hold(self, namespace: str, name: str, *, add: bool) -> None:
        # The passes over a connection and over its first robots may come at the same time.
        for left in reversed(range(TRIES)):
            body = await self._api.get(SECRET.path(namespace, name))
            if body is None or (add and "deletionTimestamp" in body["metadata"]):
                return
            try:
                await self._set_finalizers(body, add=add)
            except Conflict:
                if not left:
                    raise
            else:
                return

    async def _set_finalizers(self, body: Body, *, add: bool) -> None:
        meta = body["metadata"]
        held = meta.get("finalizers") or []
        if (FINALIZER in held) == add:
            return
        kept = [each for each in held if each != FINALIZER]
        uid, version = _versions(body)
        wanted = [*kept, FINALIZER] if add else kept
        patch = {"metadata": {"uid": uid, "resourceVersion": version, "finalizers": wanted}}
        await self._api.write("PATCH", SECRET.path(meta["namespace"], meta["name"]), patch)


def secret_seen(body: Body) -> SecretSeen:
    """Return what may be known of the Secret *body*: everything but its bytes."""
    meta = body["metadata"]
    return SecretSeen(
        namespace=intern(meta["namespace"]),
        name=meta["name"],
        uid=meta["uid"],
        version=meta["resourceVersion"],
        type=intern(body.get("type", "Opaque")),
        controller_uid=_controller(meta),
        labels=_by_key(meta.get("labels")),
        annotations=_by_key(meta.get("annotations")),
        digests=_by_key({key: _digest(raw) for key, raw in (body.get("data") or {}).items()}),
        our_labels=our_fields(meta, "f:labels"),
        our_annotations=our_fields(meta, "f:annotations"),
        immutable=bool(body.get("immutable")),
        deleting="deletionTimestamp" in meta,
        finalizers=tuple(meta.get("finalizers") or ()),
    )


def _by_key(texts: Mapping[str, str] | None) -> dict[str, str]:
    """Ten thousand Secrets have the same keys; each text of them is held once."""
    return {intern(key): text for key, text in (texts or {}).items()}


def _digest(raw: str) -> str:
    return Token(base64.b64decode(raw).decode(errors="replace")).digest


def _controller(meta: Mapping[str, object]) -> str | None:
    owners = meta.get("ownerReferences") or ()
    assert isinstance(owners, list | tuple)
    return next((each["uid"] for each in owners if each.get("controller")), None)


def _pinned(uid: str, version: str) -> Body:
    return {"preconditions": {"uid": uid, "resourceVersion": version}}


def _versions(body: Body) -> tuple[str, str]:
    return body["metadata"]["uid"], body["metadata"]["resourceVersion"]


def _rendered(wanted: SecretWanted, live: Body) -> Body:
    old = live["metadata"]
    seen = secret_seen(live) if "uid" in old else None
    dropped_labels = seen.our_labels if seen else frozenset[str]()
    dropped_annotations = seen.our_annotations if seen else frozenset[str]()
    meta = {key: old[key] for key in ("uid", "resourceVersion", "finalizers") if key in old}
    meta |= {
        "name": wanted.name,
        "namespace": wanted.namespace,
        "labels": merged(old.get("labels"), dropped_labels, wanted.labels),
        "annotations": merged(old.get("annotations"), dropped_annotations, wanted.annotations),
        "ownerReferences": _owners(wanted, old.get("ownerReferences") or []),
    }
    data = {
        key: base64.b64encode(value.reveal().encode()).decode()
        for key, value in wanted.data.items()
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": wanted.type,
        "metadata": meta,
        "data": data,
    }


def _owners(wanted: SecretWanted, old: list[Body]) -> list[Body]:
    others = [each for each in old if each["uid"] != wanted.owner_uid]
    if not wanted.controlled:
        return others
    # No blockOwnerDeletion: it would need a right on the owner's finalizers,
    # and a deleted owner must never wait for a Secret.
    ours = {
        "apiVersion": API_VERSION,
        "kind": wanted.owner_kind,
        "name": wanted.owner_name,
        "uid": wanted.owner_uid,
        "controller": True,
    }
    return [*others, ours]


def _no_credential(what: str) -> Refused:
    return Refused(Reason.CONNECTION_NOT_READY, f"the connection has no token: {what}")


def _no_login(what: str) -> Refused:
    msg = f"proxy.credentialsRef cannot be used: {what}"
    return Refused(Reason.CONNECTION_NOT_READY, msg)


def _printable(data: Mapping[str, str], key: str, name: str) -> Token:
    """A line's end, which editors leave, is no part of it; another would end the header."""
    if key not in data:
        raise _no_login(f"Secret {name} has no key {key}")
    try:
        text = base64.b64decode(data[key]).decode().strip("\r\n")
    except (binascii.Error, UnicodeDecodeError):
        raise _no_login(f"key {key} of Secret {name} is not text") from None
    # RFC 7617: the first colon ends the user's name.
    if not text.isprintable() or len(text) > TOKEN_MAX or (key == "username" and ":" in text):
        raise _no_login(f"key {key} of Secret {name} holds characters that cannot be sent")
    return Token(text)


def _token(raw: str, name: str, key: str) -> Token:
    """Quay's own bootstrap writes JSON; people write the bare token."""
    try:
        text = base64.b64decode(raw).decode("ascii").strip()
    except (binascii.Error, UnicodeDecodeError):
        raise _no_credential(f"key {key} of Secret {name} {NOT_ASCII}") from None

    if not text:
        raise _no_credential(f"key {key} of Secret {name} is empty: store the token there")
    if text.startswith("{"):
        try:
            found = orjson.loads(text).get("access_token")
        except orjson.JSONDecodeError:
            found = None
        text = found if isinstance(found, str) else ""

    if not text or len(text) > TOKEN_MAX or any(each.isspace() for each in text):
        raise _no_credential(f"key {key} of Secret {name} holds no token: {BARE}")
    return Token(text)
