"""Is the Secret of a token held although somebody else writes it at the same time?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from quayrobot.cluster.secrets import Secrets
from quayrobot.model.errors import Conflict, Reason
from quayrobot.model.names import FINALIZER


class ApiServer:
    """Has one Secret, which somebody else writes first *overtaken* times, with *theirs*."""

    def __init__(self, overtaken: int, theirs: list[str]) -> None:
        self.version, self.held, self.writes = 1, list[str](), 0
        self._overtaken, self._theirs = overtaken, theirs

    async def get(self, _path: str) -> dict[str, Any]:
        meta = {"name": "token", "namespace": "shop", "uid": "u", "finalizers": self.held}
        return {"metadata": meta | {"resourceVersion": str(self.version)}}

    async def write(self, _method: str, _path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self._overtaken:
            self._overtaken -= 1
            self.version, self.held = self.version + 1, self._theirs
        if body["metadata"]["resourceVersion"] != str(self.version):
            raise Conflict(Reason.CLUSTER_UNAVAILABLE, "changed in the meantime")
        self.version, self.held = self.version + 1, body["metadata"]["finalizers"]
        self.writes += 1
        return body


def guard(server: ApiServer) -> None:
    api: Any = server
    asyncio.run(Secrets(api).guard("shop", "token"))


@pytest.mark.parametrize(
    ("theirs", "held", "writes"),
    [([FINALIZER], [FINALIZER], 0), (["other"], ["other", FINALIZER], 1)],
    ids=["another pass of ours", "somebody else"],
)
def test_who_comes_second_looks_again(theirs: list[str], held: list[str], writes: int):
    server = ApiServer(1, theirs)

    guard(server)

    assert (server.held, server.writes) == (held, writes)


def test_who_is_overtaken_again_and_again_says_so():
    with pytest.raises(Conflict):
        guard(ApiServer(9, ["other"]))
