"""
Which manifests take over the robots that are there?

Everything is read here, and nothing written; what it is made into is told by
`writing`. A robot that is somebody's already is said in a comment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...cluster.api import ClusterApi
from ...cluster.issuer import Issuer
from ...cluster.kinds import NAMESPACE, OURS, QUAY_ROBOT
from ...cluster.resources import Resources
from ...engine.cache.one_shot import OneShotCache
from ...engine.cache.store import Store
from ...engine.connection.pool import LiveConnection
from ...engine.workqueue.keys import ResourceKey
from ...model.names import OwnerName
from ...model.resources.parse import parse_robot
from ...model.resources.robot import RobotStatus
from ...model.world import NamespaceSeen
from ...plan.scene import Me, Scene
from .access.cluster_access import (
    ContextOption,
    KubeconfigOption,
    NamespaceOption,
    context_namespace,
    fail,
    note,
    reach,
    run,
)
from .access.readers import ClusterIdOption, cluster_of, now, reading_pool
from .access.survey import survey
from .render.manifests import ImportOptions, Writer

__all__ = ["import_robots"]


def import_robots(
    organization: Annotated[str, typer.Option("--organization", help="Whose robots.")],
    connection: Annotated[
        str, typer.Option("--connection", help="KIND/NAME, or the NAME of a cluster connection.")
    ] = "ClusterQuayConnection/default",
    robot: Annotated[
        list[str] | None,
        typer.Option(
            "--robot",
            metavar="<glob>",
            help="Globs for short names; default: all. Can be repeated.",
        ),
    ] = None,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    cluster_id: ClusterIdOption = None,
    *,
    permissions: Annotated[
        bool, typer.Option("--permissions/--no-permissions", help="Declare rights.")
    ] = True,
    federation: Annotated[
        bool, typer.Option("--federation/--no-federation", help="Declare outside identities.")
    ] = True,
) -> None:
    """
    Print manifests that take over existing robots.

    Reads an organization through a connection. The manifests adopt its robots with their tokens,
    and change nothing in Quay.
    """
    place = namespace or context_namespace(kubeconfig, context)
    asked = ImportOptions(
        _key(connection, place),
        OwnerName("organization", organization),
        tuple(robot or ()),
        place,
        permissions,
        federation,
    )
    typer.echo(run(_import(kubeconfig, context, cluster_id, asked)), nl=False)


def _key(connection: str, namespace: str) -> ResourceKey:
    kind, _, name = connection.rpartition("/")
    kinds = {each.lower(): each for each in OURS if each.endswith("Connection")}
    found = kinds.get((kind or "ClusterQuayConnection").lower())
    if found is None or not name:
        fail("--connection is KIND/NAME, with ClusterQuayConnection or QuayConnection as KIND")
    return ResourceKey(found, namespace if found == "QuayConnection" else "", name)


async def _import(
    kubeconfig: Path | None, context: str | None, cluster_id: str | None, asked: ImportOptions
) -> str:
    async with reach(kubeconfig, context) as api:
        cluster = cluster_id or await cluster_of(Resources(api))
        cache = OneShotCache(Resources(api))
        await cache.connection(asked.key)
        # One that could not be read has left a note.
        if asked.key not in cache.store.connections and not cache.notes:
            fail(_no_connection(asked.key))
        await cache.everybody([asked.namespace])
        secrets = await cache.secret_names(asked.namespace)
        for words in cache.notes:
            note(f"note: {words}")
        pool = reading_pool(api, cache.store)
        try:
            live = await pool.get(asked.key)
            found = await survey(
                live, asked.owner, asked.wants, note,
                rights=asked.permissions, federation=asked.federation,
            )  # fmt: skip
            base = await _base(api, cluster, asked, live, cache.store)
        finally:
            await pool.aclose()
    _complain_of_unmatched(asked, [each.name.short for each in found])
    return Writer(asked, base, cache, secrets).write(found)


def _no_connection(key: ResourceKey) -> str:
    if key.namespace:
        return f"there is no QuayConnection {key.name} in the namespace {key.namespace}"
    return (
        f"there is no ClusterQuayConnection {key.name} (a QuayConnection of the namespace is "
        f"--connection QuayConnection/{key.name})"
    )


def _complain_of_unmatched(asked: ImportOptions, names: list[str]) -> None:
    """End the command for a mistyped name: less than was asked for would pass for all of it."""
    for glob in asked.unmatched(names):
        short = f"; give the short name, without {asked.owner.name}+" if "+" in glob else ""
        fail(f"no robot of {asked.owner.name} matches --robot {glob}{short}")


async def _base(
    api: ClusterApi, cluster: str, asked: ImportOptions, live: LiveConnection, store: Store
) -> Scene:
    """A resource in the namespace, before it is said which."""
    body = await Resources(api).get(NAMESPACE, None, asked.namespace)
    if body is None:
        note(f"the namespace {asked.namespace} is not there yet")
    meta = (body or {}).get("metadata", {})
    connection = store.connections[asked.key]
    rules = getattr(connection.spec, "access", None)
    return Scene(
        cluster=cluster,
        now=now(),
        me=Me(
            QUAY_ROBOT.kind, asked.namespace, "", "", 1, now(), terminating=False, guarded=False
        ),
        spec=parse_robot("any", {"organization": asked.owner.name}),
        status=RobotStatus(),
        connection=live.seen(connection),
        rules=None if rules is None else tuple(rules),
        namespace=NamespaceSeen(
            asked.namespace, meta.get("labels") or {}, "deletionTimestamp" in meta
        ),
        issuer=await Issuer(api).read(),
        owner_lives=False,
    )
