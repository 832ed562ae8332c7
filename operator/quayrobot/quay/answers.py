"""
Does a reply come from Quay's API?

Between us and Quay stand load balancers, gateways and their pages, with
statuses of their own. A status alone is therefore no answer: what Quay's API
says comes in one of its shapes, and only that is believed. Two things have no
JSON: the 204 of a deletion, and the redirect to a path with a slash at its
end, by which Quay tells that it has no such path.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from .transport import Reply

__all__ = [
    "ABSENT",
    "has_no_such_path",
    "is_answer",
    "lacks_right",
    "message_of",
    "parse_json",
    "refuses_token",
    "says_absent",
    "says_not_found",
]

ABSENT = "Could not find robot with specified username"
_PROTECTED = "You don't have the permission to access"
_FORGERY = "CSRF token was invalid"
_NO_IDENTITY = {"invalid_token", "expired_token"}
_NO_RIGHT = {"insufficient_scope", "fresh_login_required"}


def parse_json(reply: Reply) -> object:
    """Return the JSON of *reply*, or None where it holds none."""
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return None


def message_of(reply: Reply) -> str:
    """Return the first line of what Quay says in *reply*, whatever the shape; '' for none."""
    body = parse_json(reply)
    if not isinstance(body, Mapping):
        return ""

    for key in ("detail", "error_message", "message", "error"):
        text = body.get(key)
        if isinstance(text, str):
            return text.split("\n", 1)[0]
    return ""


def is_answer(reply: Reply) -> bool:
    """Return whether it may be Quay that did what it was asked to do; a page never is."""
    return reply.status == 204 or (
        reply.status in {200, 201} and reply.content_type == "application/json"
    )


def refuses_token(reply: Reply) -> bool:
    """Return whether Quay says that it does not know the token, or not any more."""
    if reply.status == 403:
        # A write with a dead token is answered as a forgery, in JSON labelled HTML.
        return message_of(reply).startswith(_FORGERY)
    if reply.status != 401:
        return False
    return _error_type(reply) in _NO_IDENTITY or _is_labelled_html(reply)


def lacks_right(reply: Reply) -> bool:
    """Return whether Quay says that it knows the token, and that this is not for it."""
    if reply.status != 403:
        return False
    return _error_type(reply) in _NO_RIGHT or message_of(reply).startswith(_PROTECTED)


def says_not_found(reply: Reply) -> bool:
    """Return whether Quay says that what the path names is not there."""
    return reply.status == 404 and _error_type(reply) == "not_found"


def says_absent(reply: Reply) -> bool:
    """Return whether Quay says that the robot in the path is not there."""
    return reply.status == 400 and message_of(reply) == ABSENT


def has_no_such_path(reply: Reply) -> bool:
    """Return whether Quay says, to a read, that this version or configuration lacks the path."""
    return reply.status == 308 and reply.slashed


def _error_type(reply: Reply) -> str:
    """What kind of error the API names; '' where it is not the API that names one."""
    body = parse_json(reply)
    if not isinstance(body, Mapping) or body.get("status") != reply.status:
        return ""
    kind = body.get("error_type")
    return kind if isinstance(kind, str) and "error_message" in body else ""


def _is_labelled_html(reply: Reply) -> bool:
    """Whether it is the one shape in which Quay sends JSON under the name of HTML."""
    body = parse_json(reply)
    labelled = reply.content_type == "text/html" and isinstance(body, Mapping)
    return labelled and isinstance(body, Mapping) and set(body) == {"error"}
