"""Does the environment name a proxy that no connection uses?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .checks import CheckResult, State

__all__ = ["check_proxies"]

VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
Body = Mapping[str, Any]


def check_proxies(
    deployments: Iterable[Body] | None, environ: Mapping[str, str], without: Iterable[str]
) -> list[CheckResult]:
    """
    Tell of variables that are ignored; nothing where there are none, or all have a proxy.

    *deployments* are the operator's, *environ* is the caller's own environment, *without*
    are the connections that name no proxy, in words.
    """
    named = [*_of_pods(deployments or ()), *_set_in(environ, "your environment")]
    lacking = sorted(without)
    if not named or not lacking:
        return []
    words = (
        f"{'; '.join(named)}. It is not used: these connections name no proxy and are called "
        f"without one: {', '.join(lacking)}."
    )
    helps = "If Quay is behind a proxy, name it in spec.proxy of the connection."
    return [CheckResult("proxy", State.DOUBTFUL, words, helps)]


def _of_pods(deployments: Iterable[Body]) -> Iterator[str]:
    for each in deployments:
        meta, spec = each["metadata"], each["spec"]["template"]["spec"]
        found = {
            item["name"]: item.get("value") or "from elsewhere"
            for container in spec.get("containers") or ()
            for item in container.get("env") or ()
        }
        yield from _set_in(found, f"the Deployment {meta['namespace']}/{meta['name']}")


def _set_in(environ: Mapping[str, str], where: str) -> list[str]:
    """What a variable holds is never said: a proxy's url may carry a password."""
    names = [each for each in VARIABLES if environ.get(each, "") or environ.get(each.lower(), "")]
    return [f"{', '.join(names)} of {where} names a proxy"] if names else []
