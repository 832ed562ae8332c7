"""
Does kopf behave as `app/handlers.py` relies on?

Run on a real API server, some through a front that misbehaves; to be run
again before the pinned version is changed.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from quayrobot.app.handlers import build_registry, run_shell
from quayrobot.app.initial_lists import InitialLists
from quayrobot.app.kubeconfig import ClusterAccess, find_access
from quayrobot.app.session import WATCH_PAUSE_S, open_session
from quayrobot.app.settings import Settings
from quayrobot.model.names import API_VERSION, FINALIZER, GROUP, LABEL_MANAGED_BY, OPERATOR

KINDS = (
    ("QuayRobot", "quayrobots", "Namespaced"),
    ("QuayConnection", "quayconnections", "Namespaced"),
    ("ClusterQuayConnection", "clusterquayconnections", "Cluster"),
    ("ClusterQuayRobot", "clusterquayrobots", "Cluster"),
)
ROBOTS = f"/apis/{API_VERSION}/namespaces/default/quayrobots"
SECRETS = "/api/v1/namespaces/default/secrets"
OURS = {LABEL_MANAGED_BY: OPERATOR}


class Sink:
    """Notes what is observed and lets a test wait for it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None, str]] = []
        self._came = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def observe(self, kind: str, event_type: str | None, body: dict[str, Any]) -> None:
        self.seen.append((kind, event_type, body["metadata"]["name"]))
        task = asyncio.create_task(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def listed(self, kind: str, namespace: str, page: dict[str, Any]) -> None:
        """Nothing is known here that could be gone."""

    async def _tell(self) -> None:
        async with self._came:
            self._came.notify_all()

    async def wait_for(self, *expected: tuple[str, str | None, str]) -> None:
        async with asyncio.timeout(20), self._came:
            await self._came.wait_for(lambda: set(expected) <= set(self.seen))


class Shell:
    """The shell, running for one test."""

    def __init__(self, kubeconfig: Path) -> None:
        self.sink = Sink()
        self.stop, self.ready = asyncio.Event(), asyncio.Event()
        self._settings = Settings(kubeconfig=kubeconfig)

    async def __aenter__(self) -> Self:
        access = find_access(self._settings.kubeconfig)
        registry = build_registry(self.sink)
        shell = run_shell(registry, access, self._settings, self.stop, self.ready)
        self.task = asyncio.create_task(shell)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop.set()
        async with asyncio.timeout(20):
            await self.task

    async def until_ready(self) -> None:
        async with asyncio.timeout(30):
            waiting = asyncio.create_task(self.ready.wait())
            await asyncio.wait({waiting, self.task}, return_when=asyncio.FIRST_COMPLETED)
        assert self.ready.is_set()


class Hand:
    """Somebody else who uses the API server; not the operator."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        self._session = session
        self._server = server

    async def do(self, method: str, path: str, body: object = None) -> int:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        async with self._session.request(
            method,
            self._server + path,
            data=json.dumps(body) if body is not None else None,
            headers={"Content-Type": kind, "User-Agent": "somebody-else"},
        ) as answer:
            await answer.read()
            return answer.status

    async def make(self, path: str, kind: str, name: str, **meta: object) -> None:
        version = API_VERSION if kind.startswith("Quay") else "v1"
        spec = {"spec": {"organization": "acme"}} if kind == "QuayRobot" else {}
        body = {"apiVersion": version, "kind": kind, "metadata": {"name": name, **meta}} | spec
        assert await self.do("POST", path, body) == 201


@pytest.fixture
def plane(control_plane) -> Any:
    return control_plane


@pytest.fixture
async def hand(plane) -> AsyncIterator[Hand]:
    access = find_access(Path(plane.kubeconfig))
    nothing = InitialLists((), lambda: None)
    async with open_session(access, nothing, watches=0) as session:
        somebody = Hand(session, access.server)
        for kind, plural, scope in KINDS:
            path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
            await somebody.do("POST", path, definition(kind, plural, scope))
        yield somebody


def definition(kind: str, plural: str, scope: str) -> dict[str, Any]:
    """Return a definition that takes everything; a real one that is there already stays."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [version | {"schema": {"openAPIV3Schema": schema}}],
        },
    }


