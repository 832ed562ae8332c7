"""Are a note and a name cut to what the API server takes?"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from datetime import UTC, datetime

import pytest

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.events import MOST, Recorder, cut_note, name_event
from tests.kit.controlplane import ControlPlane


def event(note: str, name: str | None = None) -> str:
    body = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name or f"n{uuid.uuid4().hex[:8]}", "namespace": "default"},
        "eventTime": "2026-11-24T03:00:00.000000Z",
        "reportingController": "test.example/test",
        "reportingInstance": "test",
        "action": "Test",
        "type": "Normal",
        "reason": "Test",
        "note": note,
        "regarding": {"kind": "Namespace", "name": "default", "namespace": "default"},
    }
    return json.dumps(body)


@pytest.mark.parametrize("letter", ["a", "é", "…", "\N{GRINNING FACE}"])
def test_the_longest_note_is_taken_and_one_letter_more_is_not(
    letter: str, control_plane: ControlPlane
):
    long = cut_note("x" + letter * 2000)

    assert control_plane.kubectl_answer("create", "-f", "-", stdin=event(long)) is None
    refused = control_plane.kubectl_answer("create", "-f", "-", stdin=event(long + letter))
    assert refused is not None
    assert "1024" in refused
    assert cut_note("short") == "short"


@pytest.mark.parametrize("joint", ["a", "-", "."])
def test_an_event_about_the_longest_name_is_taken(joint: str, control_plane: ControlPlane):
    unique = uuid.uuid4().hex
    # A label of a name has 63 characters at most; the cut falls right behind *joint*.
    start = ".".join([unique, "x" * 60, "y" * 60])
    about = f"{start}.{'z' * (200 - len(start) - 2)}{joint}{'w' * 9}"
    name = name_event(about, "0123456789ab")

    assert len(about[:200]) == 200
    assert about[199] == joint
    assert control_plane.kubectl_answer("create", "-f", "-", stdin=event("x", name)) is None


async def test_a_right_that_is_missing_is_told_by_name_and_once(control_plane: ControlPlane):
    nobody = control_plane.service_account_kubeconfig("default", "default")
    api = await ClusterApi.connect(nobody, None, env_proxies=False)
    told: list[str] = []
    recorder = Recorder(api, now=lambda: datetime.now(UTC), suffix=lambda: uuid.uuid4().hex[:8],
                        posted=lambda *_: None, refused=told.append)  # fmt: skip
    about = control_plane.get("namespace", "default")
    assert about is not None

    for _ in range(2):
        recorder.emit(about, kind="Namespace", warning=False, reason="Test", note="x")
    writing = asyncio.create_task(recorder.write_forever())
    await recorder.settle(20)
    writing.cancel()

    assert told == ["the operator may not create events in namespace default"]
    await api.aclose()


async def test_one_that_nobody_foresaw_does_not_silence_the_next(control_plane: ControlPlane):
    api = await ClusterApi.connect(control_plane.kubeconfig, None, env_proxies=False)
    posted: list[str] = []
    failed: list[str] = []
    recorder = Recorder(api, now=lambda: datetime.now(UTC), suffix=lambda: uuid.uuid4().hex[:8],
                        posted=lambda _, reason: posted.append(reason),
                        failed=failed.append)  # fmt: skip
    about = control_plane.get("namespace", "default")
    assert about is not None
    odd = {**about, "metadata": {**about["metadata"], "uid": object()}}

    for body, reason in ((odd, "Odd"), (about, "Plain")):
        recorder.emit(body, kind="Namespace", warning=False, reason=reason, note="x")
    writing = asyncio.create_task(recorder.write_forever())
    await recorder.settle(20)
    writing.cancel()

    assert posted == ["Plain"]
    assert len(failed) == 1
    await api.aclose()


async def test_those_of_one_object_are_written_in_their_order(control_plane: ControlPlane):
    api = await ClusterApi.connect(control_plane.kubeconfig, None, env_proxies=False)
    posted: list[str] = []
    recorder = Recorder(api, now=lambda: datetime.now(UTC), suffix=lambda: uuid.uuid4().hex[:8],
                        posted=lambda _, reason: posted.append(reason))  # fmt: skip
    about = control_plane.get("namespace", "default")
    assert about is not None
    objects = [
        {**about, "metadata": {**about["metadata"], "uid": f"u{each}"}} for each in range(8)
    ]

    for turn in range(6):
        for number, body in enumerate(objects):
            reason = f"O{number}T{turn}"
            recorder.emit(body, kind="Namespace", warning=False, reason=reason, note="x")
    writing = asyncio.create_task(recorder.write_forever())
    await recorder.settle(40)
    writing.cancel()

    assert len(posted) == 48
    for number in range(8):
        mine = [each for each in posted if each.startswith(f"O{number}T")]
        assert mine == [f"O{number}T{turn}" for turn in range(6)]
    # Not one after the other: several writers are at work.
    assert posted != [f"O{number}T{turn}" for turn in range(6) for number in range(8)]
    await api.aclose()


async def test_each_that_is_given_up_is_counted_and_a_burst_is_told_once(
    control_plane: ControlPlane,
):
    nobody = control_plane.service_account_kubeconfig("default", "default")
    api = await ClusterApi.connect(nobody, None, env_proxies=False)
    dropped: Counter[str] = Counter()
    bursts: list[int] = []
    recorder = Recorder(api, now=lambda: datetime.now(UTC), suffix=lambda: uuid.uuid4().hex[:8],
                        posted=lambda *_: None, dropped=lambda cause: dropped.update([cause]),
                        overflowed=bursts.append)  # fmt: skip
    about = control_plane.get("namespace", "default")
    assert about is not None

    def burst() -> None:
        for _ in range(MOST + 3):
            recorder.emit(about, kind="Namespace", warning=False, reason="Test", note="x")

    burst()
    assert (dropped, bursts) == ({"queue_full": 3}, [MOST])

    writing = asyncio.create_task(recorder.write_forever())
    await recorder.settle(60)
    # Nobody may write Events here: those that were not given up before are now.
    assert dropped == {"queue_full": 3, "not_written": MOST}
    burst()
    writing.cancel()

    assert (dropped["queue_full"], bursts) == (6, [MOST, MOST])
    await api.aclose()
