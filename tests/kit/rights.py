"""
Does the operator use the rights that it ships with, all of them and no other?

`tests/conftest.py` imports the hooks. Each API server's audit log says what the
operator asked for; the controller of a run that has several processes puts it
together. A right that was missed fails any run, one that was never used fails
the run of the whole suite.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from .controlplane.plane import AuditEntry

__all__ = [
    "UNSEEN",
    "Ledger",
    "note_rights",
    "pytest_sessionfinish",
    "pytest_testnodedown",
    "rights_in",
    "verdict",
]

ROLE = Path(__file__).parents[2] / "deploy" / "manifests" / "rbac.yaml"
USER = "system:serviceaccount:quay-robot-operator:quay-robot-operator"

# Needed, although no request of a test shows it, and why.
UNSEEN = {
    "update quayrobots/finalizers": "asked by the API server itself where an owner is named",
    "update clusterquayrobots/finalizers": "the same",
    "get clusterquayrobots": "whether the owner still lives that a robot's marker names",
    "patch clusterquayrobots": "the finalizer of one whose robot is shared",
}


@dataclass
class Ledger:
    """What was asked for and what was forbidden, each as `<verb> <resource>`."""

    used: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)


LEDGER = pytest.StashKey[Ledger]()


def ledger_of(config: pytest.Config) -> Ledger:
    """Return the ledger of this process."""
    return config.stash.setdefault(LEDGER, Ledger())


def note_rights(
    config: pytest.Config, entries: Iterable[AuditEntry], *, bounded: bool = False
) -> None:
    """Take note of what the operator asked for; *bounded* says that it had fewer rights there."""
    ledger = ledger_of(config)
    for each in entries:
        if each.user != USER or not each.resource:
            continue
        right = f"{each.verb} {each.resource}" + (f"/{each.subresource}" * bool(each.subresource))
        if not each.forbidden:
            ledger.used.add(right)
        elif not bounded:
            ledger.forbidden.add(right)
    if hasattr(config, "workeroutput"):
        config.workeroutput["rights"] = [sorted(ledger.used), sorted(ledger.forbidden)]


def rights_in(role: Path) -> set[str]:
    """Return what the first role in the file gives, each as `<verb> <resource>`."""
    body = next(iter(yaml.safe_load_all(role.read_text())))
    return {
        f"{verb} {resource}"
        for rule in body["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def verdict(ledger: Ledger, shipped: set[str], *, whole: bool) -> list[str]:
    """Return what is wrong; *whole* says that the whole suite ran."""
    found = [f"a right that the operator lacks: {each}" for each in sorted(ledger.forbidden)]
    if whole and ledger.used:
        unused = sorted(shipped - ledger.used - UNSEEN.keys())
        found += [f"a right that the operator never used: {each}" for each in unused]
    return found


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a process of the run noted."""
    used, forbidden = getattr(node, "workeroutput", {}).get("rights", ((), ()))
    ledger = ledger_of(node.config)
    ledger.used.update(used)
    ledger.forbidden.update(forbidden)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Judge where all that was noted is together."""
    config = session.config
    if hasattr(config, "workeroutput"):
        return
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    chosen = (
        config.option.keyword or config.option.markexpr or config.getoption("lf", default=False)
    )
    whole = everything and not chosen and not session.testsfailed and not session.shouldstop
    wrong = verdict(ledger_of(config), rights_in(ROLE), whole=whole)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if ledger_of(config).used and not whole:
        missing = rights_in(ROLE) - ledger_of(config).used - UNSEEN.keys()
        reporter.write_line(f"\nnot used by this part: {', '.join(sorted(missing)) or 'no right'}")
    for each in wrong:
        reporter.write_line(f"RIGHTS: {each}", red=True)
    if wrong and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
