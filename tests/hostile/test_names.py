"""Can a name climb, cut a request in two, or pass for another one?"""

from __future__ import annotations

from typing import Any

from tests.crd.conftest import Api, collection
from tests.kit.installation import Tenant

from .conftest import Begin

NAMES = [
    "",
    ".",
    "..",
    "../x",
    "a/../b",
    "a/b",
    "/a",
    "a/",
    "%2e%2e",
    "a%2fb",
    "a?b",
    "a#b",
    "a;b",
    "a\\b",
    "a@b",
    "a+b",
    "a:b",
    "a b",
    " a",
    "a\t",
    "ci\n",
    "a\r\nX: y",
    "a\x00b",
    "a\u2028b",
    "\u0430pp",
    "\uff0e\uff0e",
    "a\u0301",
    "a\u200db",
    "a*",
    "{namespace}",
    "$(x)",
    "-a",
    "a" * 300,
]
# The places where a tenant writes a name that becomes part of a path or of a body.
FIELDS: dict[str, Any] = {
    "organization": lambda name: {"organization": name},
    "user": lambda name: {"organization": None, "user": name},
    "robotName": lambda name: {"robotName": name},
    "connectionRef": lambda name: {"connectionRef": {"kind": "QuayConnection", "name": name}},
    "team": lambda name: {"permissions": {"teams": [name]}},
    "creator": lambda name: {"permissions": {"defaults": [{"role": "read", "creator": name}]}},
    "secret": lambda name: {"secrets": [{"name": name}]},
    "account": lambda name: {
        "secrets": [{"name": "x", "serviceAccounts": [{"name": name}]}],
    },
}
# A repository's name may have parts.
REPOSITORIES = [each for each in NAMES if each != "a/b"]


def test_n10_a_hostile_name_is_refused_by_the_api_server_in_every_field(
    attack: Begin, tenant: Tenant, raw: Api
):
    tried = attack("N10 names")
    asked = [(field, make(name), name) for field, make in FIELDS.items() for name in NAMES]
    asked += [
        ("repository", {"permissions": {"repositories": [{"name": name, "role": "read"}]}}, name)
        for name in REPOSITORIES
    ]
    let_in = []
    for field, fields, name in asked:
        spec = {"organization": tenant.name, **fields}
        body = {
            "apiVersion": "quayrobot.io/v1alpha1",
            "kind": "QuayRobot",
            "metadata": {"name": "hostile"},
            "spec": {key: value for key, value in spec.items() if value is not None},
        }
        answer = raw.create(collection("QuayRobot", tenant.name), body, dry=True)
        if answer.status_code != 422:
            let_in.append((field, name))
        tried.variant(f"{field} {name!r}")

    assert let_in == []


def test_n10_names_that_look_alike_stay_apart(attack: Begin, victim: Tenant, tenant: Tenant):
    # Quay's list takes `_` for any character: what is not ours by its whole name is dropped.
    alike = [tenant.name.replace("-", "_"), tenant.name.replace("-", ".")]
    attack("N10 look-alikes", *alike)
    for name in alike:
        tenant.house.quay.admin("organization", name=name)
        tenant.house.quay.admin("robot", name=f"{name}+ci")
    strangers = {name: tenant.house.quay.admin("robot/show", name=f"{name}+ci") for name in alike}

    tenant.robot(organization=alike[0], robotName="mine")
    tenant.robot("second")
    tenant.wait_ready()
    tenant.wait_ready("second")
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=30s")

    for name, before in strangers.items():
        assert tenant.house.quay.admin("robot/show", name=f"{name}+ci") == before
    assert victim.logs_in()
