"""What does `kubectl quayrobot status` say of a stored resource?"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from quayrobot.app.commands.render.tree import tree_of
from quayrobot.app.commands.report.robot import report_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
Body = dict[str, Any]


def condition(kind: str, status: str, reason: str, message: str = "said") -> Body:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def robot(*, spec: Body | None = None, status: Body | None = None, **meta: Any) -> Body:
    named = {"name": "ci", "namespace": "shop", "generation": 1, **meta}
    return {
        "metadata": named,
        "spec": {"organization": "acme", **(spec or {})},
        "status": status or {},
    }


def ready(**more: Any) -> Body:
    return {
        "observedGeneration": 1,
        "conditions": [condition("Ready", "True", "Reconciled")],
        "robot": {"fullName": "acme+ci", "createdAt": "Mon, 23 Nov 2026 07:53:29 -0000"},
        "secrets": [{"name": "ci", "digest": "sha256:1"}],
        **more,
    }


def shown(body: Body, connection: Body | None = None, *, place: bool = False) -> str:
    out = io.StringIO()
    Console(file=out, width=300).print(tree_of(report_of(body, connection), NOW, place=place))
    return out.getvalue()


def test_what_is_well_says_so_and_names_no_cure():
    said = shown(robot(status=ready()))

    assert said.startswith("quayrobot/ci  Ready\n")
    assert "robot: acme+ci, created 28h ago, never used" in said
    assert "secret/ci: DockerConfigJson\n" in said
    assert "fix" not in said


def test_a_robot_older_than_quays_memory_was_made_long_ago():
    old = {"fullName": "acme+ci", "createdAt": "1970-01-01T00:00:00Z", "adopted": True}

    assert "robot: acme+ci, created long ago, adopted" in shown(robot(status=ready(robot=old)))


def test_all_namespaces_name_the_namespace():
    assert shown(robot(status=ready()), place=True).startswith("quayrobot/ci in shop  Ready\n")


def test_what_is_wrong_is_told_once_with_what_helps():
    message = "Secret ci exists and is not owned by this resource"
    wrong = [
        condition("Ready", "False", "SecretNotOwned", message),
        condition("SecretsReady", "False", "SecretNotOwned", message),
        condition("Stalled", "True", "SecretNotOwned", message),
    ]

    said = shown(robot(status=ready(conditions=wrong, secrets=[])))

    assert said.startswith("quayrobot/ci  not Ready: SecretNotOwned\n")
    assert said.count(message) == 1
    assert "fix: Give the Secret another name in spec.secrets" in said
    assert "more: docs/operations.md#secretnotowned" in said
    assert "secret/ci: DockerConfigJson, not written" in said


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (robot(), "the operator has not processed it yet"),
        (robot(status=ready(), generation=2), "has not processed the last edit yet"),
    ],
)
def test_what_the_operator_did_not_see_is_told(body, words):
    said = shown(body)

    assert words in said
    assert "fix: Check that the operator runs" in said


def test_rights_tell_what_is_given_and_what_is_not():
    permissions = {
        "repositories": [{"name": "app", "role": "read"}, {"name": "lib", "role": "write"}],
        "teams": ["devs"],
    }
    given = {
        "repositories": [{"name": "app", "role": "read"}, {"name": "old", "role": "admin"}],
        "defaults": [{"role": "read", "creator": "bob"}],
    }

    said = shown(robot(spec={"permissions": permissions}, status=ready(grants=given)))

    assert "rights: Exact" in said
    assert "repository app: read\n" in said
    assert "repository lib: write, not granted" in said
    assert "repository old: admin, granted, no longer declared" in said
    assert "team devs, not granted" in said
    assert "default read on what bob makes, granted, no longer declared" in said


def test_what_is_not_declared_has_no_branch():
    said = shown(robot(status=ready()))

    assert "rights" not in said
    assert "federation" not in said


def test_rotation_tells_what_was_and_what_will_be():
    state = {"lastAt": "2026-11-20T12:00:00Z", "nextAt": "2026-11-25T12:00:00Z"}

    said = shown(robot(spec={"rotation": {"interval": "120h"}}, status=ready(rotation=state)))

    assert "interval: 120h" in said
    assert "last: 4d ago" in said
    assert "next: in 24h" in said


def test_a_robot_that_was_replaced_is_told_with_the_time_at_which_it_goes():
    before = {"fullName": "acme+ci", "slot": "main", "until": "2026-11-25T12:00:00Z"}
    spec = {"permissions": {}, "rotation": {"strategy": "Overlap", "overlap": "24h"}}

    said = shown(robot(spec=spec, status=ready(rotation={"retiring": before})))

    assert "previous robot acme+ci: deletion in 24h" in said
    assert "slot" not in said


def test_a_link_and_identities_are_named():
    link = {"serviceAccount": "default", "secret": "ci", "link": "imagePullSecrets"}
    identity = {"issuer": "https://ci.example", "subject": "job"}

    said = shown(
        robot(
            spec={"federation": {"identities": [identity, {"serviceAccount": "deployer"}]}},
            status=ready(links=[link]),
        )
    )

    assert "serviceaccount/default names it in imagePullSecrets" in said
    assert "job of https://ci.example" in said
    assert "serviceaccount/deployer of this namespace" in said


def test_a_connection_in_trouble_is_told_with_what_helps():
    trouble = {"status": {"conditions": [condition("Ready", "False", "QuayUnreachable", "away")]}}

    said = shown(robot(status=ready()), trouble)

    assert said.startswith("quayrobot/ci  Ready\n")
    assert "QuayUnreachable: away" in said
    assert "fix: Check that Quay works" in said


def test_fields_of_a_later_version_are_shown_as_they_are():
    said = shown(robot(spec={"color": {"deep": ["red"]}}, status=ready(shade=[{"of": "red"}])))

    assert "color.deep[0]: red" in said
    assert "shade[0].of: red" in said


def test_a_deletion_and_a_pause_stand_in_the_head():
    assert "being deleted" in shown(robot(status=ready(), deletionTimestamp="x")).split("\n")[0]
    assert "Ready, suspended" in shown(robot(spec={"suspend": True}, status=ready()))
