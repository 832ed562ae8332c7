"""
How is a stored object parsed, or refused with a clear message?

The API server has checked most of it already; this is the second line, with
the same rules, for objects that a newer schema would refuse. Deletion reads
leniently: whatever was stored must stay deletable. Nothing of the input is
ever quoted: a user may have pasted a token into the wrong field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..conditions import Condition
from ..errors import InvalidSpec, Reason
from ..names import ALT, FULL_NAME_MAX, LABEL_MANAGED_BY, MARKER_KEY, is_robot_short_name
from .api_credentials import credentials_fault
from .base import LEAST_WORDS, PORT_WORDS, Part
from .clusterrobot import ClusterRobotSpec, ClusterRobotStatus
from .connection import (
    HOSTS_TOGETHER_WORDS,
    HOSTS_WORDS,
    RULE_WITHOUT_OWNER,
    UNKNOWN_PLACEHOLDER,
    AccessRule,
    ClusterConnectionSpec,
    ConnectionSpec,
    ConnectionStatus,
)
from .credentials import ACCOUNT_WORDS, AUDIENCES_WORDS, STATIC_WORDS
from .federation import UNMANAGED_IDENTITIES_WORDS, Federation
from .newer import parse_stored
from .permissions import UNMANAGED_RIGHTS_WORDS, Permissions
from .proxy import proxy_fault
from .robot import (
    ConnectionRef,
    RobotSpec,
    RobotStatus,
    is_keyless,
    robot_name_of,
)
from .robot_rules import CREATOR_WORDS, INTERVAL_WORDS, NO_SECRETS_WORDS, UNMANAGED_WORDS
from .secret import LINKS_WORDS
from .slots import lenient_rotation, overlaps
from .spelling import words_of

__all__ = [
    "connection_model",
    "is_reserved",
    "lenient_access",
    "lenient_robot",
    "parse_connection",
    "parse_connection_status",
    "parse_part",
    "parse_robot",
    "parse_robot_status",
    "parse_status",
]

PartT = TypeVar("PartT", bound=Part)
StatusT = TypeVar("StatusT", RobotStatus, ClusterRobotStatus, ConnectionStatus)


def parse_robot(name: str, spec: Mapping[str, object]) -> RobotSpec:
    """
    Return the spec of the QuayRobot called *name*.

    Raises:
        InvalidSpec: It says something that cannot be.
    """
    parsed = parse_part(RobotSpec, spec)
    if (parsed.organization is None) == (parsed.user is None):
        raise _invalid("exactly one of organization and user must be given")

    robot = robot_name_of(name, parsed)
    if not is_robot_short_name(robot.short):
        raise _invalid(
            "robotName (by default the resource's name), without the organization, must be 2 to "
            "255 lower-case letters and digits, with single '.', '_' or '-' between them"
        )
    if len(robot.full) > FULL_NAME_MAX:
        raise _invalid("'<organization or user>+<robotName>' is longer than 255 characters")
    if MARKER_KEY in parsed.metadata:
        raise _invalid(f"metadata must not hold the key {MARKER_KEY}")
    if parsed.no_secret and parsed.secrets:
        raise _invalid(NO_SECRETS_WORDS)
    _check_secrets(parsed)
    _check_permissions(parsed)
    _check_federation(parsed)
    _check_rotation(name, parsed)
    _check_credentials(parsed)
    return parsed


def parse_connection(
    kind: str, spec: Mapping[str, object]
) -> ConnectionSpec | ClusterConnectionSpec:
    """
    Return the spec of a connection of *kind*.

    Raises:
        InvalidSpec: It says something that cannot be.
    """
    parsed = parse_part(connection_model(kind), spec)
    if parsed.url.startswith("http://") and not parsed.allow_plaintext:
        raise _invalid("url must be https, unless allowPlaintext is true")
    _check_api_credentials(parsed)
    if parsed.ca_bundle is not None and parsed.ca_bundle_ref is not None:
        raise _invalid("give caBundle or caBundleRef, not both")
    if fault := proxy_fault(parsed.proxy, parsed.url):
        raise _invalid(fault)
    if parsed.registry_host is not None and parsed.registry_hosts is not None:
        raise _invalid(HOSTS_TOGETHER_WORDS)
    for rule in parsed.access if isinstance(parsed, ClusterConnectionSpec) else ():
        _check_access_rule(rule)
    return parsed


def connection_model(kind: str) -> type[ConnectionSpec | ClusterConnectionSpec]:
    """Return the model of the spec of a connection of *kind*."""
    return ClusterConnectionSpec if kind == "ClusterQuayConnection" else ConnectionSpec


def _check_access_rule(rule: AccessRule) -> None:
    if rule.adoption and rule.robot_names is None:
        raise _invalid("an access rule with adoption needs robotNames")
    if not (rule.organizations or rule.users):
        raise _invalid(RULE_WITHOUT_OWNER)
    plain = [each.replace("{namespace}", "") for each in rule.robot_names or ()]
    if any(set(each) & set("{}") for each in plain):
        raise _invalid(UNKNOWN_PLACEHOLDER)


def _check_api_credentials(parsed: ConnectionSpec | ClusterConnectionSpec) -> None:
    said = parsed.credentials
    fault = credentials_fault(said)
    if fault is not None:
        raise _invalid(fault)
    service = said.issuer or said.token_url or ""
    if service.startswith("http://") and not parsed.allow_plaintext:
        msg = "credentials.issuer and credentials.tokenURL must be https, unless allowPlaintext is"
        raise _invalid(f"{msg} true")


def lenient_access(spec: Mapping[str, object]) -> tuple[AccessRule, ...]:
    """Return the access rules of *spec* that can be read, whatever else it says."""
    return tuple(_readable_rules(spec.get("access")))


def lenient_robot(name: str, spec: Mapping[str, object]) -> RobotSpec:
    """Return what of *spec* a deletion needs, whatever else it says."""
    try:
        return parse_stored(RobotSpec, spec, partial(parse_robot, name))
    except InvalidSpec:
        ref = spec.get("connectionRef")
        return RobotSpec.model_construct(
            connection_ref=_lenient_ref(ref if isinstance(ref, Mapping) else {}),
            organization=_text(spec, "organization"),
            user=_text(spec, "user"),
            robot_name=_text(spec, "robotName"),
            deletion_policy="Orphan" if spec.get("deletionPolicy") == "Orphan" else "Delete",
            secrets=[],
            rotation=lenient_rotation(spec),
        )


def parse_robot_status(status: Mapping[str, object]) -> RobotStatus:
    """Return the stored status; what cannot be read counts as not there."""
    return parse_status(RobotStatus, status)


def parse_connection_status(status: Mapping[str, object]) -> ConnectionStatus:
    """Return the stored status; what cannot be read counts as not there."""
    return parse_status(ConnectionStatus, status)


def is_reserved(key: str) -> bool:
    """Return whether the label or annotation *key* is the operator's own."""
    return key in {MARKER_KEY, LABEL_MANAGED_BY} or key.startswith(f"{MARKER_KEY}/")


