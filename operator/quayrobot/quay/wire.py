"""
What do Quay's replies mean?

Quay says 400 where others say 404, 403 with an HTML type for a dead
credential on writes, and 200 for pages that are no answer at all. Nothing is
believed that was not understood: an unknown text, a page, a redirect or
another robot's name is "not understood", never "absent". Verified texts and
shapes: the Quay API facts that tests/contract proves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..model.errors import (
    Ambiguous,
    Denied,
    Failed,
    InvalidSpec,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
)
from ..model.names import OwnerName, RobotName
from ..model.resources.federation import IdentityState
from ..model.secrecy import Token
from ..model.times import UNDATED, as_rfc3339
from ..model.world import RobotSeen, UserSeen
from .answers import lacks_right, message_of, parse_json, refuses_token
from .paths import needed
from .sign_on import refused_jwt
from .transport import Reply

__all__ = [
    "Entries",
    "check_spelling",
    "entry_of",
    "failure",
    "is_read_only",
    "not_understood",
    "parse_identities",
    "parse_list",
    "parse_robot",
    "parse_user",
    "retry_after_s",
    "wait_asked_s",
]

ANONYMOUS = "Anonymous access is not allowed"
NO_ORGANIZATION = "Organization does not exist"
RETRY_AFTER_CAP_S = 600.0
METADATA = "unstructured_metadata"
_AWAY = {502, 503, 504, 520}
_REDIRECTS = {301, 302, 303, 307, 308}


def failure(reply: Reply, *, write: bool, scope: str) -> QuayRobotError:
    """Return what an unsuccessful *reply* means; *scope* is what the call needs."""
    if reply.status == 429:
        return TryLater(
            Reason.QUAY_THROTTLED,
            "Quay asks to slow down",
            retry_after=wait_asked_s(reply),
        )

    signed_on = reply.status == 401 and reply.content_type == "text/html"
    if signed_on and refuses_token(reply) and message_of(reply) != ANONYMOUS:
        return refused_jwt(message_of(reply))

    if refuses_token(reply):
        return Denied(
            Reason.CREDENTIAL_REFUSED,
            "Quay refused the connection's token: it is wrong, expired or revoked",
        )

    if lacks_right(reply):
        whose = "user of the connection's JWT" if reply.signed_on else "connection's token"
        what = needed(scope, signed_on=reply.signed_on)
        msg = f"the {whose} lacks a right in Quay; this needs {what}"
        return Refused(Reason.INSUFFICIENT_SCOPE, msg)

    if reply.status == 400 and message_of(reply).startswith(NO_ORGANIZATION):
        return Refused(Reason.ORGANIZATION_NOT_FOUND, "the organization does not exist in Quay")

    return _server_failure(reply, write=write)


def _server_failure(reply: Reply, *, write: bool) -> QuayRobotError:
    if is_read_only(reply):
        return TryLater(Reason.QUAY_READ_ONLY, "Quay is in read-only mode; writes wait")

    if reply.status == 500:
        # An error after the change was stored looks like one before it.
        kind = Ambiguous if write else Failed
        return kind(Reason.QUAY_UNREACHABLE, "Quay failed at this request: it answered 500")

    if reply.status in _AWAY:
        msg = f"Quay cannot be reached: it answered {reply.status}"
        after = wait_asked_s(reply)
        if not write:
            return TryLater(Reason.QUAY_UNREACHABLE, msg, retry_after=after)
        overdue = reply.status == 504
        return Ambiguous(Reason.QUAY_UNREACHABLE, msg, retry_after=after, overdue=overdue)

    return not_understood(reply, write=write)


def not_understood(reply: Reply, *, write: bool) -> QuayRobotError:
    """Return the error for an answer that tells nothing."""
    msg = f"Quay's answer (status {reply.status}) was not understood"
    if reply.status in _REDIRECTS:
        msg = (
            f"Quay's answer is a redirect (status {reply.status}), which is not followed: "
            "give the address that it leads to"
        )
    kind = Ambiguous if write else TryLater
    return kind(Reason.QUAY_ANSWER_NOT_UNDERSTOOD, msg)


def parse_robot(reply: Reply, name: RobotName, *, write: bool) -> RobotSeen:
    """
    Return the one robot that *reply* shows.

    Raises:
        TryLater: It shows none, or another one (Ambiguous after a write).
        Refused: It shows that "mine" is another user's now.
        InvalidSpec: Quay spells the owner otherwise; where *write* made the robot, it is there.
    """
    body = parse_json(reply)
    seen = _robot(body) if isinstance(body, Mapping) else None
    if seen is not None and not write and _is_namesake(seen.full_name, name):
        msg = (
            f"the connection's token does not belong to the user {name.owner.name}, or that "
            "user has another name by now"
        )
        raise Refused(Reason.ACCESS_DENIED, msg)
    # What else was written is written, whatever the name.
    tells = not write or reply.status == 201
    if seen is not None and tells and name.owner.kind == "organization":
        check_spelling(seen.full_name.partition("+")[0], name.owner)
    if seen is None or seen.full_name != name.full or (seen.token is None and write):
        raise not_understood(reply, write=write)
    if tells and not _shows_metadata(body):
        raise not_understood(reply, write=write)
    return seen


def _shows_metadata(body: object) -> bool:
    """
    Return whether *body* tells what the robot is marked with: what is left out may be there.

    Null says that there is nothing: Quay shows it to whoever made the robot without metadata,
    and always where its database holds it (a JSON text, so `null` can be stored).
    """
    shown = body.get(METADATA, "") if isinstance(body, Mapping) else ""
    return shown is None or isinstance(shown, Mapping)


def check_spelling(shown: str, owner: OwnerName) -> None:
    """
    Raise if Quay found *owner* under the name *shown*, which differs in its case.

    Raises:
        InvalidSpec: It does; a Quay on MySQL compares names without case.
    """
    if shown != owner.name and shown.lower() == owner.name.lower():
        msg = f"the organization is called {shown} in Quay, not {owner.name}"
        raise InvalidSpec(Reason.INVALID_SPEC, msg)


def _is_namesake(full_name: str, name: RobotName) -> bool:
    """Return whether it is the robot of that name of another user."""
    owner, _, short = full_name.partition("+")
    return name.owner.kind == "user" and short == name.short and owner != name.owner.name


def parse_list(reply: Reply, owner: OwnerName) -> dict[str, RobotSeen]:
    """
    Return the robots of *owner* in *reply*, by full name.

    Items of other namespaces whose names merely resemble are dropped.

    Raises:
        TryLater: The reply is no list of robots.
    """
    body = parse_json(reply)
    items = body.get("robots") if isinstance(body, Mapping) else None
    if not isinstance(items, list):
        raise not_understood(reply, write=False)

    robots = {}
    for item in items:
        seen = _robot(item) if isinstance(item, Mapping) else None
        if seen is None:
            raise not_understood(reply, write=False)
        if seen.full_name.startswith(f"{owner.name}+"):
            robots[seen.full_name] = _from_list(seen)
    return robots


def _from_list(seen: RobotSeen) -> RobotSeen:
    # A list never shows the metadata, so its absence there says nothing.
    return RobotSeen(
        full_name=seen.full_name,
        created=seen.created,
        token=seen.token,
        description=seen.description,
        last_used_on=seen.last_used_on,
    )


def _robot(item: Mapping[str, object]) -> RobotSeen | None:
    name, created = item.get("name"), item.get("created", "")
    created = UNDATED if created is None else created
    if not isinstance(name, str) or not (isinstance(created, str) and created):
        return None

    token = item.get("token")
    if "token" in item and not (isinstance(token, str) and token):
        return None

    metadata = item.get(METADATA)
    description = item.get("description")
    return RobotSeen(
        full_name=name,
        created=as_rfc3339(created),
        token=Token(token) if isinstance(token, str) else None,
        description=description if isinstance(description, str) else "",
        last_used_on=_day(item.get("last_accessed")),
        metadata=metadata if isinstance(metadata, Mapping) else {},
    )


def _day(moment: object) -> str | None:
    if not isinstance(moment, str):
        return None
    try:
        return parsedate_to_datetime(moment).strftime("%Y-%m-%d")
    except (ValueError, OverflowError):
        return None


def _until(text: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(text)
        return (moment - now.astimezone(UTC)).total_seconds()
    except (ValueError, OverflowError, TypeError):
        return 0.0


def retry_after_s(text: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, capped; None for nonsense."""
    if text is None:
        return None
    if text.strip().isdecimal():
        # Of a number of any length the first digits tell that it is above the cap.
        wait = float(text.strip()[:9])
    elif now is None:
        return None
    else:
        wait = _until(text, now)
    return min(wait, RETRY_AFTER_CAP_S) if wait > 0 else None


