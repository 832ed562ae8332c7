"""What does `quayrobot check` make of what it saw?"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from quayrobot.app.commands.report.checks import (
    State,
    check_clock,
    check_definition,
    check_leader,
    check_operators,
    check_renewal,
    failed,
)
from quayrobot.app.commands.report.rights import NAMESPACED_RIGHTS, RIGHTS, Right, check_rights
from quayrobot.app.commands.report.served_namespaces import (
    check_connection_kinds,
    check_place,
    check_served,
    namespaces_of,
)
from quayrobot.model.conditions import Condition, ConditionType
from quayrobot.model.crd import DEFINITIONS, crd
from quayrobot.model.errors import QuayRobotError, Reason, Refused, TryLater
from quayrobot.model.resources.parse import parse_robot

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DEPLOY = Path(__file__).parents[3] / "deploy"
US = ("here", "operator")
ROBOTS = DEFINITIONS[0]
OWN = {"kind": "QuayConnection", "name": "own"}


def served(**changes: Any) -> dict[str, Any]:
    """Return a definition as the API server shows it, defaults of its own included."""
    body = copy.deepcopy(crd(ROBOTS))
    body["spec"]["conversion"] = {"strategy": "None"}
    body["status"] = {"conditions": [{"type": "Established", "status": "True"}]}
    return body | changes


def deployment(name: str = "operator", replicas: int = 1, ready: int = 1) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "here", "name": name},
        "spec": {"replicas": replicas},
        "status": {"readyReplicas": ready},
    }


@pytest.mark.parametrize(
    ("path", "rights"),
    [
        ("manifests/rbac.yaml", RIGHTS),
        ("manifests-namespaced/role/role.yaml", NAMESPACED_RIGHTS),
    ],
)
def test_the_rights_are_those_of_the_shipped_role(path, rights):
    documents = yaml.safe_load_all((DEPLOY / path).read_text())
    role = next(each for each in documents if "rules" in each)
    shipped = {
        Right(group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }

    assert set(rights) == shipped


def test_the_definition_of_this_version_is_fine():
    assert check_definition(ROBOTS, served()).state is State.FINE


def test_a_definition_that_is_missing_not_served_or_another_is_wrong():
    older = served()
    schema = older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    del schema["properties"]["spec"]["properties"]["suspend"]
    newer = served()
    schema = newer["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["later"] = {"type": "string"}

    assert check_definition(ROBOTS, None).state is State.WRONG
    assert check_definition(ROBOTS, served(status={})).state is State.WRONG
    assert check_definition(ROBOTS, older).words.endswith("spec.properties.suspend.")
    assert check_definition(ROBOTS, newer).words.endswith("spec.properties.later.")


def test_a_missing_right_is_named():
    verdict = check_rights("it", [Right("", "secrets", "delete")])

    assert verdict.words == "It may not delete secrets."
    assert check_rights("it", []).state is State.FINE
    assert check_rights("it", None).state is State.UNSEEN


def test_a_right_in_a_namespace_is_told_with_the_namespace():
    missing = check_rights("it", [Right("", "secrets", "get")], "team-a")

    assert missing.about == "rights of it in team-a"
    assert "a folder for team-a" in missing.cure
    assert check_rights("it", [], "team-a").words == "It has all 25 rights that it needs there."
    assert "localsubjectaccessreviews" in check_rights("it", None, "team-a").cure


def told(*words: str, env: list[dict[str, str]] | None = None, **pod: Any) -> dict[str, Any]:
    """Return a Deployment whose operator is told *words*."""
    containers = [{"name": "proxy"}, {"name": "operator", "args": ["run", *words], "env": env}]
    body = deployment()
    template = {"spec": {"serviceAccountName": "operator", "containers": containers, **pod}}
    return body | {"spec": {**body["spec"], "template": template}}


@pytest.mark.parametrize(
    ("there", "served"),
    [
        ([told("--namespaces=team-a, team-b")], ("team-a", "team-b")),
        ([told("--namespaces", "team-a")], ("team-a",)),
        ([told(env=[{"name": "QUAYROBOT_NAMESPACES", "value": "team-a"}])], ("team-a",)),
        ([told("--namespaces=a"), told("--namespaces=b,a")], ("a", "b")),
        ([told("--namespaces=a"), told()], ()),
        ([told("--namespaces=a", serviceAccountName="another")], ()),
        ([told(env=[{"name": "QUAYROBOT_NAMESPACES", "valueFrom": {}}])], ()),
        ([told()], ()),
        ([], ()),
        (None, ()),
    ],
)
def test_which_namespaces_are_served_is_read_from_the_deployment(there, served):
    assert served == namespaces_of(there, US)


def test_what_an_operator_of_named_namespaces_does_not_serve_is_no_fault_and_told():
    robots = [
        ("team-a/own", parse_robot("own", {"organization": "acme", "connectionRef": OWN})),
        ("team-a/all", parse_robot("all", {"organization": "acme"})),
    ]

    assert check_served(("team-a",)).state is State.FINE
    assert "ClusterQuayConnection" in check_served(("team-a",)).words
    verdict = check_connection_kinds(robots)
    assert verdict is not None
    assert verdict.words.startswith("team-a/all: refers to a ClusterQuayConnection")
    assert check_connection_kinds(robots[:1]) is None


def test_a_served_namespace_that_is_missing_or_on_its_way_out_is_told():
    going = check_place("a", {"metadata": {"name": "a", "deletionTimestamp": "now"}})
    missing = check_place("a", None)

    assert (missing is not None, going is not None) == (True, True)
    assert (missing.state, going.state) == (State.WRONG, State.DOUBTFUL)
    assert check_place("a", {"metadata": {"name": "a"}}) is None


@pytest.mark.parametrize(
    ("there", "state"),
    [
        ([deployment()], State.FINE),
        ([], State.WRONG),
        ([deployment(replicas=0)], State.WRONG),
        ([deployment(ready=0)], State.WRONG),
        ([deployment(replicas=2)], State.FINE),
        ([deployment(), deployment("other")], State.DOUBTFUL),
        (None, State.UNSEEN),
    ],
)
def test_one_operator_is_right(there, state):
    assert check_operators(there).state is state


def lease(holder="one", renewed="2026-11-24T11:59:50.000000Z"):
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": renewed}
    return {"spec": spec}


@pytest.mark.parametrize(
    ("there", "state", "says"),
    [
        (lease(), State.FINE, "one leads"),
        (lease(""), State.WRONG, "Nobody holds"),
        (lease(renewed="2026-11-24T11:50:00.000000Z"), State.WRONG, "600 s"),
        ({"spec": {}}, State.WRONG, "Nobody holds"),
        (None, State.DOUBTFUL, "no Lease"),
    ],
)
def test_who_leads_is_told(there, state, says):
    verdict = check_leader(there, NOW)

    assert (verdict.state, says in verdict.words) == (state, True)


@pytest.mark.parametrize(
    ("date", "state"),
    [
        ("Tue, 24 Nov 2026 12:00:20 GMT", State.FINE),
        ("Tue, 24 Nov 2026 12:05:00 GMT", State.DOUBTFUL),
        ("Tue, 24 Nov 2026 11:00:00 GMT", State.DOUBTFUL),
        ("yesterday", State.DOUBTFUL),
        (None, State.DOUBTFUL),
    ],
)
def test_a_clock_that_is_off_is_told(date, state):
    assert check_clock("Quay", date, NOW).state is state


def test_whatever_is_not_fine_says_what_helps():
    bad = [
        check_definition(ROBOTS, None),
        check_rights("it", None),
        check_rights("it", [Right("", "pods", "get")], "a"),
        check_operators([]),
    ]

    assert all(each.cure.endswith(".") for each in bad)


def renewed(status: str, reason: Reason) -> list[Condition]:
    ready = Condition(type=ConditionType.READY, status="True", reason=Reason.RECONCILED)
    kind = ConditionType.RENEWED
    return [ready, Condition(type=kind, status=status, reason=reason, message="it is so")]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "state", "helps"),
    [
        (Refused(Reason.CLUSTER_REFUSED, "you may not get secrets"), State.UNSEEN, "Ask somebody"),
        (TryLater(Reason.CLUSTER_UNAVAILABLE, "not now"), State.UNSEEN, "try again"),
        (Refused(Reason.CREDENTIAL_REFUSED, "no"), State.WRONG, "token"),
    ],
)
def test_what_the_caller_may_not_read_is_no_fault_of_the_installation(
    error: QuayRobotError, state: State, helps: str
):
    result = failed("something", error, State.WRONG)

    assert result.state is state
    assert helps in result.cure
    assert "deploy/manifests" not in result.cure


def test_a_renewal_in_trouble_is_a_warning_with_what_helps():
    (verdict,) = check_renewal("x", renewed("False", Reason.RENEWAL_FAILED))

    assert (verdict.state, verdict.words) == (State.DOUBTFUL, "It is so.")
    assert "get and update that Secret" in verdict.cure


def test_a_renewal_is_told_of_where_there_is_one():
    fine = renewed("True", Reason.RECONCILED)

    assert [each.state for each in check_renewal("x", fine)] == [State.FINE]
    assert check_renewal("x", fine[:1]) == []
