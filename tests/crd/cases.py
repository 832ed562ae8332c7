"""
What breaks each rule, and what is its neighbour that is accepted?

Sizes, words and required fields are derived from the schema itself; patterns
and CEL rules are told here. A test fails when a rule has no counter-example.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import (
    cases_cluster_robot,
    cases_connection,
    cases_labels,
    cases_places,
    cases_robot,
    cases_robot_fields,
)
from . import cases_credentials as credentials
from . import cases_federation as federation
from . import cases_namespaces as namespaces
from . import cases_oidc as oidc
from .full_objects import FULL, Body, whole
from .patterns import LONGEST, NOT_ALONE, PATTERNS, WORDS
from .schema import RuleName, rules, value_at, with_value
from .told import ORG, REPOSITORIES

__all__ = ["FULL", "Case", "cases", "whole"]

_PARTS = (
    cases_robot,
    cases_robot_fields,
    cases_connection,
    cases_places,
    cases_cluster_robot,
    cases_labels,
)
CEL = {key: told for each in _PARTS for key, told in each.CEL.items()}


@dataclass(frozen=True, slots=True)
class Case:
    """
    One counter-example of *rule* and its accepted neighbour, as whole objects.

    *words* have to be in the message. An update goes from *before*.
    """

    rule: RuleName
    bad: Body
    good: Body
    words: tuple[str, ...]
    before: Body | None = None
    label: str = ""

    @property
    def id(self) -> str:
        """What a failing test is called."""
        return f"{self.rule} {self.label}".strip()


def cases() -> list[Case]:
    """Return a counter-example, at least one, for every rule that can have one."""
    return [case for name, value in rules().items() if _told(name) for case in _cases(name, value)]


def _told(rule: RuleName) -> bool:
    """Tell whether the full object says anything where *rule* binds; a new field it may lack."""
    try:
        value_at(_base(rule), rule.path)
    except (KeyError, IndexError, StopIteration):
        return rule.path == ""
    return True


def _cases(rule: RuleName, value: Any) -> Iterator[Case]:
    keyword, _, rest = rule.keyword.partition(" ")
    match keyword:
        case "cel":
            yield from _cel(rule, int(rest))
        case "pattern":
            yield from _patterns(rule, value)
        case "required":
            yield _required(rule, rest)
        case "enum":
            for number, word in enumerate(value):
                if (rule.path, word) in NOT_ALONE:
                    continue
                yield _sized(rule, word.swapcase(), word, *value, label=str(number))
        case _:
            yield from _sizes(rule, keyword, value)


def _sizes(rule: RuleName, keyword: str, value: Any) -> Iterator[Case]:
    match keyword:
        case "maxLength":
            good = LONGEST.get(rule.path, "a" * value)
            yield _sized(rule, good + "a" * (value + 1 - len(good)), good, "too long", str(value))
        case "minLength":
            yield _sized(rule, "", "ab", rule.field, str(value))
        case "minimum":
            yield _sized(rule, value - 1, value, rule.field, f"greater than or equal to {value}")
        case "maximum":
            yield _sized(rule, value + 1, value, rule.field, f"less than or equal to {value}")
        case "maxItems":
            yield _many(rule, value)
        case "maxProperties":
            many = {f"k{number}": "v" for number in range(value + 1)}
            fits = dict(list(many.items())[:value])
            yield _sized(rule, many, fits, "too many", str(value))
        case "minItems":
            yield _sized(rule, [], value_at(_base(rule), rule.path), rule.field, str(value))
        case "unique":
            one, other = _two(rule)
            yield _sized(rule, [one, one], [one, other], "duplicate value")


# What can only be told of a Secret that carries a docker config.
_DOCKER = tuple(f".spec.secrets[].{each}" for each in ("format", "scope", "serviceAccounts"))


def _base(rule: RuleName) -> Body:
    body = whole(rule.kind)
    if rule.path == ".spec.user":
        del body["spec"]["organization"]
        body["spec"] = {**body["spec"], "user": "bob", **REPOSITORIES}
    if rule.path == ".spec.mode":
        body["spec"] = {**namespaces.lifted(ORG), "mode": "PerNamespace"}
    if rule.kind == "QuayRobot" and rule.path.startswith(credentials.PLACE):
        body["spec"] = {**body["spec"], "credentials": credentials.FULL, "rotation": {}}
    if rule.path == f"{federation.PLACE}.serviceAccount":
        body["spec"]["federation"] = {"identities": [federation.NAMED]}
    if rule.path == ".spec.registryHost":
        del body["spec"]["registryHosts"]
        body["spec"]["registryHost"] = "quay.example"
    if rule.kind.endswith("Connection") and oidc.is_oidc(rule.path):
        place = {"namespace": "quay"} if rule.kind == "ClusterQuayConnection" else {}
        body["spec"]["credentials"] = oidc.base_of(rule.path, place)
    if rule.path == ".spec.url":
        # An IPv6 address is for connections without one.
        del body["spec"]["proxy"]
    if rule.path.startswith(".spec.caBundleRef"):
        del body["spec"]["caBundle"]
        place = {"namespace": "quay"} if rule.kind == "ClusterQuayConnection" else {}
        body["spec"]["caBundleRef"] = {"kind": "Secret", "name": "ca", "key": "ca.crt", **place}
    if rule.path.startswith(_DOCKER):
        (secret,) = body["spec"]["secrets"]
        del secret["keys"]
        secret["format"] = "DockerConfigJson"
    return body


def _sized(rule: RuleName, bad: Any, good: Any, *words: str, label: str = "") -> Case:
    base = _base(rule)
    return Case(
        rule,
        with_value(base, rule.path, bad),
        with_value(base, rule.path, good),
        words,
        label=label,
    )


def _many(rule: RuleName, most: int) -> Case:
    items = WORDS.get(rule.path) or [_numbered(rule, number) for number in range(most)]
    return _sized(rule, [*items, items[0]], items, "too many", str(most))


def _two(rule: RuleName) -> tuple[Any, Any]:
    """Return two items of a list that may hold neither twice."""
    one, other = WORDS.get(rule.path) or (_numbered(rule, 0), _numbered(rule, 1))
    return one, other


def _numbered(rule: RuleName, number: int) -> Any:
    """Return the item of the full object, told from others by *number* where it can be."""
    (one,) = value_at(_base(rule), rule.path)
    if not isinstance(one, dict):
        return f"{one}{number}"
    return {**one, **{key: f"n{number}" for key in ("name", "creator") if key in one}}


def _required(rule: RuleName, name: str) -> Case:
    good = _base(rule)
    bad = copy.deepcopy(good)
    place = value_at(bad, rule.path)
    del place[name]
    return Case(rule, bad, good, (name, "required"))


def _patterns(rule: RuleName, pattern: str) -> Iterator[Case]:
    refused, taken = PATTERNS.get(rule.path, ([], []))
    for number, bad in enumerate(refused):
        good = taken[number % len(taken)]
        yield _sized(rule, bad, good, rule.field, pattern, label=repr(bad))


def _cel(rule: RuleName, number: int) -> Iterator[Case]:
    for told in CEL.get((rule.kind, rule.path, number), ()):
        for place in range(max(len(told.bad), len(told.good))):
            bad = told.bad[place % len(told.bad)]
            good = told.good[place % len(told.good)]
            before = told.before
            yield Case(
                rule,
                whole(rule.kind, bad, name=told.name),
                whole(rule.kind, good, name=told.name),
                (told.words,),
                before=None if before is None else whole(rule.kind, before, name=told.name),
                label=f"{str(bad)[:60]}",
            )
