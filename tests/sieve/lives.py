"""
What happens to the robots of a tenant, one act after the other?

Together the lives cover the workloads of an operator like this one, from the creation
of a robot to the restore of a backup. Each act is a user's, or that of somebody with
rights in Quay or in the cluster; what the operator does about it is no act.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.kit.canary import oauth_token
from tests.kit.crashing import AFTER, BEFORE
from tests.kit.processes import wait_for

from .stage import ROBOTS, Site

__all__ = ["LIVES", "Act", "Life"]

# False: it cannot be done yet, and is tried again.
Act = Callable[[Site], object]
ISSUER = "https://ci.example.com"
ONE = {"identities": [{"issuer": ISSUER, "subject": "repo:shop/app"}]}
TWO = {"identities": [{"issuer": ISSUER, "subject": "repo:shop/lib"}]}
KEYLESS = {"type": "Federated", "serviceAccount": "one"}
OVERLAP = {"strategy": "Overlap", "overlap": "1h"}
RIGHTS: dict[str, Any] = {"permissions": BEFORE}


def _linked(account: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "ci", "serviceAccounts": [{"name": account}], **more}]


@dataclass(frozen=True, slots=True)
class Life:
    """
    What is declared *before*, if anything, and then the acts.

    *covers* names workloads; *before* is the spec of a QuayRobot, or an act. What *loose*
    matches of the end may be as it likes: it depends on whether two acts were seen as one.
    *again* is what may be done once more, where the first time was not noted before a kill.
    """

    covers: str
    before: dict[str, Any] | Act | None
    acts: tuple[Act, ...]
    loose: str = ""
    again: tuple[str, ...] = ()

    def begin(self, site: Site) -> None:
        """Declare what is there before the first act, and wait until it is done."""
        if callable(self.before):
            self.before(site)
        elif self.before is not None:
            site.declare(**self.before)

    def begun(self, site: Site) -> bool:
        """Tell whether that is done."""
        if callable(self.before):
            return site.serves()
        return self.before is None or site.is_ready()


def _declare(name: str = "ci", **spec: Any) -> Act:
    return lambda site: site.declare(name, **spec)


def _delete(name: str = "ci", kind: str = "quayrobot") -> Act:
    return lambda site: site.tenant.delete(name, kind) or True


def _again(**spec: Any) -> Act:
    """Declare it anew as soon as the one before is gone."""

    def again(site: Site) -> bool:
        if site.tenant.get() is not None:
            return False
        site.declare(**spec)
        return True

    return again


def _spoil(site: Site) -> None:
    data = {".dockerconfigjson": base64.b64encode(b'{"auths":{}}').decode()}
    site.merge("/api/v1:secrets/ci", {"data": data})


def _unlink(site: Site) -> None:
    site.merge("/api/v1:serviceaccounts/one", {"imagePullSecrets": None})


def _unlabel(site: Site) -> None:
    gone = {"labels": {"app.kubernetes.io/managed-by": None}}
    site.merge("/api/v1:secrets/ci", {"metadata": gone})


def _annotate(site: Site) -> None:
    mark = {"annotations": {"quayrobot.io/rotate": "now"}}
    site.merge(f"{ROBOTS}:quayrobots/ci", {"metadata": mark})


def _is_due(site: Site) -> None:
    """Have the credential be older than its interval."""
    noted = {"credential": {"issuedAt": "2020-01-01T00:00:00Z"}}
    site.merge(f"{ROBOTS}:quayrobots/ci/status", {"status": noted})
    # Nobody wakes a robot for its status alone.
    site.merge(f"{ROBOTS}:quayrobots/ci", {"spec": {"description": "due"}})


def _new_key(site: Site) -> None:
    quay = site.stage.house.quay
    token = quay.admin("token", value=oauth_token())
    site.stage.house.secret(site.name, "token-own", token)


def _in_quay(call: str, **fields: Any) -> Act:
    def act(site: Site) -> None:
        texts = {"<robot>": site.tenant.full(), "<org>": site.name}
        filled = {
            key: texts.get(value, str(value).replace("<org>", site.name)) if value else value
            for key, value in fields.items()
        }
        site.stage.house.quay.admin(call, **filled)

    return act


def _namespace_gone(site: Site) -> None:
    site.stage.house.plane.delete("namespace", site.name)


def _elsewhere(site: Site) -> None:
    """Have the connection lead nowhere for a while; nothing can be done meanwhile."""
    site.tenant.connection(url="http://127.0.0.1:9")


def _back(site: Site) -> None:
    site.tenant.connection(url=site.stage.front.url, resyncInterval="10s", driftInterval="10s")


def _lost(site: Site) -> None:
    """Lose the resource as a cluster that is lost does: nobody gets to tidy up."""
    path = f"{ROBOTS}/namespaces/{site.name}/quayrobots/ci"
    with site.stage.gate.keeping(site.name):
        site.merge(f"{ROBOTS}:quayrobots/ci", {"metadata": {"finalizers": None}})
        site.stage.api.call("DELETE", path, {"propagationPolicy": "Orphan"})
        wait_for(lambda: site.tenant.get() is None, "the resource to be lost")


def _selecting(mode: str, **template: Any) -> Act:
    return lambda site: site.select(mode, **template)


def _out(site: Site) -> None:
    site.label(None)


def _in_again(site: Site) -> bool:
    """Select the namespace again as soon as it lost what it had."""
    if site.tenant.get("ci", "secret") is not None:
        return False
    site.label("yes")
    return True


def _serving(mode: str, **template: Any) -> Act:
    def serve(site: Site) -> None:
        site.label("yes")
        site.select(mode, **template)

    return serve


def _secrets(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"secrets": list(entries)}


def _rotation(trigger: str, **more: Any) -> dict[str, Any]:
    return {"rotation": {"trigger": trigger, **more}}


CI, OTHER = {"name": "ci"}, {"name": "other", "format": "BasicAuth"}
PLAIN: dict[str, Any] = {}
FULL = {"permissions": BEFORE, "secrets": _linked("one"), "federation": ONE}
CHANGED = {"permissions": AFTER, "secrets": _linked("two"), "federation": TWO}

LIVES = {
    "create": Life("W1", None, (_declare(**FULL),)),
    # Nothing is held where neither is seen: then no call is made.
    "create and delete": Life(
        "W1 W8", None, (_declare(), _delete()), loose=r"\[(Authorized|Reachable)\]"
    ),
    "rights": Life("W2 W3 W7", FULL, (_declare(**CHANGED),)),
    # What a default may have given stays.
    "rights and back": Life(
        "W2 W3 W7", FULL, (_declare(**CHANGED), _declare(**FULL)), loose=r"repositories\.tool"
    ),
    "rights no more": Life("W2 W3 W7", FULL, (_declare(),)),
    "rotate": Life("W4", _rotation("one"), (_declare(**_rotation("two")),)),
    "rotate twice": Life(
        "W4", PLAIN, (_annotate, _declare(**_rotation("two"))), loose="rotation"
    ),
    "rotate and not": Life(
        "W4",
        _rotation("one"),
        (_declare(**_rotation("two")), _declare(**_rotation("one"))),
        loose="rotation",
    ),
    "turn": Life("W4", _rotation("one", **OVERLAP) | RIGHTS, (
        _declare(**_rotation("two", **OVERLAP), **RIGHTS),
    )),
    "schedule": Life("W5", {"rotation": {"interval": "1h"}}, (_is_due,)),
    "secret renamed": Life("W6", _secrets(CI), (_declare(**_secrets(OTHER)),)),
    "secret more": Life(
        "W6", _secrets(CI), (_declare(**_secrets(CI, OTHER)), _declare(**_secrets(OTHER, CI)))
    ),
    "secret less": Life("W6", _secrets(CI), (
        _declare(**_secrets(CI, OTHER)), _declare(**_secrets(CI)),
    )),
    # A password is believed where the status knows its bytes, and cannot be asked for again.
    "to keyless": Life(
        "W7", PLAIN, (_declare(credentials=KEYLESS),), again=("secrets.update",)
    ),
    "to static": Life("W7", {"credentials": KEYLESS}, (_declare(),), loose=r"federation"),
    "delete": Life("W8", FULL, (_delete(),)),
    "orphan": Life("W9", RIGHTS, (_declare(**RIGHTS, deletionPolicy="Orphan"), _delete())),
    "recreate": Life("W10", RIGHTS, (_delete(), _again(**RIGHTS))),
    "renamed": Life("W11", RIGHTS, (_delete(), _again(**RIGHTS, robotName="other"))),
    "rivals": Life("W12", PLAIN, (_declare("late", robotName="ci"), _delete())),
    "secret deleted": Life("W13", _secrets(CI), (_delete(kind="secret"),)),
    "secret spoiled": Life("W13", {"secrets": _linked("one")}, (_spoil, _unlink)),
    "secret unlabelled": Life("W13", PLAIN, (_unlabel,)),
    "key": Life("W14", PLAIN, (_new_key,)),
    "connection": Life("W14", FULL, (_elsewhere, _declare(**CHANGED), _back)),
    "namespace": Life("W15", FULL, (_namespace_gone,)),
    "restored": Life("W16", RIGHTS, (_lost, _again(**RIGHTS))),
    "fleet": Life("W8 W10", _serving("PerNamespace"), (_out, _in_again)),
    "fleet changed": Life("W2 W3", _serving("PerNamespace", **RIGHTS), (
        _selecting("PerNamespace", permissions=AFTER), _selecting("PerNamespace", **RIGHTS),
    ), loose=r"repositories\.tool"),
    "shared": Life("W8 W13", _serving("Shared"), (_out, _in_again)),
    "gone in Quay": Life("W17", FULL, (_in_quay("robot/delete", name="<robot>"),)),
    "granted by hand": Life("W18", RIGHTS, (
        _in_quay("grant", repository="<org>/tool", user="<robot>", role="admin"),
        _in_quay("grant", repository="<org>/lib", user="<robot>", role=None),
    )),
}  # fmt: skip
