"""How does Quay answer about repositories?"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from .callers import LEVELS, Caller, may_create_in, may_touch, unauthorized
from .journal import record
from .prototypes import grant_defaults
from .replies import answer, invalid, not_found, nothing
from .schemas import REPOSITORY, body_of
from .state import Repository, State

NAME = re.compile(r"^(?=.{0,255}$)[a-z0-9][\.a-z0-9_-]*(?:\/[a-z0-9][\.a-z0-9_-]*)*$")


async def create_repository(state: State, request: Request, caller: Caller) -> Response:
    """POST /api/v1/repository"""
    body = await body_of(request, REPOSITORY)
    namespace, name = body.get("namespace") or caller.user or "", body["repository"]
    if not may_create_in(state, caller, namespace):
        raise unauthorized(request, caller)
    if namespace not in state.organizations and namespace not in state.users:
        raise invalid(request, "Invalid namespace")
    if f"{namespace}/{name}" in state.repositories:
        raise invalid(request, "Repository already exists")
    if not NAME.fullmatch(name):
        raise invalid(request, "Invalid repository name")
    public = body["visibility"] == "public"
    add_repository(state, namespace, name, caller.user, public=public)
    record(state, request, caller, "create_repo", namespace, repo=name, namespace=namespace)
    return answer({"namespace": namespace, "name": name, "kind": "image"}, 201)


def add_repository(
    state: State, namespace: str, name: str, creator: str | None, *, public: bool = False
) -> Repository:
    """Make a repository; its creator gets admin, and the default permissions are applied."""
    repository = Repository(namespace, name, public)
    if creator is not None:
        repository.users[creator] = "admin"
    organization = state.organizations.get(namespace)
    if organization is not None:
        grant_defaults(organization, repository, creator)
    state.repositories[repository.path] = repository
    return repository


async def get_repository(state: State, request: Request, caller: Caller) -> Response:
    """GET /api/v1/repository/<ns>/<repo>"""
    namespace, name = split(request)
    repository = state.repositories.get(f"{namespace}/{name}")
    if not may_touch(state, caller, namespace, repository, "read"):
        raise unauthorized(request, caller)
    if repository is None:
        raise not_found(request)
    return answer(
        {
            "namespace": namespace,
            "name": name,
            "kind": "image",
            "description": repository.description,
            "is_public": repository.public,
            "is_organization": namespace in state.organizations,
            "is_starred": False,
            "state": "NORMAL",
            **{
                f"can_{need}": may_touch(state, caller, namespace, repository, need)
                for need in LEVELS
                if need != "read"
            },
        }
    )


async def delete_repository(state: State, request: Request, caller: Caller) -> Response:
    """DELETE /api/v1/repository/<ns>/<repo>"""
    namespace, name = split(request)
    repository = state.repositories.get(f"{namespace}/{name}")
    if not may_touch(state, caller, namespace, repository, "admin"):
        raise unauthorized(request, caller)
    if repository is not None:
        del state.repositories[repository.path]
        record(state, request, caller, "delete_repo", namespace, repo=name, namespace=namespace)
    return nothing()


def split(request: Request) -> tuple[str, str]:
    """Return the namespace and the name of the repository in the path."""
    namespace, _, name = request.path_params["repository"].partition("/")
    return namespace, name
