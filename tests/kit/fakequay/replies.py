"""In which of its shapes does Quay say no?"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, POST, PUT",
    "Access-Control-Max-Age": "21600",
    "Access-Control-Allow-Headers": "AUTHORIZATION, CONTENT-TYPE, X-REQUESTED-WITH",
}
STATUSES = {
    "invalid_request": 400,
    "invalid_token": 401,
    "insufficient_scope": 403,
    "exceeds_license": 402,
    "not_found": 404,
    "tag_immutable": 409,
    "token_rotation_failed": 500,
    "downstream_issue": 520,
    "external_service_timeout": 520,
}
NOT_ALLOWED = "The method is not allowed for the requested URL."
PROTECTED = (
    "You don't have the permission to access the requested resource. It is either "
    "read-protected or not readable by the server."
)


class Refusal(Exception):
    """Raised by a handler to answer at once with *response*."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def answer(value: Any, status: int = 200) -> Response:
    """Return a JSON answer of the API."""
    return JSONResponse(value, status, headers=CORS)


def nothing() -> Response:
    """Return the 204 of a deletion: a content type, no body, no length."""
    return Response(None, 204, headers={"Content-Type": "application/json", **CORS})


def shape_a(request: Request, kind: str, message: str, **extra: Any) -> Refusal:
    """An ApiException: validation, permission, not found."""
    status = STATUSES[kind]
    where = f"{request.url.scheme}://{request.url.netloc}/api/v1/error/{kind}"
    body = {
        "detail": message,
        "error_message": message,
        "error_type": kind,
        "title": kind,
        "type": where,
        "status": status,
        **extra,
    }
    return Refusal(JSONResponse(body, status, headers=CORS))


def invalid(request: Request, message: str) -> Refusal:
    """The most frequent ApiException."""
    return shape_a(request, "invalid_request", message)


def not_found(request: Request) -> Refusal:
    """The ApiException of things that are not there."""
    return shape_a(request, "not_found", "Not Found")


def shape_b(message: str) -> Refusal:
    """A data-model error: always 400, without the CORS headers."""
    return Refusal(JSONResponse({"message": message}, 400))


def shape_c(status: int, message: Any) -> Refusal:
    """The framework's own."""
    return Refusal(JSONResponse({"message": message}, status, headers=CORS))


def shape_d(status: int, message: str, user: str | None = None) -> Refusal:
    """A JSON body labelled as HTML; it names the caller where one is known."""
    text = f"{message} (authorized: user {user})" if user else message
    return Refusal(
        Response(json.dumps({"error": text}), status, media_type="text/html; charset=utf-8")
    )


def shape_e() -> Refusal:
    """An exception nobody caught."""
    page = (
        "<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head>\n  <body>\n"
        "    <h1><p>Internal Server Error</p></h1>\n    \n  </body>\n</html>\n"
    )
    return Refusal(Response(page, 500, media_type="text/html"))


def shape_f(status: int) -> Refusal:
    """The proxy in front."""
    words = {
        405: "Method Not Allowed",
        413: "Request Entity Too Large",
        429: "Too Many Requests",
        502: "Quay is currently loading",
    }
    title = words.get(status, "Error")
    page = (
        f"<html><head><title>{status} {title}</title></head><body><h1>{title}</h1></body></html>"
    )
    return Refusal(Response(page, status, media_type="text/html"))


def page(status: int) -> Refusal:
    """The HTML page that comes with *status*, whoever writes it."""
    return shape_e() if status == 500 else shape_f(status)


def not_found_page() -> Refusal:
    """A path that the API does not have."""
    return Refusal(Response("<!DOCTYPE html><html>Not Found</html>", 404, media_type="text/html"))
