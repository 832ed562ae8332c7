"""What can be no label, no annotation and no selector, and what is accepted beside it?"""

from __future__ import annotations

from typing import Any

from . import cases_namespaces as namespaces
from .full_objects import FULL_SHARED
from .told import ORG, Body, Cel, Told, secret

BAD_KEYS = ("a b", "", "-a", "a/b/c", "A/b", "/a", "a/", "a" * 64, "é")
GOOD_KEYS = ("a", "A_b.c-d", "example.com/" + "a" * 63)
BAD_VALUES = ("a b", "-a", "a.", "a/b", "é")
GOOD_VALUES = ("", "a", "A_b.c-d", "a" * 63)
KEY_WORDS, VALUE_WORDS = "domain/name", "a label's value"
OPERATOR_WORDS = "In and NotIn need values"
WORDS = {(KEY_WORDS,), (VALUE_WORDS,), (OPERATOR_WORDS,)}
_NAMED = {"key": "k", "operator": "In", "values": ["v"]}


def _shared(selector: Body) -> Body:
    (rule,) = FULL_SHARED["access"]
    return {**FULL_SHARED, "access": [{**rule, "namespaces": selector}]}


def _selects(selector: Body) -> Body:
    return {**namespaces.lifted(ORG), "namespaceSelectors": [selector]}


def _maps(place: str, around: Any, first: int) -> dict[int, list[Told]]:
    def keyed(key: str) -> Body:
        return around({place: {key: "x"}})

    def valued(value: str) -> Body:
        return around({place: {"a": value}})

    # The case of an annotation's domain does not count.
    free = ("A/b",) if place == "annotations" else ()
    bad = [keyed(each) for each in BAD_KEYS if each not in free]
    found = {first: [Told(bad, [keyed(each) for each in (*GOOD_KEYS, *free)], KEY_WORDS)]}
    if place != "annotations":
        found[first + 1] = [
            Told(
                [valued(e) for e in BAD_VALUES],
                [valued(e) for e in GOOD_VALUES],
                "a label's value",
            )
        ]
    return found


def _expressions(around: Any) -> dict[int, list[Told]]:
    def says(**changes: Any) -> Body:
        return around({"matchExpressions": [{**_NAMED, **changes}]})

    none = {"operator": "Exists", "values": []}
    return {
        0: [
            Told(
                [says(key=each) for each in BAD_KEYS if each],
                [says(key=each) for each in GOOD_KEYS],
                KEY_WORDS,
            )
        ],
        1: [
            Told(
                [says(values=[]), says(operator="NotIn", values=[]), says(operator="Exists"),
                 says(operator="DoesNotExist")],
                [says(), says(operator="NotIn"), says(**none),
                 says(**{**none, "operator": "DoesNotExist"})],
                OPERATOR_WORDS,
            )
        ],
    }  # fmt: skip


CEL: Cel = {}
for _kind, _place, _around in (
    ("ClusterQuayConnection", ".spec.access[].namespaces", _shared),
    ("ClusterQuayRobot", ".spec.namespaceSelectors[]", _selects),
):
    for _number, _told in _maps("matchLabels", _around, 0).items():
        CEL[_kind, f"{_place}.matchLabels", _number] = _told
    for _number, _told in _expressions(_around).items():
        CEL[_kind, f"{_place}.matchExpressions[]", _number] = _told
for _name in ("labels", "annotations"):
    for _number, _told in _maps(_name, lambda each: {**ORG, **secret(**each)}, 1).items():
        CEL["QuayRobot", f".spec.secrets[].{_name}", _number] = _told
    for _number, _told in _maps(_name, lambda each: namespaces.lifted(ORG, each), 1).items():
        CEL["ClusterQuayRobot", f".spec.template.metadata.{_name}", _number] = _told
# An operator that has no values cannot stand where the full object has some.
PLACES = (".spec.access[].namespaces", ".spec.namespaceSelectors[]")
NOT_ALONE = {
    (f"{place}.matchExpressions[].operator", word)
    for place in PLACES
    for word in ("Exists", "DoesNotExist")
}
LONGEST = {f"{place}.matchExpressions[].key": f"{'a' * 253}/{'a' * 63}" for place in PLACES}
