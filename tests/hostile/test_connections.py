"""Where does a tenant's connection lead, and whose connection can a tenant use?"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from tests.crd.conftest import Api, collection
from tests.kit.installation import Installation, Tenant
from tests.kit.operating import NAMESPACE, USER
from tests.kit.processes import wait_for

from .conftest import Begin

ORPHAN = '{"spec":{"deletionPolicy":"Orphan"}}'
OWN = {"kind": "QuayConnection", "name": "own"}


def _ready(tenant: Tenant, name: str) -> tuple[str, str]:
    body = tenant.get(name, "quayconnection") or {}
    conditions = (body.get("status") or {}).get("conditions") or [{}]
    return conditions[0].get("reason", ""), conditions[0].get("message", "")


def _inside(tenant: Tenant) -> dict[str, str]:
    """The ways to write an address that no tenant's connection may lead to."""
    around = tenant.house.surroundings
    assert around is not None
    port = around.inside.port
    around.name(
        metadata=["169.254.169.254"],
        azure=["168.63.129.16"],
        inside=["127.0.0.4"],
        mapped=["::ffff:127.0.0.4"],
        both=["127.0.0.4", "fe80::1"],
    )
    return {
        "metadata": "http://169.254.169.254",
        "metadata-mapped": "http://[::ffff:a9fe:a9fe]",
        "metadata-translated": "http://[64:ff9b::a9fe:a9fe]",
        "metadata-number": "http://2852039166",
        "metadata-hex": "http://0xa9fea9fe",
        "metadata-short": "http://169.254.43518",
        "metadata-name": "http://metadata.test",
        "azure": "http://azure.test",
        "link-local": "http://[fe80::1]",
        "unspecified": f"http://0.0.0.0:{port}",
        "unspecified-6": f"http://[::]:{port}",
        "multicast": "http://224.0.0.1",
        "inside": f"http://127.0.0.4:{port}",
        "inside-mapped": f"http://[::ffff:7f00:4]:{port}",
        "inside-number": f"http://2130706436:{port}",
        "inside-short": f"http://127.4:{port}",
        "inside-name": f"http://inside.test:{port}",
        "inside-capitals": f"http://INSIDE.TEST:{port}",
        "inside-name-mapped": f"http://mapped.test:{port}",
        "inside-both": f"http://both.test:{port}",
    }


def test_n11_n13_a_tenants_connection_leads_to_no_place_that_is_refused(
    attack: Begin, tenant: Tenant
):
    urls = _inside(tenant)
    attack("N11 to N13 addresses", *urls)
    tenant.connection()
    tenant.connections({name: {"url": url} for name, url in urls.items()})
    tenant.robots(
        {
            name: {"connectionRef": OWN | {"name": name}}
            for name in ("metadata-name", "inside-name")
        }
    )

    expected = dict.fromkeys(urls, "HostRefused")
    wait_for(
        lambda: {name: _ready(tenant, name)[0] for name in urls} == expected,
        f"all refused, not { {name: _ready(tenant, name)[0] for name in urls} }",
        timeout_s=40,
    )
    for name in ("metadata-name", "inside-name"):
        tenant.wait_reason("HostRefused", name)
        # Which address it is would tell of names that only the operator can resolve.
        for words in (_ready(tenant, name)[1], tenant.condition(name)["message"]):
            assert "169.254" not in words
            assert "127.0.0" not in words

    # No robot is known to be there, and none known not to be: who has them says so.
    tenant.kubectl("patch", "quayrobot", "metadata-name", "--type=merge", "-p", ORPHAN)
    tenant.kubectl("patch", "quayrobot", "inside-name", "--type=merge", "-p", ORPHAN)
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")


