"""How is a case played against a Quay, judged, and cleaned up after?"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx

from .language import Case, Check, Do, Raw, Reply, Step
from .matching import differences, fill, fits, masked, shown
from .target import Target

__all__ = ["Difference", "Skipped", "needs_of", "play"]

_COUNTER = itertools.count(1)
_UNDO = (
    # What a successful request made, and how it is taken away again.
    (r"PUT (/api/v1/(?:organization/[^/]+|user)/robots/[^/]+)$", 201, "{0}"),
    (r"PUT (/api/v1/organization/[^/]+/team/[^/]+)$", 200, "{0}"),
    (r"POST (/api/v1/organization/[^/]+/prototypes)$", 200, "{0}/{id}"),
    (r"POST (/api/v1/organization/)$", 201, "{0}{name}"),
    (r"POST (/api/v1/repository)$", 201, "{0}/{namespace}/{name}"),
    # Who may create repositories makes one by asking to push.
    (r"GET /v2/auth\?.*scope=repository:([^:]+):[a-z,]*push$", 200, "/api/v1/repository/{0}"),
    (r"POST (/api/v1/organization/[^/]+/applications)$", 200, "{0}/{client_id}"),
)
_ROBOT = re.compile(r"/(?:organization/(?P<org>[^/]+)|user)/robots/(?P<short>[^/]+)")


class Skipped(Exception):
    """This Quay cannot show the case; the text says why."""


@dataclass
class Difference(Exception):
    """An answer was not as the reference says."""

    step: str
    lines: list[str]
    expected: str
    got: str

    def __str__(self) -> str:
        return "\n".join([self.step, *self.lines])


@dataclass
class Play:
    """One case under way: its names, and what it has to take away again."""

    target: Target
    names: dict[str, Any]
    undo: list[tuple[str, str]] = field(default_factory=list)


def needs_of(one: Case) -> frozenset[str]:
    """Return what a Quay must have for *one*, as far as its steps say."""
    found = set(one.needs)
    for step in one.steps:
        if not isinstance(step, Step):
            continue
        if isinstance(step.auth, str):
            kind, _, rest = step.auth.partition(":")
            found |= {"mint", *rest.split(",")} if kind == "scopes" else {kind}
        if "<neworg" in step.path or "<neworg" in str(step.body):
            found.add("organizations")
        if step.path.endswith("/federation"):
            found.add("user-federation" if "/user/" in step.path else "federation")
        if step.path.startswith("/api/v1/user/robots"):
            found.add("user")
    return frozenset(found - {"anonymous", "wrong", "bearer"})


def play(one: Case, target: Target) -> None:
    """
    Play *one* against *target* and clean up.

    Raises:
        Skipped: This Quay cannot show it.
        Difference: It shows something else.
    """
    reason = target.lack(needs_of(one), one.settings)
    if reason is not None:
        raise Skipped(reason)
    it = Play(target, _names(target))
    try:
        with target.configured(one.settings):
            for step in one.steps:
                _go(it, step)
    finally:
        _undo(it)


def _names(target: Target) -> dict[str, Any]:
    number = next(_COUNTER)
    start = f"{target.prefix}-{number}"
    kinds = ("r", "r2", "r3", "repo", "repo2", "repo3", "team", "team2", "neworg", "neworg2",
             "noorg", "nothing", "app")  # fmt: skip
    return {
        **{kind: f"{start}-{kind}" for kind in kinds},
        "prefix": target.prefix,
        "digits": f"{target.number}{number:06}",
        "under_score": f"{start}-a_b",
        "underxscore": f"{start}-axb",
        "R": f"{start}-r".upper(),
        "org": target.org,
        "ORG": target.org.upper(),
        "bearer": target.tokens["owner"],
        "user": target.user[0] if target.user else "",
        "password": target.user[1] if target.user else "",
        "owner": target.owner,
        "url": target.url,
        "host": target.host,
        "issuer": target.issuer.url if target.issuer else "",
        "target": target,
    }


def _go(it: Play, step: Step | Check | Do) -> None:
    if isinstance(step, Check):
        _look(it, step)
    elif isinstance(step, Do):
        found = step.work(it.names)
        it.names.update(found)
        long = (each for each in found.values() if isinstance(each, str) and len(each) >= 32)
        it.target.secrets |= set(long)
    else:
        _take(it, step)


def _look(it: Play, check: Check) -> None:
    got, want = check.work(it.names), fill(check.want, it.names)
    if not fits(want, got):
        lines = differences(want, got)
        raise Difference(check.words, _safe(it, lines), _text(it, want), _text(it, got))


def _take(it: Play, step: Step) -> None:
    if step.times == 1:
        replies = [_send(it, step)]
    else:
        with ThreadPoolExecutor(step.times) as pool:
            replies = list(pool.map(lambda _: _send(it, step), range(step.times)))
    for reply in replies:
        _remember(it, step, reply)
        _judge(it, step, reply)
    counts = Counter(reply.status_code for reply in replies)
    for status, count in step.exactly.items():
        if counts[status] != count:
            words = f"{step.method} {step.path}"
            text = f"{count} times {status}"
            raise Difference(words, [f"expected {text}"], text, str(dict(counts)))
    _save(it, step, replies)


def _send(it: Play, step: Step) -> httpx.Response:
    path = fill(step.path, it.names)
    assert not re.search(r"<\w+>", path), f"a name is missing in {path}"
    _guard(it, step, path)
    headers = fill(dict(step.headers), it.names) | _authorization(it, step.auth)
    options: dict[str, Any] = {"headers": headers}
    if isinstance(step.body, Raw):
        options["content"] = fill(step.body.text, it.names)
        headers["Content-Type"] = step.body.kind
    elif step.body is not None:
        options["json"] = fill(step.body, it.names)
    return it.target.send(step.method, path, **options)


def _guard(it: Play, step: Step, path: str) -> None:
    """Refuse to write to a robot that this run did not make."""
    found = _ROBOT.search(path)
    expected = any(reply.status < 400 for reply in step.replies)
    if found is None or step.method in {"GET", "HEAD", "PUT"} or not expected:
        return
    made = any(unquote(path).startswith(undone) for _, undone in it.undo)
    assert made or it.target.prefix in path, f"{path} is not of this run"


def _authorization(it: Play, auth: str | tuple[str, str]) -> dict[str, str]:
    if isinstance(auth, tuple):
        pair = tuple(fill(auth, it.names))
        return {"Authorization": httpx.BasicAuth(*pair)._auth_header}
    kind, _, rest = auth.partition(":")
    if kind == "anonymous":
        return {}
    if kind == "wrong":
        return {"Authorization": f"Bearer {'x' * 40}"}
    if kind == "bearer":
        return {"Authorization": f"Bearer {fill(rest, it.names)}"}
    value = it.target.token(rest) if kind == "scopes" else it.target.tokens[kind]
    return {"Authorization": f"Bearer {value}"}


def _remember(it: Play, step: Step, reply: httpx.Response) -> None:
    path = unquote(fill(step.path, it.names))
    for pattern, status, undo in _UNDO:
        found = re.match(pattern, f"{step.method} {path}")
        if found and reply.status_code == status:
            body = reply.json() if reply.content else {}
            sent = fill(step.body, it.names) if isinstance(step.body, dict) else {}
            known = {**sent, **(body if isinstance(body, dict) else {})}
            role = step.auth if step.auth in it.target.tokens else "owner"
            it.undo.append((str(role), undo.format(found[1], **known)))


def _undo(it: Play) -> None:
    for role, path in reversed(it.undo):
        reply = it.target.ask("DELETE", path, role)
        if reply.status_code not in {204, 400, 404} and role != "owner":
            reply = it.target.ask("DELETE", path)
        if reply.status_code not in {204, 400, 404, 403, 308}:
            it.target.left.append(f"{path}: {reply.status_code}")


# The verdict --------------------------------------------------------------------


def _judge(it: Play, step: Step, reply: httpx.Response) -> None:
    wanted = [_filled(each, it.names) for each in step.replies]
    found = [_wrong(each, reply) for each in wanted]
    if not wanted or [] in found:
        return
    best = min(
        range(len(found)), key=lambda at: (wanted[at].status != reply.status_code, len(found[at]))
    )
    words = f"{step.method} {step.path}"
    expected = " or ".join(_text(it, [each.status, each.body]) for each in wanted)
    got = _text(it, [reply.status_code, _body(reply)])
    raise Difference(words, _safe(it, found[best]), expected, got)


def _filled(reply: Reply, names: dict[str, Any]) -> Reply:
    return Reply(reply.status, fill(reply.body, names), reply.kind, fill(reply.headers, names))


def _wrong(want: Reply, reply: httpx.Response) -> list[str]:
    found = []
    if want.status != reply.status_code:
        found.append(f"status: expected {want.status}, got {reply.status_code}")
    kind = reply.headers.get("content-type", "")
    if want.kind is not None and not re.fullmatch(want.kind, kind):
        found.append(f"content type: expected {want.kind}, got {kind}")
    if reply.request.method != "HEAD":
        found += differences(want.body, _body(reply), "body")
    for name, pattern in want.headers.items():
        got = reply.headers.get(name)
        if not fits(pattern, got):
            found.append(f"header {name}: expected {shown(pattern)}, got {shown(got)}")
    return found


def _body(reply: httpx.Response) -> Any:
    try:
        return json.loads(reply.content)
    except ValueError:
        return reply.text


def _save(it: Play, step: Step, replies: list[httpx.Response]) -> None:
    for name, take in step.saves.items():
        bodies = [_body(reply) for reply in replies]
        if callable(take):
            got = take(replies if step.times > 1 else replies[0])
        else:
            got = [body[take] for body in bodies] if step.times > 1 else bodies[0][take]
        it.names[name] = got
        if isinstance(got, str) and len(got) >= 32:
            it.target.secrets.add(got)


def _text(it: Play, value: Any) -> str:
    return it.target.mask(shown(value))


def _safe(it: Play, lines: list[str]) -> list[str]:
    return [it.target.mask(masked(line)) for line in lines]
