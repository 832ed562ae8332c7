"""
Which namespaces does a ClusterQuayRobot select, and may the others lose what they have?

A namespace is selected if a selector picks it, no exclusion names it, it gives
its consent where that is asked for, and it is not on its way out. Many that
stop matching at once look like a mistyped label: then nothing is removed until
somebody says how many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...model.errors import Reason, Refused
from ...model.names import ANNOTATION_CONFIRM
from ...model.resources.clusterrobot import ClusterRobotSpec, Removal
from ...model.world import NamespaceSeen
from ..rights.access import any_glob, selects

__all__ = ["RemovalPlan", "is_target", "plan_removal"]

FREE = 10
FREE_SHARE = 0.2


def is_target(spec: ClusterRobotSpec, namespace: NamespaceSeen) -> bool:
    """Return whether *namespace* is a target of *spec*."""
    labels = namespace.labels
    return (
        labels is not None
        and not namespace.terminating
        and any(selects(each, labels) for each in spec.namespace_selectors)
        and not any_glob(spec.exclude_namespaces, namespace.name)
        and _consents(spec.consent, labels)
    )


def _consents(consent: str | None, labels: Mapping[str, str]) -> bool:
    if consent is None:
        return True
    key, equals, value = consent.partition("=")
    return key in labels and (not equals or labels[key] == value)


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """
    Whether what is to be left may be left now, and whether somebody *confirmed* that.

    *state* is what status has to say of a confirmation, before anything is
    removed because of it; *error* says what a removal waits for.
    """

    allowed: bool
    confirmed: bool = False
    state: Removal | None = None
    error: Refused | None = None


def plan_removal(
    leaving: int, *, served: int, lately: int, confirm: str | None, state: Removal | None
) -> RemovalPlan:
    """
    Decide whether *leaving* of *served* namespaces may lose what they have.

    *lately* were left in the last minutes: a slow slip counts as one. *confirm*
    is the annotation's value, which counts once; *state* is what is stored of it.
    """
    if state is not None and state.confirmed != confirm:
        # Taken away, or another one: what it stood for is over.
        state = None
    if not leaving:
        return RemovalPlan(allowed=True, state=_used(state))
    if _few(leaving + lately, served + lately):
        return RemovalPlan(allowed=True, state=state)
    if state is not None and leaving <= state.left:
        return _confirmed(state.confirmed, leaving)
    if state is None and confirm == str(leaving):
        return _confirmed(confirm, leaving)
    return RemovalPlan(allowed=False, state=_used(state), error=_held(leaving, served, state))


def _confirmed(value: str, leaving: int) -> RemovalPlan:
    state = Removal(confirmed=value, left=leaving)
    return RemovalPlan(allowed=True, confirmed=True, state=state)


def _used(state: Removal | None) -> Removal | None:
    return None if state is None else Removal(confirmed=state.confirmed)


def _few(leaving: int, served: int) -> bool:
    return leaving <= FREE or leaving <= FREE_SHARE * served


def _held(leaving: int, served: int, state: Removal | None) -> Refused:
    how = f'set the annotation {ANNOTATION_CONFIRM}: "{leaving}"'
    if state is not None and state.confirmed == str(leaving):
        how = f"the annotation was used once already: take it away, then {how}"
    msg = (
        f"{leaving} of {served} namespaces are no longer selected; nothing is removed from them "
        f"until that is confirmed: {how}, or correct selectors or labels"
    )
    return Refused(Reason.REMOVAL_NOT_CONFIRMED, msg)
