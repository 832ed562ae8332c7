"""Does the operator go on when the cluster's CA is replaced under it?"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from quayrobot.app import authority
from quayrobot.app.authority import DISTRUST_MAX_S, follow_authority, trusted
from quayrobot.app.kubeconfig import find_access
from quayrobot.app.session import InitialLists, open_session
from quayrobot.cluster.api import ClusterApi
from quayrobot.model.errors import TryLater
from tests.kit.controlplane.certificates import Authority
from tests.kit.processes import free_port

# As in bundles of public authorities; Python's ssl takes text that is all ASCII.
NOTE = "# NetLock Arany F\u0151tan\u00fas\u00edtv\u00e1ny\n"


async def answer(_request: web.Request) -> web.Response:
    return web.json_response({"kind": "Status"})


class Server:
    """Something that answers like an API server, with a certificate of *authority*."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder, free_port()
        self._runner: web.AppRunner | None = None

    async def show(self, name: str) -> str:
        """Show a certificate of a new CA *name* from now on, and return the CA's."""
        await self.aclose()
        folder = self._folder / name
        folder.mkdir()
        own = Authority(folder, name)
        pair = own.server("apiserver")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.certificate, pair.key)
        app = web.Application()
        app.router.add_get("/{rest:.*}", answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=context).start()
        return own.file.read_text()

    async def aclose(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(tmp_path)
    yield made
    await made.aclose()


@pytest.fixture
def kubeconfig(server: Server, tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    cluster = {"server": f"https://127.0.0.1:{server.port}", "certificate-authority": "ca.crt"}
    body = {
        "current-context": "x",
        "clusters": [{"name": "x", "cluster": cluster}],
        "users": [{"name": "x", "user": {"token": "somebody"}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }
    path.write_text(yaml.safe_dump(body))
    return path


async def test_a_new_authority_is_believed_by_what_is_open(server, kubeconfig, monkeypatch):
    monkeypatch.setattr(authority, "LOOK_S", 0.05)
    file = kubeconfig.with_name("ca.crt")
    file.write_text(NOTE + await server.show("first"))
    access = find_access(kubeconfig)
    api = await ClusterApi.connect(kubeconfig, None)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(api.aclose)
        session = await stack.enter_async_context(
            open_session(access, InitialLists((), lambda: None), watches=0)
        )
        following = asyncio.create_task(follow_authority(access, api))
        stack.callback(following.cancel)
        assert await api.get("/version")

        second = await server.show("second")
        with pytest.raises(TryLater):
            await api.get("/version")
        # Half of it first: what cannot be read now is read at the next look.
        file.write_text(NOTE)
        await asyncio.sleep(0.3)
        file.write_text(NOTE + second[:40])
        await asyncio.sleep(0.3)
        file.write_text(NOTE + second)

        async def both() -> bool:
            try:
                async with session.get(f"{access.server}/version") as said:
                    return said.status == 200 and bool(await api.get("/version"))
            except (OSError, TryLater):
                return False

        async with asyncio.timeout(10):
            while not await both():  # noqa: ASYNC110 - nothing tells when it is believed
                await asyncio.sleep(0.05)
        assert api.distrusted_since is None


async def test_an_authority_that_stays_unknown_is_told_by_liveness(
    server, kubeconfig, monkeypatch
):
    kubeconfig.with_name("ca.crt").write_text(await server.show("first"))
    api = await ClusterApi.connect(kubeconfig, None)
    try:
        await server.show("second")
        with pytest.raises(TryLater):
            await api.get("/version")

        assert trusted(api)
        monkeypatch.setattr(api, "distrusted_since", api.distrusted_since - DISTRUST_MAX_S)
        assert not trusted(api)
    finally:
        await api.aclose()
