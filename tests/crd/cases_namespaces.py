"""
What breaks the rules of a ClusterQuayRobot, and what is their neighbour that is accepted?

Its template holds a QuayRobot's spec, whose fields and their rules are told
there; `test_the_template_is_a_robots_spec` holds the two together. The root
rules that are lifted from the QuayRobot are told by its own examples, lifted.
"""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

TEMPLATE = ".spec.template.spec"
SELECTOR: Body = {
    "matchLabels": {"k": "v"},
    "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}],
}
CONSENT = (
    ["", "/x", "x/", "a b", "a=b c", "A/b", "a\n", "=a", "-a"],
    ["x", "quayrobot.example/pull", "example.com/Pull_x=yes", "x="],
)
EXCLUDED = (["", "A", "a.b", "a/b", "a b", "a\n"], ["*", "kube-*", "a[!b]?"])
NAMES = (
    ["", "A", "{other}", "{namespace", "a b", "a\n", "a+b"],
    ["{cluster}-{namespace}.{name}", "ci", "{name}"],
)
ORG = {"organization": "acme"}


def full(robot: Body) -> Body:
    """Return a spec that says everything, around the full spec of a *robot*."""
    inner = {key: value for key, value in robot.items() if key != "robotName"}
    return {
        "namespaceSelectors": [SELECTOR],
        "excludeNamespaces": ["kube-*"],
        "consent": "k=v",
        "mode": "PerNamespace",
        "robotNameTemplate": "{name}-{namespace}",
        "template": {
            "metadata": {"labels": {"k": "v"}, "annotations": {"k": "v"}},
            "spec": inner,
        },
    }


def _says(template: Body | None = None, **fields: Any) -> Body:
    inner = {**ORG, **(template or {})}
    return {"namespaceSelectors": [{}], "template": {"spec": inner}, **fields}


def lifted(robot: Body, meta: Body | None = None) -> Body:
    """Return a spec whose template is *robot*, with metadata *meta*."""
    template = {"spec": robot} | ({"metadata": meta} if meta else {})
    return {"namespaceSelectors": [{}], "template": template}


def _shared(template: Body | None = None, **fields: Any) -> Body:
    return _says(template, mode="Shared", **fields)


OUTSIDE = {"issuer": "https://ci.example.com", "subject": "x"}
EXACT = {"permissions": {"mode": "Exact"}}
# By number of the root rule: (before, bad, good, words).
Examples = tuple[Body | None, list[Body], list[Body], str]
ROOT: dict[int, list[Examples]] = {
    9: [
        (
            _says({"secrets": [{"name": "x"}]}),
            [_says()],
            [_says({"noSecret": True}), _says({"secrets": [{"name": "ci"}]})],
            "give noSecret: true",
        )
    ],
    0: [
        (_says(), [_shared()], [_says(mode="PerNamespace", consent="x")], "mode cannot be"),
        (_shared(), [_says()], [_shared(consent="x")], "mode cannot be"),
    ],
    1: [(None, [_says({"robotName": "ci"})], [_says(robotNameTemplate="ci")], "robotNameTempl")],
    2: [
        (
            None,
            [_shared(robotNameTemplate="{namespace}"), _shared(robotNameTemplate="a-{namespace}")],
            [_shared(robotNameTemplate="{name}"), _says(robotNameTemplate="{namespace}")],
            "cannot hold {namespace}",
        )
    ],
    3: [
        (
            None,
            [_shared({"connectionRef": {"kind": "QuayConnection", "name": "own"}})],
            [
                _shared({"connectionRef": {"name": "x"}}),
                _says({"connectionRef": {"kind": "QuayConnection", "name": "own"}}),
            ],
            "needs connectionRef.kind: ClusterQuayConnection",
        )
    ],
    4: [
        (
            None,
            [
                _shared({"federation": {"identities": [{"serviceAccount": "a"}]}}),
                _shared({"federation": {"identities": [OUTSIDE, {"serviceAccount": "a"}]}}),
                _shared({"credentials": {"type": "Federated", "serviceAccount": "a"}}),
            ],
            [
                _shared({"federation": {"identities": [OUTSIDE]}}),
                _says({"federation": {"identities": [{"serviceAccount": "a"}]}}),
                _says({"credentials": {"type": "Federated", "serviceAccount": "a"}}),
            ],
            "give issuer and subject",
        )
    ],
    5: [
        (
            None,
            [
                _shared({"creationPolicy": "Adopt"}),
                _shared({"creationPolicy": "CreateOrAdopt"}),
                _shared({"creationPolicy": "Adopt", "permissions": {"mode": "Additive"}}),
            ],
            [_shared({"creationPolicy": "Adopt", **EXACT}), _says({"creationPolicy": "Adopt"})],
            "permissions of mode Exact",
        )
    ],
    7: [
        (
            None,
            [_shared({"secrets": [{"name": "a"}, {"name": "b", "deletionPolicy": "Retain"}]})],
            [
                _shared({"secrets": [{"name": "a", "deletionPolicy": "Delete"}]}),
                _says({"secrets": [{"name": "b", "deletionPolicy": "Retain"}]}),
            ],
            "leaves no Secret behind",
        )
    ],
    8: [
        (
            None,
            [_shared({**EXACT, "rotation": {"strategy": "Overlap"}})],
            [
                _shared({"rotation": {"trigger": "1"}}),
                _says({**EXACT, "rotation": {"strategy": "Overlap"}}),
            ],
            "rotates in place",
        )
    ],
    6: [
        (
            _shared(),
            [
                _shared({"organization": "other"}),
                _shared(robotNameTemplate="x{name}"),
                {**_shared(), "template": {"spec": {"user": "acme"}}},
            ],
            [_shared({"description": "new"})],
            "a robot never moves",
        ),
        (
            _says(),
            [_shared({"organization": "other"})],
            [_says({"organization": "other"}, robotNameTemplate="{name}.{namespace}")],
            "mode",
        ),
    ],
}
