"""
What does the operator read from the cluster?

Slim records of our resources, of the Secrets that carry our label and of the
namespaces, with the indices that tell whom a change concerns. An event older
than what is known is dropped; answers to our own writes go in the same way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ...cluster.kinds import CLUSTER_QUAY_ROBOT
from ...cluster.secrets import secret_seen
from ...cluster.serviceaccounts import account_seen
from ...model.names import ANNOTATION_OWNER, OwnerName, RobotName
from ...model.resources.robot import is_keyless, links_of, secrets_of
from ...model.world import AccountSeen, NamespaceSeen, SecretSeen
from ..workqueue.keys import Key, Lane, ResourceKey
from .index import Index
from .mapping import map_account, map_member, map_namespace, map_secret
from .records import Body, ClusterRobotRecord, ConnectionRecord, Record, RobotRecord

__all__ = [
    "Body",
    "ClusterRobotRecord",
    "ConnectionRecord",
    "Record",
    "RobotRecord",
    "Store",
    "Request",
]

Place = tuple[str, str]
Request = tuple[Key, Lane]


class Store:
    """
    What is known of the cluster, and the keys that a change of it enqueues.

    *cluster_name* is what `{cluster}` stands for in the names of robots.
    """

    def __init__(self, *, cluster_name: str | None = None) -> None:
        self._cluster_name = cluster_name
        self.cluster_robots: dict[ResourceKey, ClusterRobotRecord] = {}
        self.robots: dict[ResourceKey, RobotRecord] = {}
        self.connections: dict[ResourceKey, ConnectionRecord] = {}
        self.namespaces: dict[str, NamespaceSeen] = {}
        self.accounts: dict[Place, AccountSeen] = {}
        self._secrets: dict[str, dict[str, SecretSeen]] = defaultdict(dict)
        self._owned: Index[str, Place] = Index()
        self._by_robot: Index[RobotName, ResourceKey] = Index()
        self._by_connection: Index[ResourceKey, ResourceKey] = Index()
        self._by_owner: Index[tuple[ResourceKey, OwnerName], ResourceKey] = Index()
        self._by_namespace: Index[str, ResourceKey] = Index()
        self._by_secret: Index[Place, ResourceKey] = Index()
        self._by_account: Index[Place, ResourceKey] = Index()
        self._by_uid: dict[str, ResourceKey] = {}

    # What happened -----------------------------------------------------

    def observe(self, kind: str, event: str | None, body: Body) -> list[Request]:  # noqa: PLR0911 - one line per kind
        """Apply one watch event or listed object; return the keys to enqueue."""
        gone = event == "DELETED"
        match kind:
            case "QuayRobot":
                return self._robot(RobotRecord(kind, body), gone=gone)
            case "ClusterQuayRobot":
                return self._cluster_robot(ClusterRobotRecord(body, self._cluster_name), gone=gone)
            case "QuayConnection" | "ClusterQuayConnection":
                return self._connection(ConnectionRecord(kind, body), gone=gone)
            case "Secret":
                return self._secret(secret_seen(body), gone=gone)
            case "ServiceAccount":
                return self._account(account_seen(body), gone=gone)
            case "Namespace":
                return self._namespace(body, gone=gone)
            case _:
                return []

    def is_echo(self, kind: str, body: Body) -> bool:
        """Return whether *body* is a QuayRobot as our own write left it, known already."""
        meta = body["metadata"]
        key = ResourceKey(kind, meta.get("namespace", ""), meta["name"])
        known = self.robots.get(key) if kind == "QuayRobot" else None
        return known is not None and known.is_shown_by(body)

    def keep_secret(self, seen: SecretSeen) -> None:
        """Store a Secret that we read or wrote ourselves."""
        known = self._secrets[seen.namespace].get(seen.name)
        if known is None or known.uid != seen.uid or int(known.version) <= int(seen.version):
            self._put_secret(seen)

    def keep_account(self, seen: AccountSeen) -> None:
        """Store a ServiceAccount that we read or wrote ourselves."""
        self._account(seen, gone=False)

    def drop_secret(self, namespace: str, name: str) -> None:
        """Forget a Secret that is gone, or not as it was known."""
        known = self._secrets[namespace].pop(name, None)
        if known is not None and known.controller_uid is not None:
            self._owned.drop(known.controller_uid, (namespace, name))

    # What is known -----------------------------------------------------

    def secret(self, namespace: str, name: str) -> SecretSeen | None:
        """Return a Secret with our label, as last seen."""
        return self._secrets[namespace].get(name)

    def account(self, namespace: str, name: str) -> AccountSeen | None:
        """Return a ServiceAccount, as last seen."""
        return self.accounts.get((namespace, name))

    def secrets_of(self, namespace: str, uid: str) -> tuple[SecretSeen, ...]:
        """Return the Secrets in *namespace* that the resource *uid* controls."""
        there, owned = self._secrets.get(namespace, {}), tuple(self._owned.get(uid))
        # One may control a thousand, another be one of ten thousand in its namespace.
        if len(there) < len(owned):
            return tuple(each for each in there.values() if each.controller_uid == uid)
        return tuple(self._secrets[space][name] for space, name in owned if space == namespace)

    def secret_names(self) -> tuple[tuple[str, str, str], ...]:
        """Return namespace, name and version of every Secret known."""
        return tuple(
            (each.namespace, each.name, each.version)
            for there in self._secrets.values()
            for each in there.values()
        )

    def drops_token(self, name: RobotName) -> bool:
        """Return whether only the digest of the token of the robot *name* is needed here."""
        named = [self.robots[key] for key in self._by_robot.get(name)]
        # Who merely names it too has no say.
        users = [each for each in named if each.status.holds] or named
        return bool(users) and all(is_keyless(each.lenient_spec) for each in users)

    def held_names(self, owner: OwnerName, origin: str) -> set[str]:
        """Return the full names of the robots of *owner* that resources hold at *origin*."""
        return {
            name.full
            for record in self.robots.values()
            if record.robot_name.owner == owner and record.status.holds
            if record.status.connection and record.status.connection.origin == origin
            for name in record.robot_names
        }

    def namesakes(self, record: RobotRecord) -> list[RobotRecord]:
        """Return the other resources that name one of its robots."""
        keys = {key for name in record.robot_names for key in self._by_robot.get(name)}
        return [self.robots[key] for key in keys if key != record.key]

    def users_of(self, connection: ResourceKey) -> list[RobotRecord]:
        """Return the resources that name *connection*."""
        return [self.robots[key] for key in self._by_connection.get(connection)]

    def users_at(self, connection: ResourceKey, owner: OwnerName) -> list[RobotRecord]:
        """Return the resources that name *connection* and a robot of *owner*."""
        return [self.robots[key] for key in self._by_owner.get((connection, owner))]

    def leaving(self, connection: ResourceKey, owner: OwnerName) -> Iterator[RobotRecord]:
        """Iterate over the resources whose robot of *owner* has to go with them."""
        for key in self._by_owner.get((connection, owner)):
            record = self.robots[key]
            if record.terminating and record.guarded:
                yield record

    # How it is taken in ------------------------------------------------

    def _robot(self, new: RobotRecord, *, gone: bool) -> list[Request]:
        old = self.robots.get(new.key)
        if old is not None and old.version > new.version:
            return []
        if old is not None:
            new.succeed(old)
        filed = old is not None and not gone and new.is_filed_as(old)
        if old is not None and not filed:
            self._unindex(old)
        cluster_robot = map_member(self.cluster_robots, old, new, gone=gone)
        if gone:
            self.robots.pop(new.key, None)
            return [*self._left(new), *cluster_robot]

        self.robots[new.key] = new
        if not filed:
            self._index(new)
        if old is not None and old.uid == new.uid and old.asks_as(new):
            return cluster_robot
        return [(new.key, Lane.DRIFT if new.rolled_out_from(old) else Lane.EDIT), *cluster_robot]

    def _cluster_robot(self, new: ClusterRobotRecord, *, gone: bool) -> list[Request]:
        old = self.cluster_robots.get(new.key)
        if old is not None and old.version > new.version:
            return []
        if old is not None and old.shared and not new.shared:
            # Another life under the same name.
            self._robot(old, gone=True)
        if gone:
            self.cluster_robots.pop(new.key, None)
        else:
            self.cluster_robots[new.key] = new
        if new.shared:
            # Its robot is a robot like any other.
            return self._robot(new, gone=gone)
        if old is not None and not gone and old.uid == new.uid and old.asks_as(new):
            return []
        return [(new.key, Lane.EDIT)]

    def _left(self, record: RobotRecord) -> list[Request]:
        heirs = [(each.key, Lane.EDIT) for each in self.namesakes(record)]
        return [*heirs, (record.connection_key, Lane.DRIFT), (record.key, Lane.EDIT)]

    def _connection(self, new: ConnectionRecord, *, gone: bool) -> list[Request]:
        old = self.connections.get(new.key)
        if old is not None and old.version > new.version:
            return []
        if gone:
            self.connections.pop(new.key, None)
        else:
            self.connections[new.key] = new
        if old is not None and not gone and old.uid == new.uid and old.asks_as(new):
            return []
        return [(new.key, Lane.EDIT)]

    def _secret(self, new: SecretSeen, *, gone: bool) -> list[Request]:
        old = self._secrets[new.namespace].get(new.name)
        if old is not None and int(old.version) > int(new.version):
            return []
        if gone:
            self.drop_secret(new.namespace, new.name)
        else:
            self._put_secret(new)
        if old is not None and not gone and old == new:
            return []
        concerned = [(each, Lane.DRIFT) for each in self._concerned(new, gone=gone)]
        return [*concerned, *map_secret(self.cluster_robots.values(), new)]

    def _put_secret(self, seen: SecretSeen) -> None:
        self.drop_secret(seen.namespace, seen.name)
        self._secrets[seen.namespace][seen.name] = seen
        if seen.controller_uid is not None:
            self._owned.add(seen.controller_uid, (seen.namespace, seen.name))

    def _concerned(self, secret: SecretSeen, *, gone: bool) -> Iterable[ResourceKey]:
        owner = self._by_uid.get(secret.controller_uid or "")
        if owner is not None and owner.kind == CLUSTER_QUAY_ROBOT.kind:
            return
        if owner is not None:
            yield owner
        parts = secret.annotations.get(ANNOTATION_OWNER, "").split("/")
        named = ResourceKey(*parts) if len(parts) == 3 else None
        if named is not None and named != owner and named in self.robots:
            yield named
        if owner is not None and not gone:
            return
        # A name that was taken may be free now.
        for key in self._by_secret.get((secret.namespace, secret.name)):
            if key not in {owner, named}:
                yield key

    def _account(self, new: AccountSeen, *, gone: bool) -> list[Request]:
        place = (new.namespace, new.name)
        old = self.accounts.get(place)
        if old is not None and int(old.version) > int(new.version):
            return []
        if gone:
            self.accounts.pop(place, None)
        else:
            self.accounts[place] = new
        if old is not None and not gone and old.links == new.links:
            return []
        linking = [(key, Lane.DRIFT) for key in self._by_account.get(place)]
        return [*linking, *map_account(self.cluster_robots.values(), new)]

    def _namespace(self, body: Body, *, gone: bool) -> list[Request]:
        meta = body["metadata"]
        name = meta["name"]
        terminating = "deletionTimestamp" in meta
        version = meta.get("resourceVersion", "0")
        new = NamespaceSeen(
            name, meta.get("labels") or {}, terminating, version, meta.get("uid", "")
        )
        old = self.namespaces.get(name)
        if old is not None and int(old.version) > int(new.version):
            return []
        if gone:
            self.namespaces.pop(name, None)
        else:
            self.namespaces[name] = new
        if old == new:
            return []
        selected = map_namespace(self.cluster_robots.values(), old, None if gone else new)
        return [*((key, Lane.EDIT) for key in self._by_namespace.get(name)), *selected]

    def _index(self, record: RobotRecord) -> None:
        for each in record.robot_names:
            self._by_robot.add(each, record.key)
        self._by_connection.add(record.connection_key, record.key)
        self._by_owner.add(_at(record), record.key)
        self._by_namespace.add(record.key.namespace, record.key)
        for place in _secrets(record):
            self._by_secret.add(place, record.key)
        for place in _accounts(record):
            self._by_account.add(place, record.key)
        self._by_uid[record.uid] = record.key

    def _unindex(self, record: RobotRecord) -> None:
        self._by_uid.pop(record.uid, None)
        for each in record.robot_names:
            self._by_robot.drop(each, record.key)
        self._by_connection.drop(record.connection_key, record.key)
        self._by_owner.drop(_at(record), record.key)
        self._by_namespace.drop(record.key.namespace, record.key)
        for place in _secrets(record):
            self._by_secret.drop(place, record.key)
        for place in _accounts(record):
            self._by_account.drop(place, record.key)


def _at(record: RobotRecord) -> tuple[ResourceKey, OwnerName]:
    return record.connection_key, record.robot_name.owner


def _secrets(record: RobotRecord) -> Iterable[Place]:
    names = secrets_of(record.key.name, record.lenient_spec)
    return ((record.key.namespace, name) for name in names)


def _accounts(record: RobotRecord) -> Iterable[Place]:
    links = (*record.status.links, *links_of(record.key.name, record.lenient_spec))
    names = {each.service_account for each in links}
    exchanged = record.lenient_spec.credentials.service_account
    return ((record.key.namespace, name) for name in (*names, exchanged) if name is not None)