def _check_secrets(spec: RobotSpec) -> None:
    names = [secret.name for secret in spec.secrets or ()]
    if len(names) != len(set(names)):
        raise _invalid("two entries of secrets have the same name")

    for secret in spec.secrets or ():
        if secret.keys is not None and secret.format != "Opaque":
            raise _invalid("keys can be named for format: Opaque only")
        if secret.keys is not None and len(set(secret.keys.model_dump().values())) < 3:
            raise _invalid("username, password and registry need three different keys")
        if secret.scope != "Registry" and secret.format == "BasicAuth":
            raise _invalid("format: BasicAuth holds no registry, so scope must be Registry")
        if secret.scope == "Repositories" and secret.format != "DockerConfigJson":
            raise _invalid("scope: Repositories needs format: DockerConfigJson")
        pulls = any("imagePullSecrets" in each.links for each in secret.service_accounts)
        if pulls and secret.format != "DockerConfigJson":
            raise _invalid("imagePullSecrets can name a Secret of format: DockerConfigJson only")
        for key in (*secret.labels, *secret.annotations):
            if is_reserved(key):
                raise _invalid("labels and annotations under quayrobot.io/ are the operator's own")


def parse_part(model: type[PartT], spec: Mapping[str, object]) -> PartT:
    """
    Return *spec* as a *model*.

    Raises:
        InvalidSpec: It is none; the message names places, never values.
    """
    try:
        return model.model_validate(spec)
    except ValidationError as error:
        places = sorted({_told(each) for each in error.errors(include_input=False)})
        raise _invalid("not accepted: " + "; ".join(places[:5])) from None


def _check_permissions(spec: RobotSpec) -> None:
    wanted = spec.permissions or Permissions()
    if spec.user is not None and (wanted.teams or wanted.defaults):
        raise _invalid("permissions.teams and permissions.defaults belong to organizations")

    if wanted.mode == "Unmanaged" and (wanted.repositories or wanted.teams or wanted.defaults):
        raise _invalid(UNMANAGED_RIGHTS_WORDS)

    names = [each.name for each in wanted.repositories]
    creators = [each.creator for each in wanted.defaults]
    for several in (names, creators, wanted.teams):
        if len(several) != len(set(several)):
            raise _invalid("permissions name something twice")

    robots = [each for each in creators if each is not None and "+" in each]
    if not all(each.startswith(f"{spec.organization}+") for each in robots):
        raise _invalid(CREATOR_WORDS)

    scoped = [each for each in spec.secrets or () if each.scope == "Repositories"]
    if scoped and not wanted.repositories:
        raise _invalid("scope: Repositories needs permissions.repositories")


