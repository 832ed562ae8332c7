"""
Which bytes carry a robot's credential, in which format?

Pure rendering, deterministic to the byte, so that equal credentials give equal
digests. The docker config JSON holds `auth` only, as Quay's own download does;
its key is the registry host, or host and organization.
"""

from __future__ import annotations

import base64
import json

from ..model.names import RobotName
from ..model.resources.robot import SecretKeys, SecretSpec
from ..model.secrecy import Token

__all__ = ["SECRET_TYPES", "render_data"]

SECRET_TYPES = {
    "DockerConfigJson": "kubernetes.io/dockerconfigjson",
    "BasicAuth": "kubernetes.io/basic-auth",
    "Opaque": "Opaque",
}


def render_data(
    spec: SecretSpec, robot: RobotName, token: Token, registry: str
) -> dict[str, Token]:
    """Return the data of the Secret *spec* that lets *robot* log in at *registry*."""
    match spec.format:
        case "DockerConfigJson":
            document = _docker_config(robot, token, _auth_key(spec, robot, registry))
            return {".dockerconfigjson": Token(document)}
        case "BasicAuth":
            return {"username": Token(robot.full), "password": token}
        case "Opaque":
            keys = spec.keys or SecretKeys()
            return {
                keys.username: Token(robot.full),
                keys.password: token,
                keys.registry: Token(_auth_key(spec, robot, registry)),
            }


def _auth_key(spec: SecretSpec, robot: RobotName, registry: str) -> str:
    return f"{registry}/{robot.owner.name}" if spec.scope == "Organization" else registry


def _docker_config(robot: RobotName, token: Token, auth_key: str) -> str:
    pair = f"{robot.full}:{token.reveal()}".encode()
    auth = base64.b64encode(pair).decode()
    return json.dumps({"auths": {auth_key: {"auth": auth}}}, separators=(",", ":"))
