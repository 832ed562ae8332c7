"""
Which bytes carry a robot's credential, in which format?

Pure rendering, deterministic to the byte, so that equal credentials give equal
digests. The docker config JSON holds `auth` only, as Quay's own download does;
its keys are the registry's hosts, or host and organization.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence

from ...model.names import RobotName
from ...model.resources.secret import SecretKeys, SecretSpec
from ...model.secrecy import Token

__all__ = ["SECRET_TYPES", "render_data"]

SECRET_TYPES = {
    "DockerConfigJson": "kubernetes.io/dockerconfigjson",
    "BasicAuth": "kubernetes.io/basic-auth",
    "Opaque": "Opaque",
}


def render_data(
    spec: SecretSpec,
    robot: RobotName,
    token: Token,
    registries: Sequence[str],
    *,
    repositories: Iterable[str] = (),
) -> dict[str, Token]:
    """
    Return the data of the Secret *spec* that lets *robot* log in.

    *registries* are the hosts that the credential is filed under, the one that is shown first.
    *repositories* are the entries of the scope Repositories.
    """
    match spec.format:
        case "DockerConfigJson":
            keys = _auth_keys(spec, robot, registries, repositories)
            document = _docker_config(robot, token, keys)
            return {".dockerconfigjson": Token(document)}
        case "BasicAuth":
            return {"username": Token(robot.full), "password": token}
        case "Opaque":
            named = spec.keys or SecretKeys()
            return {
                named.username: Token(robot.full),
                named.password: token,
                named.registry: Token(_auth_key(spec, robot, registries[0])),
            }


def _auth_key(spec: SecretSpec, robot: RobotName, registry: str) -> str:
    return f"{registry}/{robot.owner.name}" if spec.scope == "Organization" else registry


def _auth_keys(
    spec: SecretSpec, robot: RobotName, registries: Iterable[str], repositories: Iterable[str]
) -> list[str]:
    if spec.scope != "Repositories":
        return [_auth_key(spec, robot, each) for each in registries]
    names = sorted(repositories)
    return [f"{host}/{robot.owner.name}/{each}" for host in registries for each in names]


def _docker_config(robot: RobotName, token: Token, auth_keys: Iterable[str]) -> str:
    pair = f"{robot.full}:{token.reveal()}".encode()
    auth = base64.b64encode(pair).decode()
    return json.dumps({"auths": {key: {"auth": auth} for key in auth_keys}}, separators=(",", ":"))
