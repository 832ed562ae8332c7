"""
How is what a version stored kept as files, and brought back into another cluster?

Objects keep their uid only in their own etcd. So every uid in a snapshot is a name for an
object of it: on loading each object gets a new one, and the old one is replaced wherever it
stands (owners, annotations, statuses, markers of robots in Quay), that of the cluster, which
is its `kube-system`, too. In the same way the API server's address, which is the issuer of
its tokens, becomes that of today; times move on by what has passed since; a generation,
which begins at one again, is seen as such; and a password of an hour is signed anew. Tokens
stay: they are the double's, made for the snapshot, and no Quay ever knew them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.crd.conftest import Api
from tests.kit.fakequay.signing import sign
from tests.kit.installation import API, Body

from .site import ORG, Site, stored

__all__ = ["load", "take"]

TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
EXPIRES = "quayrobot.io/expires-at"
OK, CREATED, CONFLICT = 200, 201, 409
FORM = "%Y-%m-%dT%H:%M:%SZ"


def take(site: Site, code: Path, folder: Path) -> None:
    """Write definitions, objects and what Quay has into *folder*."""
    folder.mkdir(parents=True)
    for each in sorted((code / "deploy" / "crds").glob("*quay*.yaml")):
        (folder / f"crd-{each.name}").write_text(each.read_text())
    _write(folder / "objects.yaml", stored(site.plane))
    about = {"taken": datetime.now(UTC).strftime(FORM), "issuer": site.plane.issuer}
    _write(folder / "quay.yaml", [about, *_robots(site)])


def _write(path: Path, bodies: list[Body]) -> None:
    path.write_text(yaml.safe_dump_all(bodies, sort_keys=False, width=99))


def _robots(site: Site) -> Iterator[Body]:
    for name in site.quay.admin("robots"):
        shown = site.quay.admin("robot/show", name=name)
        shown.pop("last_accessed")
        yield {
            "robot": shown,
            "grants": site.quay.admin("grants", name=name),
            "federation": site.quay.admin("federation", name=name),
        }


def load(site: Site, folder: Path) -> None:
    """Bring the snapshot in *folder* to *site*, whose cluster has no definitions yet."""
    api = Api(site.plane)
    for each in sorted(folder.glob("crd-*.yaml")):
        api.define(yaml.safe_load(each.read_text()))
    about, *robots = yaml.safe_load_all((folder / "quay.yaml").read_text())
    taken = datetime.strptime(about["taken"], FORM).replace(tzinfo=UTC)
    passed, names = datetime.now(UTC) - taken, {about["issuer"]: site.plane.issuer}
    objects = list(yaml.safe_load_all((folder / "objects.yaml").read_text()))
    for body in objects:
        if body["kind"] == "Secret":
            names |= _renewed_password(site, body)
    for body in objects:
        _load_object(api, _moved(body, names, passed), names)
    for each in robots:
        _load_robot(site, _moved(each, names, passed))
    api.close()


def _moved(body: Body, names: dict[str, str], passed: timedelta) -> Body:
    """Return *body* with names of today and its times moved on by *passed*."""
    text = json.dumps(body)
    for old, new in names.items():
        text = text.replace(old, new)
    moved: Body = json.loads(TIME.sub(lambda found: _later(found[0], passed), text))
    return moved


def _later(text: str, passed: timedelta) -> str:
    when = datetime.fromisoformat(text) + passed
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else FORM)


def _load_object(api: Api, body: Body, names: dict[str, str]) -> None:
    """Make the object, or make the one that is there like it, and note its new uid."""
    meta, status = body["metadata"], body.pop("status", None)
    uid, generation = meta.pop("uid"), meta.pop("generation", None)
    for key in ("resourceVersion", "creationTimestamp"):
        meta.pop(key)
    path = _collection(body)
    answer = api.call("POST", path, body)
    if answer.status_code == CONFLICT:
        there = api.call("GET", f"{path}/{meta['name']}").json()["metadata"]
        names[uid] = there["uid"]
        if body["kind"] == "ServiceAccount":
            assert api.call("PUT", f"{path}/{meta['name']}", body).status_code == OK
        return
    assert answer.status_code == CREATED, answer.text
    names[uid] = answer.json()["metadata"]["uid"]
    if body["apiVersion"] == API:
        made = answer.json() | {"status": _seen_anew(status, generation)}
        told = api.call("PUT", f"{path}/{meta['name']}/status", made)
        assert told.status_code == OK, told.text


def _collection(body: Body) -> str:
    version, where = body["apiVersion"], body["metadata"].get("namespace")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}{f'/namespaces/{where}' if where else ''}/{body['kind'].lower()}s"


def _seen_anew(status: Any, generation: int | None) -> Any:
    """Return *status* with what was seen of *generation* seen of the first one."""
    if isinstance(status, list):
        return [_seen_anew(each, generation) for each in status]
    if not isinstance(status, dict):
        return status
    found = {key: _seen_anew(value, generation) for key, value in status.items()}
    if found.get("observedGeneration") == generation:
        found["observedGeneration"] = 1
    return found


def _renewed_password(site: Site, body: Body) -> dict[str, str]:
    """Sign the password of an hour in a Secret anew; return what its digests become."""
    if EXPIRES not in (body["metadata"].get("annotations") or {}):
        return {}
    key = ".dockerconfigjson"
    before = base64.b64decode(body["data"][key]).decode()
    (entry,) = json.loads(before)["auths"].values()
    user, _, old = base64.b64decode(entry["auth"]).decode().partition(":")
    new = sign(site.quay.double.state, user, {})
    pair = base64.b64encode(f"{user}:{new}".encode()).decode()
    after = before.replace(entry["auth"], pair)
    body["data"][key] = base64.b64encode(after.encode()).decode()
    return {
        _digest(old): _digest(new),
        _content_digest(key, before): _content_digest(key, after),
    }


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _content_digest(key: str, text: str) -> str:
    """Return the digest of a Secret with one key as a status has it."""
    return _digest(repr([(key, _digest(text))]))


def _load_robot(site: Site, kept: Body) -> None:
    quay, robot, grants = site.quay, kept["robot"], kept["grants"]
    quay.admin("robot", **robot)
    quay.admin("federation/set", name=robot["name"], entries=kept["federation"])
    for repository, role in grants["repositories"].items():
        quay.admin("grant", repository=f"{ORG}/{repository}", user=robot["name"], role=role)
    for team in grants["teams"]:
        quay.admin("team/member", org=ORG, team=team, member=robot["name"])
    for each in grants["prototypes"]:
        quay.admin("prototype", org=ORG, delegate=robot["name"], role=each["role"],
                   creator=each["creator"])  # fmt: skip
