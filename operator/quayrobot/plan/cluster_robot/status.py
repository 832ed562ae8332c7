"""
Which namespaces of a ClusterQuayRobot are ready, and how does its status summarize them?

One namespace that fails holds up no other, and is named with its reason, but
of many only so many are named. What is merely under way is no failure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...model.conditions import Condition, ConditionType, Status
from ...model.errors import Conflict, QuayRobotError, Reason, Refused, TryLater
from ...model.resources.clusterrobot import (
    FAILED_MAX,
    ClusterRobotStatus,
    Failure,
    NamespaceCounts,
)
from ...model.resources.robot import RobotStatus, suspend_field
from ...model.world import SecretSeen
from .copies import is_fresh

__all__ = [
    "Summary",
    "NamespaceState",
    "cluster_robot_conditions",
    "problem_of",
    "shared_conditions",
    "state_of_copies",
    "state_of_member",
    "state_after_failure",
    "summarize",
]

MESSAGE_MAX = 256
SUSPENDED_WORDS = (
    f"suspended: nothing is written until {suspend_field('ClusterQuayRobot')} is false"
)
C = ConditionType


@dataclass(frozen=True, slots=True)
class NamespaceState:
    """
    The state of one namespace.

    *waits* says that its *failure* may pass by itself; *stale* that it still has
    an older credential; *suspended* that its QuayRobot waits to go on.
    """

    namespace: str
    ready: bool = False
    stale: bool = False
    suspended: bool = False
    failure: Failure | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """
    All of them: the counts, those that are named, and how many may still come right.

    *moving_stale* of these have an older credential, and *suspended* wait to go on.
    *kept* still have what they are no longer to have, because taking it away failed.
    *contested* is what others set back in the first such namespace, or keep from being repaired.
    """

    counts: NamespaceCounts
    failed: tuple[Failure, ...]
    moving: int
    moving_stale: int = 0
    kept: int = 0
    suspended: int = 0
    contested: QuayRobotError | None = None


def state_after_failure(namespace: str, error: QuayRobotError) -> NamespaceState:
    """Return the state of *namespace* after its own pass failed with *error*."""
    if isinstance(error, Conflict) or error.reason is Reason.CREATING:
        # Somebody else wrote meanwhile: that is work, not a failure.
        return NamespaceState(namespace)
    failure = Failure(
        namespace=namespace, reason=error.reason, message=error.message[:MESSAGE_MAX]
    )
    return NamespaceState(namespace, failure=failure, waits=isinstance(error, TryLater))


def state_of_member(namespace: str, status: RobotStatus, generation: int) -> NamespaceState:
    """Return the state of *namespace* by the *status* of its QuayRobot."""
    ready = next((each for each in status.conditions if each.type is C.READY), None)
    if ready is None or ready.observed_generation != generation:
        return NamespaceState(namespace)
    if ready.status == "True":
        return NamespaceState(namespace, ready=True)
    if ready.status == "Unknown" or ready.reason in {Reason.DELETING, Reason.SUSPENDED}:
        return NamespaceState(namespace, suspended=ready.reason is Reason.SUSPENDED)
    failure = Failure(
        namespace=namespace, reason=ready.reason, message=ready.message[:MESSAGE_MAX]
    )
    waits = any(each.type is C.RECONCILING for each in status.conditions)
    return NamespaceState(namespace, failure=failure, waits=waits)


def state_of_copies(
    namespace: str,
    copies: Iterable[SecretSeen],
    wanted: frozenset[str],
    digest: str | None,
    *,
    error: QuayRobotError | None,
    settled: bool,
    unrepaired: str | None = None,
) -> NamespaceState:
    """
    Return the state of *namespace* by its *copies* of the credential with *digest*.

    *error* is why it cannot have it, *settled* says that its own pass came to an end.
    *unrepaired* is the digest of what all copies hold although one is not as wanted.
    """
    there = tuple(copies)
    fresh = {each.name for each in there if is_fresh(each, digest)}
    stale = any(each.name not in fresh for each in there)
    if error is not None:
        return replace(state_after_failure(namespace, error), stale=stale)
    if digest is not None and unrepaired == digest:
        return NamespaceState(namespace, ready=settled)
    return NamespaceState(namespace, ready=settled and wanted <= fresh, stale=stale)


def shared_conditions(
    robot: Iterable[Condition], cluster_robot: Iterable[Condition]
) -> list[Condition]:
    """
    Return the conditions of a shared *robot* and of all who have it.

    While the robot is not up to date, that is what is told; else how the copies are.
    """
    of_robot = {each.type: each for each in robot}
    of_cluster_robot = {each.type: each for each in cluster_robot}
    ready = of_cluster_robot[C.READY]
    secrets = ready.model_copy(update={"type": C.SECRETS_READY})
    contest = of_cluster_robot.get(C.RECONCILING)
    if ready.status == "True" and contest and contest.reason is not Reason.PROGRESSING:
        # The credential can be used, and a copy is not as it should be.
        secrets = contest.model_copy(update={"type": C.SECRETS_READY, "status": "False"})
    parts = {**of_robot, C.SECRETS_READY: secrets}
    if of_robot[C.READY].status == "True" and C.RECONCILING not in of_robot:
        parts |= of_cluster_robot
    return list(parts.values())


def summarize(
    states: Iterable[NamespaceState], *, leaving: int, kept: Iterable[NamespaceState] = ()
) -> Summary:
    """
    Count *states*; *leaving* more namespaces still have what they should lose.

    *kept* are those of them that could not be rid of it.
    """
    all_of_them = sorted(states, key=lambda each: each.namespace)
    stuck = sorted(
        (each for each in kept if each.failure is not None), key=lambda each: each.namespace
    )
    failing = [each for each in all_of_them if each.failure is not None]
    ready = sum(each.ready for each in all_of_them)
    counts = NamespaceCounts(
        targets=len(all_of_them),
        ready=ready,
        stale=sum(each.stale for each in all_of_them),
        failed=len(failing),
        leaving=leaving,
    )
    named = tuple(each.failure for each in [*failing, *stuck] if each.failure is not None)
    lasting = sum(not each.waits for each in failing)
    return Summary(
        counts,
        named[:FAILED_MAX],
        moving=len(all_of_them) - ready - lasting,
        moving_stale=sum(each.stale and each.failure is None for each in all_of_them),
        kept=len(stuck),
        suspended=sum(each.suspended for each in all_of_them),
    )


def problem_of(summary: Summary) -> QuayRobotError | None:
    """Return why namespaces lack what they should have, or still have more; None if none does."""
    counts = summary.counts
    if counts.failed:
        msg = (
            f"{counts.failed} of {counts.targets} namespaces are not up to date; "
            f"the first is {summary.failed[0].namespace} ({summary.failed[0].reason}): see "
            "status.failed"
        )
        return (TryLater if summary.moving else Refused)(Reason.NAMESPACES_FAILED, msg)
    if counts.ready < counts.targets:
        msg = f"{counts.ready} of {counts.targets} namespaces are up to date"
        return TryLater(Reason.PROGRESSING, msg)
    return _unfinished_removal(summary)


def _unfinished_removal(summary: Summary) -> QuayRobotError | None:
    if summary.kept:
        first = summary.failed[0]
        msg = (
            f"namespaces that are no longer selected could not be cleaned up: {summary.kept}; "
            f"the first is {first.namespace} ({first.reason}): see status.failed"
        )
        return TryLater(Reason.NAMESPACES_FAILED, msg)
    if summary.counts.leaving:
        left = summary.counts.leaving
        msg = f"namespaces that are no longer selected are cleaned up: {left} to go"
        return TryLater(Reason.PROGRESSING, msg)
    return None


def cluster_robot_conditions(
    status: ClusterRobotStatus,
    summary: Summary,
    removal: QuayRobotError | None,
    *,
    generation: int,
    suspended: bool = False,
) -> list[Condition]:
    """Return the conditions of a ClusterQuayRobot that has no robot of its own."""
    problem = removal or problem_of(summary)
    if suspended and (problem is None or _rests(summary, problem)):
        works: Status = "True" if problem is None else "False"
        return [_condition(C.READY, works, Reason.SUSPENDED, SUSPENDED_WORDS)]
    if problem is None:
        targets = summary.counts.targets
        reason = Reason.RECONCILED if targets else Reason.NO_NAMESPACES
        fine = [_condition(C.READY, "True", reason, _all_well(targets))]
        return fine if summary.contested is None else [*fine, _contest(summary.contested)]
    ready: Status = "False"
    if problem.reason is Reason.PROGRESSING:
        # One namespace more makes none of the others less ready; an edit is not done yet.
        known = status.observed_generation == generation and _is_ready(status)
        ready = "True" if known else "Unknown"
    told = _condition(C.READY, ready, problem.reason, problem.message)
    if problem.reason is Reason.PROGRESSING and summary.contested is not None:
        # Each edit of theirs makes a robot move; what that is about stays the same.
        return [told, _contest(summary.contested)]
    kind = C.RECONCILING if isinstance(problem, TryLater) else C.STALLED
    return [told, _condition(kind, "True", problem.reason, problem.message)]


def _contest(error: QuayRobotError) -> Condition:
    """What others set back or keep away keeps nobody from working."""
    return _condition(C.RECONCILING, "True", error.reason, error.message)


def _rests(summary: Summary, problem: QuayRobotError) -> bool:
    """Return whether no namespace has a *problem* but that it is suspended."""
    counts = summary.counts
    late = counts.targets - counts.ready
    return problem.reason is Reason.PROGRESSING and 0 < late == summary.suspended


def _all_well(targets: int) -> str:
    if targets == 0:
        return "no namespace is selected: see namespaceSelectors, consent and excludeNamespaces"
    if targets == 1:
        return "1 namespace is up to date"
    return f"{targets} namespaces are up to date"


def _is_ready(status: RobotStatus) -> bool:
    return any(each.type is C.READY and each.status == "True" for each in status.conditions)


def _condition(kind: ConditionType, status: Status, reason: Reason, words: str) -> Condition:
    return Condition(type=kind, status=status, reason=reason, message=words)
