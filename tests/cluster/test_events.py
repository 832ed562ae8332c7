"""Is a note cut to what the API server takes, which counts bytes?"""

from __future__ import annotations

import json
import uuid

import pytest

from quayrobot.cluster.events import cut_note
from tests.kit.controlplane import ControlPlane


def event(note: str) -> str:
    body = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": f"n{uuid.uuid4().hex[:8]}", "namespace": "default"},
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