def test_n13_a_name_that_changes_between_look_and_call_gains_nothing(
    attack: Begin, tenant: Tenant
):
    house, around = tenant.house, tenant.house.surroundings
    assert around is not None
    attack("N13 names", "to a refused address", "back again")
    # The same port inside: what is dialled there would be heard.
    around.name(moves=["127.0.0.1"])
    tenant.connection(url=f"http://moves.test:{house.quay.port}")
    tenant.robot("before", connectionRef=OWN)
    tenant.wait_ready("before")

    around.name(moves=["127.0.0.4"])
    tenant.robot("after", connectionRef=OWN)
    tenant.wait_reason("HostRefused", "after")
    assert tenant.in_quay("after") is None

    around.name(moves=["127.0.0.4", "127.0.0.1"])
    tenant.robot("between", connectionRef=OWN)
    tenant.wait_ready("between")

    # As long as the name leads where it may not, the robots cannot go.
    around.name(moves=["127.0.0.1"])
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")


def test_n13_a_redirect_is_no_order(attack: Begin, tenant: Tenant):
    house, around = tenant.house, tenant.house.surroundings
    assert around is not None
    targets = {
        "elsewhere": around.elsewhere.url,
        "inside": around.inside.url,
        "here": house.quay.url,
        "file": "file:///etc/passwd",
    }
    tried = attack("N13 redirects")
    for status in (301, 302, 303, 307, 308):
        for name, target in targets.items():
            short = f"r{status}-{name}"
            house.quay.admin(
                "fault",
                operation="robot.create",
                path=f"/robots/{short}$",
                status=status,
                headers={"Location": f"{target}/api/v1/organization/{tenant.name}/robots/stolen"},
                count=1,
            )
            tried.variant(short)
    tenant.robots({short: {} for short in tried.variants})

    wait_for(
        lambda: all(tenant.condition(short).get("status") == "True" for short in tried.variants),
        "each came to its robot in the end",
        timeout_s=60,
    )
    assert tenant.in_quay("stolen") is None
    assert len(tried.variants) == 20


# What is no place of a registry -------------------------------------------------------

BAD_URLS = [
    "file:///etc/passwd",
    "ftp://quay.example.com",
    "quay.example.com",
    "//quay.example.com",
    "javascript:alert(1)",
    "https://user@quay.example.com",
    "https://user:password@quay.example.com",
    "https://quay.example.com@169.254.169.254",
    "https://quay.example.com/path",
    "https://quay.example.com/../..",
    "https://quay.example.com?a=b",
    "https://quay.example.com#f",
    "https://quay.example.com:99999999",
    "https://quay.example.com:",
    "https://quay.example.com:8o",
    "https://quay.example.com\\@evil.example",
    "https://quay .example.com",
    "https://quay.example.com\n",
    "https://quay.example.com\r\nHost: evil",
    "https://b\u00fccher.example",
    "https://quay\u3002example",
    "https://qu\u0430y.example.com",
    "https://%31%32%37.0.0.1",
    "https://[::1%25eth0]",
    "https://",
    "http://quay.example.com",
    " https://quay.example.com",
]
BAD_BUNDLES = ["", "x" * 262145]


def test_n10_n11_n15_what_is_no_url_and_no_bundle_is_refused_by_the_api_server(
    attack: Begin, tenant: Tenant, raw: Api
):
    tried = attack("N11 and N15 definitions")
    refused = [
        *(({"url": url}, url) for url in BAD_URLS),
        *(({"caBundle": each}, f"a bundle of {len(each)}") for each in BAD_BUNDLES),
    ]
    spec = {"url": "https://quay.example.com", "credentials": {"secretRef": {"name": "t"}}}
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("QuayConnection", {}),
        ("ClusterQuayConnection", {"access": []}),
    ]
    for kind, more in kinds:
        ref = {"name": "t", **({"namespace": NAMESPACE} if more else {})}
        for fields, words in refused:
            body = {
                "apiVersion": "quayrobot.io/v1alpha1",
                "kind": kind,
                "metadata": {"name": "bad"},
                "spec": {**spec, **more, "credentials": {"secretRef": ref}, **fields},
            }
            answer = raw.create(collection(kind, tenant.name), body, dry=True)
            assert answer.status_code == 422, f"{words!r} for {kind}: {answer.text}"
            tried.variant(f"{kind} {words!r}")