@pytest.fixture
def name() -> str:
    return f"fact-{uuid.uuid4().hex[:8]}"


def size_of(log: Path) -> int:
    return log.stat().st_size


def audited(log: Path, since: int) -> list[dict[str, Any]]:
    """Return what the operator asked; a line that is still being written counts next time."""
    lines = log.read_bytes()[since:].rpartition(b"\n")[0].splitlines()
    entries = [json.loads(line) for line in lines]
    return [each for each in entries if each.get("userAgent", "").startswith(OPERATOR)]


async def until_watches_are_told(log: Path, since: int) -> list[dict[str, Any]]:
    """Wait for the entry of a watch: the API server notes it after the watch was let go."""
    async with asyncio.timeout(20):
        while True:
            ours = audited(log, since)
            if any(each["verb"] == "watch" for each in ours):
                return ours
            await asyncio.sleep(0.02)


async def test_what_existed_is_observed_before_ready_and_changes_after(plane, hand, name):
    await hand.make(ROBOTS, "QuayRobot", name)
    async with Shell(Path(plane.kubeconfig)) as shell:
        await shell.until_ready()

        assert ("QuayRobot", None, name) in shell.sink.seen
        assert ("Namespace", None, "default") in shell.sink.seen

        await hand.do("DELETE", f"{ROBOTS}/{name}")
        await shell.sink.wait_for(("QuayRobot", "DELETED", name))


async def test_a_labelled_secret_is_seen_and_another_is_not(plane, hand, name):
    async with Shell(Path(plane.kubeconfig)) as shell:
        await shell.until_ready()
        await hand.make(SECRETS, "Secret", f"{name}-theirs")
        await hand.make(SECRETS, "Secret", f"{name}-ours", labels=OURS)
        await shell.sink.wait_for(("Secret", "ADDED", f"{name}-ours"))

    assert f"{name}-theirs" not in {seen for _, _, seen in shell.sink.seen}


async def test_nothing_is_ever_written(plane, hand, name):
    log = Path(plane.audit_log)
    since = size_of(log)
    async with Shell(Path(plane.kubeconfig)) as shell:
        await shell.until_ready()
        await hand.make(ROBOTS, "QuayRobot", name, finalizers=[FINALIZER])
        await hand.make(SECRETS, "Secret", name, labels=OURS)
        change = {"metadata": {"annotations": {"a": "b"}}}
        await hand.do("PATCH", f"{ROBOTS}/{name}", change)
        await hand.do("DELETE", f"{ROBOTS}/{name}")
        await shell.sink.wait_for(("QuayRobot", "MODIFIED", name), ("Secret", "ADDED", name))
        await hand.do("PATCH", f"{ROBOTS}/{name}", {"metadata": {"finalizers": None}})
        await shell.sink.wait_for(("QuayRobot", "DELETED", name))
    ours = await until_watches_are_told(log, since)

    assert {"list", "watch"} <= {entry["verb"] for entry in ours}
    assert [e for e in ours if e["verb"] not in {"get", "list", "watch"}] == []


