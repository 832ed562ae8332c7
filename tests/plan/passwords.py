"""
What does a resource look like whose Secrets carry a one-hour password?

The robot is at rest unless a test says otherwise: its identity is known to
Quay, its Secrets are as the status says, the password was got at NOW.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from quayrobot.model.conditions import Condition
from quayrobot.model.errors import Reason
from quayrobot.model.resources.robot import RobotSpec
from quayrobot.model.secrecy import Token
from quayrobot.model.world import Absent, AccountSeen, Password, Present, Unlooked
from quayrobot.plan.credentials.keyless import noted_credential, noted_secrets
from quayrobot.plan.scene import Scene
from tests.kit.canary import robot_token

from .rights.test_federation import BUILDER, OWN
from .scenes import NOW, TOKEN, held, listed, spec, status, stored_all

__all__ = ["ACCOUNTS", "HOUR", "KEYLESS", "at_rest", "keyless", "password", "wanting"]

HOUR = timedelta(hours=1)
KEYLESS = {"type": "Federated", "serviceAccount": "builder"}
ACCOUNTS = {"builder": Present(AccountSeen("shop", "builder", "uid-builder", "1", {}))}


def keyless(**fields: Any) -> RobotSpec:
    """Return a spec with federated credentials."""
    return spec(**{"credentials": KEYLESS, **fields})


def password(at: datetime = NOW, life: timedelta = HOUR) -> Password:
    """Return a password that was got *at* a time."""
    return Password(Token(robot_token()), at, at + life)


def wanting(**changes: Any) -> Scene:
    """Return a robot whose identity is known to Quay, and whose Secret is not there yet."""
    wanted = changes.pop("spec", keyless())
    said = Condition(type="FederationReady", status="True", reason=Reason.RECONCILED)
    plain = status(credential=None, federation=(BUILDER,))
    known = plain.model_copy(
        update={
            "conditions": (*plain.conditions, said),
            "robot": plain.robot.model_copy(update={"token_digest": TOKEN.digest}),
        }
    )
    scene = held(spec=wanted, status=known, rules=None, issuer=OWN, accounts=ACCOUNTS)
    bare = {
        "status": known,
        "secrets": dict.fromkeys(scene.secrets, Absent()),
        "robot": Present(listed().without_token()),
    }
    return replace(scene, **{**bare, **changes})


def at_rest(got: Password | None = None, **changes: Any) -> Scene:
    """Return a robot at rest whose Secrets carry *got*."""
    got = got or password()
    scene = replace(
        wanting(**({"spec": changes.pop("spec")} if "spec" in changes else {})),
        exchange=Present(got),
    )
    written = {name: Present(each) for name, each in stored_all(scene, got.token).items()}
    scene = replace(scene, secrets=written)
    said = {"credential": noted_credential(scene), "secrets": noted_secrets(scene)}
    done = replace(scene, status=scene.status.model_copy(update=said), exchange=Unlooked())
    return replace(done, **changes)