def wait_asked_s(reply: Reply) -> float | None:
    """Return the seconds that *reply* asks to wait, capped; None where it asks for none."""
    return retry_after_s(reply.retry_after, reply.answered)


def is_read_only(reply: Reply) -> bool:
    """Return whether Quay says that it takes no writes for now."""
    if reply.status != 503:
        return False
    body = parse_json(reply)
    return isinstance(body, Mapping) and body.get("is_readonly") is True


def parse_user(reply: Reply) -> UserSeen | None:
    """Return the user that *reply* shows, None where it shows none."""
    body = parse_json(reply)
    name = body.get("username") if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(name, str):
        return None
    listed = body.get("organizations")
    mine = [
        each.get("name")
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, Mapping) and each.get("is_org_admin") is True
    ]
    return UserSeen(name, tuple(sorted(each for each in mine if isinstance(each, str))))


# Identities, each with what Quay keeps of it beside issuer and subject.
Entries = tuple[tuple[IdentityState, Mapping[str, object]], ...]


def parse_identities(reply: Reply, *, write: bool) -> Entries:
    """
    Return the outside identities in *reply*, a bare list.

    Raises:
        TryLater: It is no such list (Ambiguous after a write).
    """
    body = parse_json(reply)
    if not isinstance(body, list):
        raise not_understood(reply, write=write)
    pairs = [_entry(each) for each in body]
    if not all(pairs):
        raise not_understood(reply, write=write)
    return tuple(each for each in pairs if each is not None)


def _entry(item: object) -> tuple[IdentityState, Mapping[str, object]] | None:
    shown = item if isinstance(item, Mapping) else {}
    issuer, subject = shown.get("issuer"), shown.get("subject")
    if not isinstance(issuer, str) or not isinstance(subject, str):
        return None
    more = {key: value for key, value in shown.items() if key not in {"issuer", "subject"}}
    return IdentityState(issuer=issuer, subject=subject), more


def entry_of(identity: IdentityState, more: Mapping[str, object]) -> dict[str, object]:
    """Return *identity* as Quay takes it, with what it showed of it beside."""
    return {**more, "issuer": identity.issuer, "subject": identity.subject}
