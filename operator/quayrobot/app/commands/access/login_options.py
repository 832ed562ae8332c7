"""
Which options that kubectl has everywhere does every command have?

Those that say where to and as whom. They are the same for all, so a command is
decorated with them, and what was typed waits here for who connects.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from ....cluster.login import Login
from ....model.durations import parse_duration

__all__ = ["as_kubectl_does", "typed_login"]

_typed: ContextVar[Login] = ContextVar("login", default=Login())  # noqa: B039 - it is frozen


def typed_login() -> Login:
    """Return what was typed on this command line."""
    return _typed.get()


def _seconds(text: str | None) -> str | None:
    if text is not None and not re.fullmatch("[0-9]{1,9}", text):
        try:
            parse_duration(text)
        except ValueError:
            msg = "a number with its unit, such as 5s or 2m"
            raise typer.BadParameter(msg) from None
    return text


def _url(text: str | None) -> str | None:
    if text is not None and not re.match("https?://[^/]", text):
        msg = "a URL that begins with https://"
        raise typer.BadParameter(msg)
    return text


def _no_token(text: str | None) -> None:
    if text is not None:
        msg = (
            "not supported, because everybody on this machine can read a command line: put the "
            "token into a kubeconfig (kubectl config set-credentials) and name it with --user"
        )
        raise typer.BadParameter(msg)


def _options(
    user: Annotated[
        str | None, typer.Option("--user", metavar="<name>", help="A user of the kubeconfig.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="<name>", help="A cluster of it.")
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            "--server", "-s", metavar="<url>", callback=_url, help="The API server's address."
        ),
    ] = None,
    as_user: Annotated[
        str | None, typer.Option("--as", metavar="<user>", help="Act as somebody else.")
    ] = None,
    as_group: Annotated[
        list[str] | None,
        typer.Option("--as-group", metavar="<group>", help="In these. Can be repeated."),
    ] = None,
    as_uid: Annotated[
        str | None, typer.Option("--as-uid", metavar="<uid>", help="With this uid.")
    ] = None,
    request_timeout: Annotated[
        str | None,
        typer.Option(
            "--request-timeout",
            metavar="<time>",
            callback=_seconds,
            help="For one request, such as 5s; default, and for 0: 30s.",
        ),
    ] = None,
    _token: Annotated[
        str | None, typer.Option("--token", metavar="<token>", callback=_no_token, hidden=True)
    ] = None,
) -> Login:
    """Return what the options say."""
    groups = tuple(as_group or ())
    if as_user is None and (groups or as_uid):
        msg = "--as-group and --as-uid need --as"
        raise typer.BadParameter(msg)
    text = request_timeout or "0"
    timeout_s = float(text) if text.isdigit() else parse_duration(text).total_seconds()
    return Login(user, cluster, server, as_user, as_uid, groups, timeout_s or None)


def as_kubectl_does(command: Callable[..., None]) -> Callable[..., None]:
    """Return *command* with the options of kubectl that say where to and as whom."""
    own, more = (
        [
            each.replace(annotation=get_type_hints(of, include_extras=True)[name])
            for name, each in inspect.signature(of).parameters.items()
        ]
        for of in (command, _options)
    )
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *more)]

    @wraps(command)
    def asked(**given: Any) -> None:
        login = {each.name: given.pop(each.name) for each in more}
        _typed.set(_options(**login))
        command(**given)

    asked.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    asked.__annotations__ = {each.name: each.annotation for each in named}
    return asked
