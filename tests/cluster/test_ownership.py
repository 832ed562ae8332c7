"""Do managed fields tell when a value was written?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quayrobot.cluster.ownership import data_written_at, declared_by, other_manager, our_fields

EARLY, LATE = "2026-11-26T11:00:00Z", "2026-11-26T12:00:00Z"


def entry(time: str | None, *keys: str, manager: str = "quay") -> dict[str, object]:
    fields = {"f:data": {".": {}, **{f"f:{key}": {} for key in keys}}} if keys else {"f:type": {}}
    return {"manager": manager, "fieldsV1": fields} | ({"time": time} if time else {})


@pytest.mark.parametrize(
    ("entries", "written"),
    [
        pytest.param([entry(EARLY, "token")], EARLY, id="by who wrote it"),
        pytest.param(
            [entry(EARLY, "token"), entry(LATE, "other"), entry(LATE)], EARLY, id="not by others"
        ),
        pytest.param(
            [entry(LATE, "token"), entry(EARLY, "token")], EARLY, id="by the first of two owners"
        ),
        pytest.param([entry(None, "token")], None, id="without a time"),
        pytest.param([entry(EARLY, "other")], None, id="without an owner"),
        pytest.param([{"manager": "quay", "time": EARLY}], None, id="without fields"),
        pytest.param([], None, id="without entries"),
    ],
)
def test_a_value_is_as_old_as_its_owner_says(entries, written):
    expected = datetime.fromisoformat(written).astimezone(UTC) if written else None

    assert expected == data_written_at({"managedFields": entries}, "token")


def test_an_object_without_managed_fields_tells_nothing():
    assert data_written_at({}, "token") is None


def managed(manager: str, fields: dict, time: str = "2026-01-01T00:00:00Z") -> dict:
    return {"manager": manager, "fieldsV1": fields, "time": time}


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("metadata.labels[app.kubernetes.io/x]",
         {"f:metadata": {"f:labels": {"f:app.kubernetes.io/x": {}}}}),
        ("data[.dockerconfigjson]", {"f:data": {"f:.dockerconfigjson": {}}}),
        ("imagePullSecrets[ci]", {"f:imagePullSecrets": {}}),
        ("metadata.ownerReferences", {"f:metadata": {"f:ownerReferences": {"k:{}": {}}}}),
        ("type", {"f:type": {}}),
    ],
)  # fmt: skip
def test_who_else_has_a_field_is_told_by_the_last_of_them(field, fields):
    meta = {"managedFields": [
        managed("earlier", fields),
        managed("quay-robot-operator", fields, "2026-01-03T00:00:00Z"),
        managed("argocd-controller", fields, "2026-01-02T00:00:00Z"),
        managed("somebody", {"f:other": {}}, "2026-01-04T00:00:00Z"),
    ]}  # fmt: skip

    assert other_manager(meta, field) == "argocd-controller"
    assert other_manager({"managedFields": [managed("free text!", fields)]}, field) is None
    assert other_manager({}, field) is None


LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
NAMED = {"f:imagePullSecrets": {}}


def applied(last: str) -> dict:
    return {"annotations": {LAST_APPLIED: last}}


@pytest.mark.parametrize(
    ("meta", "by"),
    [
        pytest.param(
            {"managedFields": [managed("flux", NAMED) | {"operation": "Apply"}]}, "flux",
            id="server-side apply",
        ),
        pytest.param(
            {"managedFields": [managed("helm", NAMED) | {"operation": "Update"}]}, "helm",
            id="Helm 3 updates what its manifest says",
        ),
        pytest.param(
            {"managedFields": [managed("kubectl-edit", NAMED) | {"operation": "Update"}]}, None,
            id="an edit by hand is no manifest",
        ),
        pytest.param(
            {"managedFields": [managed("quay-robot-operator", NAMED) | {"operation": "Apply"}]},
            None, id="ours",
        ),
        pytest.param(
            {"managedFields": [managed("two words", NAMED) | {"operation": "Apply"}]}, None,
            id="free text is nobody's name",
        ),
        pytest.param(
            {"managedFields": [managed("flux", {"f:secrets": {}}) | {"operation": "Apply"}]}, None,
            id="another field",
        ),
        pytest.param(applied('{"imagePullSecrets": []}'), "kubectl apply", id="kubectl, empty"),
        pytest.param(applied('{"secrets": []}'), None, id="kubectl, another field"),
        pytest.param(applied("{"), None, id="what is no JSON says nothing"),
        pytest.param(applied('"imagePullSecrets"'), None, id="a text is no manifest"),
        pytest.param({}, None, id="nothing"),
    ],
)  # fmt: skip
def test_who_declares_a_field_is_read_from_what_the_api_server_notes(meta, by):
    assert by == declared_by(meta, "imagePullSecrets")


def test_what_was_noted_with_the_finalizer_is_no_annotation_that_somebody_asked_for():
    fields = {"f:metadata": {"f:annotations": {"f:quayrobot.io/made-at": {}, "f:team": {}}}}
    meta = {"managedFields": [managed("quay-robot-operator", fields)]}

    assert our_fields(meta, "f:annotations") == {"team"}