class Front:
    """
    Stands before the API server: lets one token in, and cuts watches when told.

    *cuts* ends them at once, *drops* when something came.
    """

    def __init__(self, behind: ClusterAccess) -> None:
        self.accepts = "first"
        self.cuts = self.drops = False
        self.asked: list[tuple[str, int]] = []
        self.refused = asyncio.Event()
        self.watches: dict[str, list[float]] = {}
        self._behind = behind

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.accepts}":
            self.refused.set()
            return web.json_response({}, status=401)
        if request.query.get("watch") == "true":
            now = asyncio.get_running_loop().time()
            self.watches.setdefault(request.path, []).append(now)
            self.asked.append((request.path, int(request.query["resourceVersion"])))
            if self.cuts:
                return web.Response()
        return await self._hand_on(request)

    async def _hand_on(self, request: web.Request) -> web.StreamResponse:
        async with self.session.get(self._behind.server + request.path_qs) as theirs:
            answer = web.StreamResponse(
                status=theirs.status, headers={"Content-Type": theirs.content_type}
            )
            await answer.prepare(request)
            if request.query.get("watch") != "true":
                # The session that both sides have reads a page of a list itself.
                await answer.write(await theirs.read())
                return answer
            async for chunk in theirs.content.iter_any():
                await answer.write(chunk)
                if self.drops:
                    break
            return answer

    async def watched(self, times: int) -> list[float]:
        """Wait until some path was watched *times* times and return when."""
        async with asyncio.timeout(20):
            while True:
                for began in self.watches.values():
                    if len(began) >= times:
                        return began
                await asyncio.sleep(0.02)


@pytest.fixture
async def front(plane, hand) -> AsyncIterator[Front]:
    behind = find_access(Path(plane.kubeconfig))
    report = Front(behind)
    app = web.Application()
    app.router.add_get("/{path:.*}", report.answer)
    async with (
        open_session(behind, InitialLists((), lambda: None), watches=20) as session,
        TestServer(app) as server,
    ):
        report.session = session
        report.url = str(server.make_url("")).rstrip("/")
        yield report


@pytest.fixture
def through(front, tmp_path) -> Callable[[str], Path]:
    """Return a kubeconfig that leads to the front with a token in a file."""

    def written(token: str) -> Path:
        (tmp_path / "token").write_text(token)
        config = {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": front.url}}],
            "users": [{"name": "u", "user": {"tokenFile": "token"}}],
        }
        path = tmp_path / "kubeconfig"
        path.write_text(json.dumps(config))
        return path

    return written


async def test_watches_that_are_cut_at_once_do_not_become_a_storm(front, through):
    front.cuts = True
    async with Shell(through("first")) as shell:
        await shell.until_ready()
        began = await front.watched(4)

    # Without a pause there are hundreds in a second; one that arrives late shortens a gap.
    assert (began[-1] - began[0]) / (len(began) - 1) > WATCH_PAUSE_S / 2


async def test_bookmarks_alone_carry_a_watch_on(front, through, hand, name):
    front.drops = True
    async with Shell(through("first")) as shell:
        await shell.until_ready()
        for each in ("a", "b", "c"):
            await hand.make(SECRETS, "Secret", f"{name}-{each}", labels=OURS)
            await shell.sink.wait_for(("Secret", "ADDED", f"{name}-{each}"))
    mine = [(event, seen[-1]) for _, event, seen in shell.sink.seen if name in seen]
    versions = [version for path, version in front.asked if path == "/api/v1/secrets"]

    # None is shown again, since each watch begins where the one before ended.
    assert mine == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]
    assert versions[0] < versions[-1]


async def test_a_token_that_is_refused_and_then_changed_is_survived(front, through, hand, name):
    front.cuts = True
    async with Shell(through("first")) as shell:
        await shell.until_ready()
        front.refused.clear()
        front.accepts = "second"
        async with asyncio.timeout(20):
            await front.refused.wait()
        through("second")
        front.cuts = False
        await hand.make(SECRETS, "Secret", name, labels=OURS)
        await shell.sink.wait_for(("Secret", "ADDED", name))


async def test_a_refusal_of_an_unchanged_token_is_survived(front, through, hand, name):
    front.cuts = True
    async with Shell(through("first")) as shell:
        await shell.until_ready()
        front.accepts, front.cuts = "nobody", False
        # Three refusals of equal credentials are what kopf itself does not survive.
        for _ in range(4):
            front.refused.clear()
            async with asyncio.timeout(20):
                await front.refused.wait()
        front.accepts = "first"
        await hand.make(SECRETS, "Secret", name, labels=OURS)
        await shell.sink.wait_for(("Secret", "ADDED", name))
