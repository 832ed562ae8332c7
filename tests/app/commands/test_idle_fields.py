"""Is it told what a manifest says without effect?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.app.commands.access.documents import Document
from quayrobot.app.commands.access.idle_fields import idle_fields


def robot(rotation: Any) -> Document:
    return Document("QuayRobot", "shop", "ci", {"spec": {"rotation": rotation}})


def cluster_robot(rotation: Any) -> Document:
    body = {"spec": {"template": {"spec": {"rotation": rotation}}}}
    return Document("ClusterQuayRobot", None, "pull", body)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (robot({"overlap": "2h"}), "QuayRobot ci: spec.rotation.overlap "),
        (robot({"overlap": "2h", "strategy": "InPlace"}), "QuayRobot ci: spec.rotation.overlap "),
        (
            cluster_robot({"overlap": "2h", "interval": "24h"}),
            "ClusterQuayRobot pull: spec.template.spec.rotation.overlap ",
        ),
    ],
)
def test_an_overlap_without_its_strategy_is_told(document: Document, place: str):
    (told,) = idle_fields(document)

    assert told.startswith(place)
    assert "strategy: Overlap" in told


@pytest.mark.parametrize(
    "document",
    [
        robot({"overlap": "2h", "strategy": "Overlap"}),
        robot({"interval": "24h"}),
        robot(None),
        cluster_robot("soon"),
        Document("QuayConnection", "shop", "own", {"spec": {"rotation": {"overlap": "2h"}}}),
        Document("QuayRobot", "shop", "ci", {"spec": None}),
    ],
)
def test_what_has_an_effect_or_is_no_rotation_is_not(document: Document):
    assert list(idle_fields(document)) == []
