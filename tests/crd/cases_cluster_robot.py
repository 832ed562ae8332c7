"""What breaks the rules of a ClusterQuayRobot, those of its QuayRobots included?"""

from __future__ import annotations

from quayrobot.model.resources.clusterrobot import CLUSTER_ROBOT_RULES
from quayrobot.model.resources.robot_rules import ROBOT_RULES

from . import cases_namespaces as namespaces
from .cases_robot import CEL as ROBOT
from .told import ORG, Cel, Told

CEL: Cel = {}
for _place in ("labels", "annotations"):
    CEL["ClusterQuayRobot", f".spec.template.metadata.{_place}", 0] = [
        Told(
            bad=[
                namespaces.lifted(ORG, {_place: {key: "x"}})
                for key in ("quayrobot.io", "quayrobot.io/x", "app.kubernetes.io/managed-by")
            ],
            good=[namespaces.lifted(ORG, {_place: {"app.kubernetes.io/name": "x"}})],
            words="the operator's own",
        )
    ]
for _number, _examples in namespaces.ROOT.items():
    CEL["ClusterQuayRobot", "", _number] = [
        Told(before=before, bad=bad, good=good, words=words)
        for before, bad, good, words in _examples
    ]
for _number, _lifted in enumerate(CLUSTER_ROBOT_RULES):
    for _other, _robot in enumerate(ROBOT_RULES):
        if _lifted.message == f"template: {_robot.message}":
            CEL["ClusterQuayRobot", "", _number] = [
                Told(
                    bad=[namespaces.lifted(each) for each in told.bad],
                    good=[namespaces.lifted(each) for each in told.good],
                    words=told.words,
                )
                for told in ROBOT["QuayRobot", "", _other]
            ]
