"""What is told of an answer of the API server, and what is kept to ourselves?"""

from __future__ import annotations

import pytest

from quayrobot.cluster.refusals import failure
from quayrobot.model.errors import Conflict, Reason, Refused, TryLater

PATH = "/api/v1/namespaces/shop/secrets/ci"
FORBIDDEN = 'secrets "ci" is forbidden: '
FOREIGN = "s3cret-words"

# As kube-apiserver 1.37.2 words them.
ANSWERS = {
    "webhook": (
        400, f'admission webhook "validate.kyverno.svc-fail" denied the request: {FOREIGN}',
        Refused, Reason.ADMISSION_DENIED, "webhook validate.kyverno.svc-fail denies",
    ),
    "webhook, that says 403": (
        403, f'admission webhook "a.b" denied the request: exceeded quota: {FOREIGN}',
        Refused, Reason.ADMISSION_DENIED, "webhook a.b denies",
    ),
    "webhook, that says 409": (
        409, 'admission webhook "a.b" denied the request without explanation',
        Refused, Reason.ADMISSION_DENIED, "webhook a.b denies",
    ),
    "webhook of no shape": (
        403, f'admission webhook "A {FOREIGN}" denied the request',
        Refused, Reason.ADMISSION_DENIED, "an admission plugin",
    ),
    "policy": (
        422, f"{FORBIDDEN}ValidatingAdmissionPolicy 'no.x' with binding 'b' denied request: x",
        Refused, Reason.ADMISSION_DENIED, "policy no.x denies",
    ),
    "policy, that says 401": (
        401, f"{FORBIDDEN}ValidatingAdmissionPolicy 'no.x' denied request: {FOREIGN}",
        Refused, Reason.ADMISSION_DENIED, "policy no.x denies",
    ),
    "mutating policy": (
        403, f"{FORBIDDEN}policy 'mut' with binding 'b' denied request: {FOREIGN}",
        Refused, Reason.ADMISSION_DENIED, "policy mut denies",
    ),
    "another plugin": (
        403, f"{FORBIDDEN}{FOREIGN}",
        Refused, Reason.ADMISSION_DENIED, "an admission plugin",
    ),
    "quota": (
        403, f"{FORBIDDEN}exceeded quota: few, requested: secrets=1, used: secrets=3, limited: 3",
        Refused, Reason.QUOTA_EXCEEDED, "ResourceQuota few ",
    ),
    "quota that does not know yet": (
        403, f"{FORBIDDEN}status unknown for quota: few, resources: secrets",
        Refused, Reason.QUOTA_EXCEEDED, "ResourceQuota few ",
    ),
    "right": (
        403, f'{FORBIDDEN}User "{FOREIGN}" cannot update resource "secrets" in API group ""',
        Refused, Reason.CLUSTER_REFUSED, "the operator may not update secrets in namespace shop",
    ),
    "right to a path that is no object's": (
        403, f'forbidden: User "{FOREIGN}" cannot get path "/apis"',
        Refused, Reason.CLUSTER_REFUSED, "the operator may not update secrets",
    ),
    "right, where a name says quota": (
        403, 'secrets "ci" is forbidden: User "exceeded quota: x" cannot get resource "secrets"',
        Refused, Reason.CLUSTER_REFUSED, "the operator may not",
    ),
    "not valid": (
        422, f'Secret "ci" is invalid: data: {FOREIGN}',
        Refused, Reason.CLUSTER_REFUSED, "does not accept",
    ),
    "conflict": (
        409, f'Operation cannot be fulfilled on secrets "ci": {FOREIGN}',
        Conflict, Reason.CLUSTER_UNAVAILABLE, "changed",
    ),
    "webhook away": (
        500, f'Internal error occurred: failed calling webhook "a.b": failed to call: {FOREIGN}',
        TryLater, Reason.CLUSTER_UNAVAILABLE, "webhook a.b does not answer",
    ),
    "overload": (429, FOREIGN, TryLater, Reason.CLUSTER_UNAVAILABLE, "status 429"),
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_each_refusal_has_its_reason_and_names_what_refused(answer):
    status, message, kind, reason, said = ANSWERS[answer]

    error = failure("the operator", "update", PATH, status, {"message": message})

    assert (type(error), error.reason) == (kind, reason)
    assert said in error.message
    assert FOREIGN not in error.message


FAULTS = {
    "too large": ([("FieldValueTooLong", "data")], ": data is too long"),
    "of two fields, and one twice": (
        [("FieldValueInvalid", "metadata.name"), ("FieldValueTooLong", "metadata.annotations"),
         ("FieldValueInvalid", "metadata.name")],
        ": metadata.annotations is too long, metadata.name is not valid",
    ),
    "at a key that somebody chose": (
        [("FieldValueInvalid", f"data[{FOREIGN}]")], ": data is not valid",
    ),
    "at a place of no shape": ([("FieldValueInvalid", f"{FOREIGN}: x")], ""),
    "nowhere": ([], ""),
    "of no shape": ([None], ""),
    "of more fields than anybody reads": (
        [("FieldValueInvalid", f"spec.{each}") for each in "abcde"],
        ": spec.a is not valid, spec.b is not valid, spec.c is not valid",
    ),
}  # fmt: skip


@pytest.mark.parametrize("answer", FAULTS)
def test_what_is_not_accepted_is_named_by_its_field(answer):
    found, said = FAULTS[answer]
    causes = [each and {"reason": each[0], "field": each[1], "message": FOREIGN} for each in found]
    body = {"message": f'Secret "ci" is invalid: {FOREIGN}', "details": {"causes": causes}}

    error = failure("the operator", "create", PATH, 422, body)

    assert (
        error.message.removeprefix(
            "the API server does not accept what the operator wrote to secrets in namespace shop"
        )
        == said
    )


@pytest.mark.parametrize(
    ("verb", "path", "said"),
    [
        ("read", "/api/v1/namespaces/shop/secrets/ci", "get secrets in namespace shop"),
        ("read", "/api/v1/namespaces/shop/secrets", "list secrets in namespace shop"),
        ("read", "/api/v1/secrets?limit=1", "list secrets"),
        ("read", "/api/v1/namespaces", "list namespaces"),
        ("read", "/api/v1/namespaces/kube-system", "get namespaces"),
        ("read", "/apis", "read the list of kinds"),
        ("create", "/api/v1/namespaces/shop/serviceaccounts/ci/token",
         "create serviceaccounts/token in namespace shop"),
        ("update", "/apis/quayrobot.io/v1alpha1/namespaces/shop/quayrobots/ci/status",
         "update quayrobots/status in namespace shop"),
        ("update", "/apis/quayrobot.io/v1alpha1/clusterquayrobots/all/status",
         "update clusterquayrobots/status"),
    ],
)  # fmt: skip
def test_a_missing_right_is_told_as_a_role_gives_it(verb: str, path: str, said: str):
    error = failure("the operator", verb, path, 403, {})

    assert error.message == f"the operator may not {said}"


def test_a_namespace_that_is_going_is_waited_for():
    causes = {"causes": [{"reason": "NamespaceTerminating", "message": FOREIGN}]}
    body = {"message": f"{FORBIDDEN}unable to create new content", "details": causes}

    error = failure("the operator", "create", PATH, 403, body)

    assert (type(error), error.reason) == (TryLater, Reason.NAMESPACE_TERMINATING)


@pytest.mark.parametrize(
    ("asked", "waits"), [(2, 2.0), (0, None), (-1, None), ("soon", None), (86_400, 60.0)]
)
def test_a_pause_that_is_asked_for_is_kept_if_it_is_one(asked: object, waits: float | None):
    body = {"message": "too many requests", "details": {"retryAfterSeconds": asked}}

    for status in (429, 500, 503, 504):
        error = failure("the operator", "update", PATH, status, body)

        assert isinstance(error, TryLater)
        assert error.retry_after == waits
