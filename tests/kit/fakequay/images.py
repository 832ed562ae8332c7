"""How do images get into the registry side and out of it? Blobs, manifests, uploads in pieces."""

from __future__ import annotations

import hashlib
import uuid

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .registry import VERSION, challenged
from .replies import Refusal, shape_f
from .signing import verified
from .state import Images, State

_OCTETS = "application/octet-stream"


def check_token(state: State, request: Request, action: str) -> str:
    """
    Return the request's repository; the token alone is believed, for its hour.

    Raises:
        Refusal: The token does not allow *action* there.
    """
    name: str = request.path_params["repository"]
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    claims = verified(state, value) if scheme.lower() == "bearer" else None
    granted = [] if claims is None else claims["access"]
    if not any(each["name"] == name and action in each["actions"] for each in granted):
        raise challenged(request, "access to the requested resource is not authorized")
    return name


async def tags(state: State, request: Request) -> Response:
    """GET /v2/<repository>/tags/list"""
    name = check_token(state, request, "pull")
    if name not in state.repositories:
        raise _unknown("NAME_UNKNOWN", "repository name not known")
    return JSONResponse({"name": name, "tags": state.images.tags(name)}, headers=VERSION)


async def manifest(state: State, request: Request) -> Response:
    """GET, HEAD, PUT /v2/<repository>/manifests/<reference>"""
    name = check_token(state, request, "push" if request.method == "PUT" else "pull")
    reference = request.path_params["reference"]
    if request.method == "PUT":
        return await _put_manifest(state.images, name, reference, request)
    found = state.images.manifests.get((name, reference))
    if found is None:
        raise _unknown("MANIFEST_UNKNOWN", "manifest unknown")
    kind, raw = found
    return Response(raw, 200, _named(raw), media_type=kind)


async def _put_manifest(images: Images, name: str, reference: str, request: Request) -> Response:
    raw = await request.body()
    kept = (request.headers["content-type"], raw)
    digest = _digest(raw)
    images.manifests[name, reference] = images.manifests[name, digest] = kept
    where = f"/v2/{name}/manifests/{digest}"
    return Response(b"", 201, {**_named(raw), "Location": where})


async def blob(state: State, request: Request) -> Response:
    """GET, HEAD /v2/<repository>/blobs/<digest>"""
    check_token(state, request, "pull")
    raw = state.images.blobs.get(request.path_params["digest"])
    if raw is None:
        raise _unknown("BLOB_UNKNOWN", "blob unknown to registry")
    return Response(raw, 200, _named(raw), media_type=_OCTETS)


async def begin_upload(state: State, request: Request) -> Response:
    """POST /v2/<repository>/blobs/uploads/"""
    name, key = check_token(state, request, "push"), str(uuid.uuid4())
    state.images.uploads[key] = bytearray()
    return _upload(name, key, 0)


async def upload(state: State, request: Request) -> Response:
    """PATCH, PUT /v2/<repository>/blobs/uploads/<id>"""
    name, key = check_token(state, request, "push"), request.path_params["upload"]
    content = state.images.uploads.get(key)
    if content is None:
        raise _unknown("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
    async for piece in request.stream():
        content += piece
    if request.method == "PATCH":
        return _upload(name, key, len(content))
    if request.method != "PUT":
        raise shape_f(405)
    raw, digest = bytes(state.images.uploads.pop(key)), request.query_params.get("digest", "")
    if _digest(raw) != digest:
        error = {"code": "DIGEST_INVALID", "detail": {}, "message": "digest did not match"}
        return JSONResponse({"errors": [error]}, 400, VERSION)
    state.images.blobs[digest] = raw
    return Response(b"", 201, {**_named(raw), "Location": f"/v2/{name}/blobs/{digest}"})


def _upload(name: str, key: str, size: int) -> Response:
    headers = {
        **VERSION,
        "Location": f"/v2/{name}/blobs/uploads/{key}",
        "Docker-Upload-UUID": key,
        "Range": f"0-{max(0, size - 1)}",
    }
    return Response(b"", 202, headers)


def _named(raw: bytes) -> dict[str, str]:
    return {**VERSION, "Docker-Content-Digest": _digest(raw)}


def _digest(raw: bytes) -> str:
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _unknown(code: str, message: str) -> Refusal:
    error = {"code": code, "detail": {}, "message": message}
    return Refusal(JSONResponse({"errors": [error]}, 404, VERSION))