def _check_federation(spec: RobotSpec) -> None:
    wanted = spec.federation or Federation()
    if wanted.mode == "Unmanaged" and wanted.identities:
        raise _invalid(UNMANAGED_IDENTITIES_WORDS)
    for each in wanted.identities:
        outside = each.issuer is not None and each.subject is not None
        none = each.issuer is None and each.subject is None
        if not (none if each.service_account is not None else outside):
            raise _invalid("an identity is either issuer and subject, or serviceAccount")


def _check_rotation(name: str, spec: RobotSpec) -> None:
    if spec.rotation and spec.rotation.window and spec.rotation.interval is None:
        raise _invalid("rotation.window needs rotation.interval")
    if not overlaps(spec):
        return
    if len(robot_name_of(name, spec).in_slot(ALT).full) > FULL_NAME_MAX:
        raise _invalid(
            "with rotation.strategy: Overlap '<organization or user>+<robotName>' must not be "
            "longer than 251 characters"
        )
    if spec.permissions is None or spec.permissions.mode != "Exact":
        raise _invalid("rotation.strategy: Overlap needs permissions with mode: Exact")
    if spec.federation is not None and spec.federation.mode != "Exact":
        raise _invalid("rotation.strategy: Overlap needs federation with mode: Exact")


def _check_credentials(spec: RobotSpec) -> None:
    credentials = spec.credentials
    if not is_keyless(spec):
        if credentials.service_account is not None or credentials.audiences is not None:
            raise _invalid(STATIC_WORDS)
        return
    if credentials.service_account is None:
        raise _invalid(ACCOUNT_WORDS)
    if len(credentials.audiences or ()) != len(set(credentials.audiences or ())):
        raise _invalid(AUDIENCES_WORDS)
    if spec.federation is not None and spec.federation.mode == "Unmanaged":
        raise _invalid(UNMANAGED_WORDS)
    if overlaps(spec) or (spec.rotation is not None and spec.rotation.interval is not None):
        raise _invalid(INTERVAL_WORDS)


def _told(error: ErrorDetails) -> str:
    # What our own checks say quotes nothing; the library's words may.
    ours = error["msg"].removeprefix("Value error, ") if error["type"] == "value_error" else ""
    place = _place(error["loc"])
    return f"{place} ({ours})" if ours in _OUR_WORDS else words_of(error, place, _FIELDS)


_OUR_WORDS = {*LEAST_WORDS.values(), HOSTS_WORDS, LINKS_WORDS, PORT_WORDS}


def _fields(model: type[Part]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name
        for part in _parts(field.annotation):
            yield from _fields(part)


def _parts(annotation: object) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


_FIELDS = {
    name
    for model in (RobotSpec, ClusterRobotSpec, ConnectionSpec, ClusterConnectionSpec)
    for name in _fields(model)
}


def _place(location: tuple[int | str, ...]) -> str:
    # A key of a map is user text; only names that the schema knows are shown.
    known = [
        f"[{each}]" if isinstance(each, int) else f".{each}"
        for each in location
        if isinstance(each, int) or each in _FIELDS
    ]
    return "".join(["spec", *known])[:120]


def _invalid(message: str) -> InvalidSpec:
    return InvalidSpec(Reason.INVALID_SPEC, message)


def _readable_rules(found: object) -> Iterator[AccessRule]:
    for each in found if isinstance(found, list) else ():
        try:
            yield AccessRule.model_validate(each)
        except ValidationError:
            # It lets nobody in.
            continue


def _text(spec: Mapping[str, object], key: str) -> str | None:
    value = spec.get(key)
    return value if isinstance(value, str) else None


def _lenient_ref(ref: Mapping[str, object]) -> ConnectionRef:
    namespaced = ref.get("kind") == "QuayConnection"
    return ConnectionRef.model_construct(
        kind="QuayConnection" if namespaced else "ClusterQuayConnection",
        name=_text(ref, "name") or "default",
    )


def parse_status(model: type[StatusT], status: Mapping[str, object]) -> StatusT:
    """Return the stored *status*; what cannot be read counts as not there."""
    try:
        return model.model_validate(status)
    except ValidationError:
        return _readable_status(model, status)


def _readable_status(model: type[StatusT], status: Mapping[str, object]) -> StatusT:
    """Field by field: one that a later release wrote differently must not cost the rest."""
    aliases = {(each.alias or name): name for name, each in model.model_fields.items()}
    found: dict[str, Any] = {}
    for alias, value in status.items():
        if alias not in aliases:
            continue
        kept = _conditions(value) if alias == "conditions" else value
        try:
            found[aliases[alias]] = getattr(model.model_validate({alias: kept}), aliases[alias])
        except ValidationError:
            continue
    return model.model_construct(**found)


def _conditions(value: object) -> list[Condition]:
    conditions = []
    for each in value if isinstance(value, list) else []:
        try:
            conditions.append(Condition.model_validate(each))
        except ValidationError:
            continue
    return conditions
