"""
How does one request reach the API server, and what does its failure mean?

Bodies go in and out as plain dicts. A failure is told by consequence and in
our own words: the client's own exceptions and the server's Status messages
quote object content, so their text never leaves this module.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
import yaml
from kubernetes.aio import client, config

from ..model.errors import Reason, Refused, TryLater
from ..model.fence import Fence
from ..model.names import OPERATOR
from ..model.tls import even
from .discovery import ACCEPTED, is_aggregated, is_plain, kinds_in, names_version, resources_in
from .kubeconfig_files import (
    IMPERSONATION,
    KubeconfigFiles,
    current_context,
    find_entry,
    missing_context,
    read_files,
)
from .login import Login, acting, with_context
from .missing_rights import MissingRights
from .no_proxy import goes_past_proxy
from .pages import PAGE_BYTES, read_capped
from .refusals import failure, resource_of
from .token_file import TokenFile

__all__ = ["Body", "ClusterApi"]

Body = dict[str, Any]
CONNECTIONS = 32
TIMEOUT_S = 30
_JSON = "application/json"
_METADATA_LIST = f"{_JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_TYPES = {"PATCH": "application/merge-patch+json"}
# All else has a kind.
_NO_OBJECTS = {"/version", "/.well-known/openid-configuration"}
_FAR_SIDE = (aiohttp.ClientError, TimeoutError, OSError)
_REDIRECTS = {301, 302, 303, 307, 308}


class ClusterApi:
    """One shared connection to the API server."""

    def __init__(
        self,
        api: client.ApiClient,
        who: str = "the operator",
        fence: Fence | None = None,
        rights: MissingRights | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._api, self._who, self._fence = api, who, fence or Fence()
        self._rights, self._timeout_s = rights, timeout_s
        # What time the API server had at its last answer, in its own words.
        self.date: str | None = None
        # Since when its certificate is not believed, by the event loop's clock.
        self.distrusted_since: float | None = None

    @classmethod
    async def connect(
        cls,
        kubeconfig: Path | None,
        context: str | None,
        *,
        who: str = "the operator",
        env_proxies: bool = True,
        fence: Fence | None = None,
        token_file: Path | None = None,
        rights: MissingRights | None = None,
        login: Login | None = None,
    ) -> ClusterApi:
        """
        Connect as the pod's ServiceAccount, or as *kubeconfig* (else KUBECONFIG) says.

        *who* is what refusals call the caller. A proxy that the kubeconfig names is used;
        one of the environment only with *env_proxies*, as a command line does. No write
        passes *fence* while that is closed. Where the token is in a *token_file*, each
        request carries the one that is there by then. *rights* is told which are missing.
        *login* is what is wanted otherwise than in the context.

        Raises:
            Refused: There is no kubeconfig that can be used.
        """
        settings, login = client.Configuration(), login or Login()
        try:
            await _configure(settings, kubeconfig, context, login)
        except (config.ConfigException, OSError, TypeError, yaml.YAMLError) as error:
            msg = f"there is no kubeconfig that can be used: {_unusable(error)}"
            raise Refused(Reason.CLUSTER_UNAVAILABLE, msg) from error
        if token_file is not None:
            settings.refresh_api_key_hook = _following(TokenFile(token_file))
        settings.connection_pool_maxsize = CONNECTIONS
        settings.retries = None
        proxied = env_proxies and not goes_past_proxy(str(settings.host))
        settings.client_session_kwargs = {
            "trust_env": proxied,
            "middlewares": (_follow_no_redirect, *acting(login)),
        }
        api = client.ApiClient(settings)
        api.user_agent = OPERATOR
        even(api.rest_client.ssl_context)
        who = f"{who}, as {login.as_user}," if login.as_user else who
        return cls(api, who, fence, rights, login.timeout_s or TIMEOUT_S)

    @property
    def server(self) -> str:
        """The API server's address."""
        return str(self._api.configuration.host)

    @property
    def tls(self) -> ssl.SSLContext:
        """The TLS context of all connections; what it is taught, the next connection knows."""
        context: ssl.SSLContext = self._api.rest_client.ssl_context
        return context

    async def aclose(self) -> None:
        """Close what is open."""
        await self._api.close()

    async def get(self, path: str, **query: str) -> Body | None:
        """
        Return the object or list at *path*; None where the server says that it is not there.

        Raises:
            TryLater: The server cannot be reached, is overloaded, does not serve the kind, or
                is no API server.
            Refused: The server does not let us.
        """
        return await self._get(path, query, _JSON)

    async def kinds(self, group_version: str) -> frozenset[str]:
        """
        Return the plurals that the server lists of *group_version*; none where it knows none.

        It is asked for the list of all groups, which is where clients (Helm too) look kinds
        up: the path of a group version may answer before that list names it.

        Raises:
            TryLater: The server cannot be reached, is overloaded, or is no API server.
            Refused: The server does not let us.
        """
        listed = await self._discover("/apis")
        if is_aggregated(listed):
            group, _, version = group_version.partition("/")
            return kinds_in(listed, group, version)
        if not is_plain(listed):
            raise _no_api_server()
        if not names_version(listed, group_version):
            return frozenset()
        return resources_in(await self._discover(f"/apis/{group_version}"))

    async def _discover(self, path: str) -> Body:
        status, body = await self._call("GET", path, {}, None, ACCEPTED)
        return self._checked("read", path, status, body)

    async def list_metadata(self, path: str, **query: str) -> Body | None:
        """
        Return the list at *path* with nothing but the metadata of each.

        Raises:
            TryLater: The server cannot be reached, is overloaded, or does not serve the kind.
            Refused: The server does not let us.
        """
        return await self._get(path, query, _METADATA_LIST)

    async def _get(self, path: str, query: Mapping[str, str], accept: str) -> Body | None:
        status, body = await self._call("GET", path, query, None, accept)
        if status == 404 and _names_what_is_missing(body):
            return None
        if status == 404:
            # A list is never missing: the kind is, and nothing is known of its objects.
            msg = f"the API server does not serve {resource_of(path)}: its definition is missing"
            raise TryLater(Reason.CLUSTER_UNAVAILABLE, msg)
        return self._checked("read", path, status, body)

    async def write(self, method: str, path: str, body: Body | None, **query: str) -> Body:
        """
        Write *body* and return the object as it is now.

        Raises:
            Conflict: The object is not as it was looked at (409, or gone).
            TryLater: The server cannot be reached, is no API server, or this replica does
                not lead. Our writes carry uid and version, so that repeating one that was done is
                a Conflict.
            Refused: The server does not let us.
        """
        self._fence.check()
        return await self.write_unfenced(method, path, body, **query)

    async def write_unfenced(
        self, method: str, path: str, body: Body | None, **query: str
    ) -> Body:
        """
        Write as *write* does, whether or not this replica leads: for the Lease alone.

        Raises:
            QuayRobotError: As *write* says.
        """
        query.setdefault("fieldManager", OPERATOR)
        if method == "DELETE":
            del query["fieldManager"]
        status, answer = await self._call(method, path, query, body)
        return self._checked(_VERBS[method], path, status, answer)

    def _checked(self, verb: str, path: str, status: int, body: Body) -> Body:
        if not 200 <= status < 300:
            error = failure(self._who, verb, path, status, body)
            if self._rights is not None:
                self._rights.failed(verb, path, status, error)
            raise error
        if self._rights is not None:
            self._rights.done(verb, path)
        if path in _NO_OBJECTS or isinstance(body.get("kind"), str):
            return body
        # The page of a load balancer would be an empty list, and a deletion that was done.
        raise _no_api_server()

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Body | None,
        accept: str = _JSON,
    ) -> tuple[int, Body]:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(method, path, query, body, accept)
        except client.ApiException as error:
            return int(error.status or 0), _decode(error.body)
        except _RedirectedError as error:
            raise TryLater(Reason.CLUSTER_UNAVAILABLE, str(error)) from None
        except _FAR_SIDE as error:
            self._note_trust(error)
            msg = "the API server cannot be reached"
            raise TryLater(Reason.CLUSTER_UNAVAILABLE, msg) from None

    def _note_trust(self, error: BaseException | None) -> None:
        if not isinstance(error, aiohttp.ClientConnectorCertificateError):
            self.distrusted_since = None
        elif self.distrusted_since is None:
            self.distrusted_since = asyncio.get_running_loop().time()

    async def _exchange(
        self, method: str, path: str, query: Mapping[str, str], body: Body | None, accept: str
    ) -> tuple[int, Body]:
        url = self._api.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": accept, "User-Agent": OPERATOR}
        if body is not None:
            headers["Content-Type"] = _TYPES.get(method, _JSON)
        await self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        answer = await self._api.rest_client.request(
            method, url, headers=headers, body=body, _request_timeout=self._timeout_s
        )
        self.date = answer.headers.get("Date")
        self._note_trust(None)
        most = int(query.get("limit", "1"))
        raw = await read_capped(answer.response, PAGE_BYTES if most > 1 else None)
        return answer.status, _with_pause(_decode(raw), answer.headers)