def test_n15_a_bundle_that_is_no_certificate_is_told_and_nothing_is_sent(
    attack: Begin, tenant: Tenant
):
    around = tenant.house.surroundings
    assert around is not None
    bundles = {
        "words": "trust me",
        "empty": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    }
    attack("N15 bundles", *bundles)
    tenant.connection()
    url = f"https://127.0.0.3:{around.elsewhere.port}"
    tenant.connections({name: {"url": url, "caBundle": each} for name, each in bundles.items()})

    wait_for(
        lambda: all("caBundle" in _ready(tenant, name)[1] for name in bundles),
        "each to be told",
    )


# Whose connection it is ----------------------------------------------------------------


def _writes(tenant: Tenant, name: str, since: int) -> Counter[str]:
    """Count what the operator wrote of or about one resource after audit entry *since*."""
    found = (
        f"{each.verb} {each.resource}{'/' * bool(each.subresource)}{each.subresource}"
        for each in tenant.house.plane.audit()[since:]
        if each.user == USER and each.write and each.namespace == tenant.name
        if each.name.partition(".")[0] == name
    )
    return Counter(found)


def _told_of(tenant: Tenant, hidden: str, name: str = "absent") -> str:
    """Return what the robot *name* says of its hidden connection, in place of the absent one."""
    message: str = tenant.condition(name)["message"]
    return message.replace(f"{hidden}-{name}", f"{hidden}-absent")


def test_n4_n5_a_connection_of_another_is_as_if_it_were_not_there(
    attack: Begin, victim: Tenant, tenant: Tenant, house: Installation
):
    victim.connection("theirs")
    hidden = f"hidden-{tenant.name}"
    never = [{"namespaces": {"matchLabels": {"never": "there"}}, "organizations": ["*"]}]
    broken = {
        "healthy": {},
        "no-secret": {"credentials": {"secretRef": {"name": "not-there", "namespace": NAMESPACE}}},
        "wrong-token": {"token": "x" * 40},
        "down": {"url": "http://127.0.0.1:9"},
        "bad-bundle": {"caBundle": "x"},
        "wrong-key": {
            "credentials": {
                "secretRef": {"name": "token-default", "namespace": NAMESPACE, "key": "not-there"}
            }
        },
        # The pattern of the definition lets it through, and it is none.
        "not-valid": {"url": "https://[:::::]"},
    }
    begun, called = len(house.plane.audit()), house.quay.mark()
    for name, fields in broken.items():
        house.cluster_connection(f"{hidden}-{name}", access=never, **fields)
    # The Secret of the other namespace cannot be named either. It comes first: words about
    # connections that are not there name those of the namespace.
    tenant.connections({"borrows": {"credentials": {"secretRef": {"name": "token-theirs"}}}})
    wait_for(lambda: _ready(tenant, "borrows")[0] == "ConnectionNotReady", "no Secret to borrow")
    tried = attack("N4 and N5")
    absent = {"kind": "ClusterQuayConnection", "name": f"{hidden}-absent"}
    tenant.robot("absent", connectionRef=absent)
    refs = {name: absent | {"name": f"{hidden}-{name}"} for name in broken}
    refs["theirs"] = OWN | {"name": "theirs"}
    tenant.robots({name: {"connectionRef": ref} for name, ref in refs.items()})
    for name in (*refs, "borrows"):
        tried.variant(name)

    for name in ("absent", *refs):
        tenant.wait_reason("ConnectionNotFound", name)
    assert "QuayConnection borrows" in _told_of(tenant, hidden)
    for name in broken:
        said = partial(_told_of, tenant, hidden)
        wait_for(lambda name=name, said=said: said(name) == said(), f"the words of {name}")
    # What the operator does about each is the same too, and Quay is not asked at all.
    wait_for(lambda: _writes(tenant, "absent", begun)["create events"], "told")
    expected = _writes(tenant, "absent", begun)
    assert set(expected) == {"update quayrobots/status", "create events"}
    wait_for(
        lambda: all(_writes(tenant, name, begun) == expected for name in broken),
        f"equal work: { {name: _writes(tenant, name, begun) for name in broken} }",
    )
    assert tenant.operations(called) == []
    for name in broken:
        house.plane.kubectl("delete", "clusterquayconnection", f"{hidden}-{name}", "--wait=false")