class _RedirectedError(aiohttp.ClientError):
    """What answers sends us elsewhere; its text is ours."""


async def _follow_no_redirect(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """
    Send *request*, and go no further: what it holds is meant for the API server alone.

    Raises:
        _RedirectedError: The answer leads elsewhere.
    """
    response = await handler(request)
    if response.status not in _REDIRECTS:
        return response
    response.close()
    msg = (
        f"what answers in the API server's place redirects (status {response.status}), which is "
        "not followed: give the address that it leads to"
    )
    raise _RedirectedError(msg)


async def _configure(
    settings: client.Configuration, kubeconfig: Path | None, context: str | None, login: Login
) -> None:
    named = str(kubeconfig or os.environ.get("KUBECONFIG") or "")
    if not named and "KUBERNETES_SERVICE_HOST" in os.environ:
        config.load_incluster_config(client_configuration=settings)
    else:
        await _read(settings, read_files(named or "~/.kube/config"), context, login)
    settings.host = (login.server or settings.host).rstrip("/")


async def _read(
    settings: client.Configuration, files: KubeconfigFiles, context: str | None, login: Login
) -> None:
    if missing := missing_context(files, context):
        raise Refused(Reason.CLUSTER_UNAVAILABLE, missing)
    with with_context(files, context, login) as (found, name):
        _check_entries(found, name)
        await config.load_kube_config(
            config_file=os.pathsep.join(str(path) for path, _ in found),
            # Of several files the library would take the last one's.
            context=name,
            client_configuration=settings,
            persist_config=False,
        )


def _unusable(error: Exception) -> str:
    if isinstance(error, yaml.YAMLError):
        return "it is not YAML"
    if isinstance(error, FileNotFoundError):
        return "there is no such file, or it is empty; see --kubeconfig and KUBECONFIG"
    if isinstance(error, OSError):
        return "it, or a file that it names, cannot be read"
    return "it lacks a part that is needed"


def _check_entries(files: KubeconfigFiles, context: str | None) -> None:
    """The library passes impersonation over, and fails at an entry without fields."""
    # What the file lacks is the library's to say.
    with contextlib.suppress(KeyError):
        _, chosen = find_entry(files, "contexts", context or current_context(files))
        find_entry(files, "clusters", chosen["cluster"])
        _, user = find_entry(files, "users", chosen["user"])
        if named := next((each for each in IMPERSONATION if user.get(each)), None):
            msg = f"the kubeconfig has {named}, which is not supported here"
            raise Refused(Reason.CLUSTER_REFUSED, msg)


def _following(file: TokenFile) -> Callable[[client.Configuration], None]:
    def follow(settings: client.Configuration) -> None:
        # Until the kubelet has swapped the file the old token may still serve.
        with contextlib.suppress(OSError):
            settings.api_key["BearerToken"] = f"Bearer {file.read().reveal()}"

    return follow


_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def _no_api_server() -> TryLater:
    return TryLater(Reason.CLUSTER_UNAVAILABLE, "what answers is no API server")


def _decode(raw: bytes | str | None) -> Body:
    try:
        body = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _with_pause(body: Body, headers: Mapping[str, str]) -> Body:
    """Return *body* with the pause that is asked for: some say it beside the body alone."""
    asked, said = headers.get("Retry-After", ""), body.get("details")
    if not re.fullmatch("[0-9]{1,9}", asked):
        return body
    details = said if isinstance(said, dict) else {}
    return {**body, "details": {"retryAfterSeconds": int(asked), **details}}


def _names_what_is_missing(body: Body) -> bool:
    """Distinguish "there is no object of that name" from "there is no such path"."""
    details = body.get("details")
    return isinstance(details, dict) and bool(details.get("name"))
