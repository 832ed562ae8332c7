"""Does docs/security.md tell of every right that the shipped ClusterRole gives, and no other?"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
Rights = set[tuple[str, str]]


def told(text: str) -> Rights:
    """Return the pairs of resource and verb in the table of rights."""
    section = text.split("\n## Rights of the operator\n")[1].split("\n## ", maxsplit=1)[0]
    rows = re.findall(r"^\| (`.*?) \| ([a-z, ]+) \|", section, re.MULTILINE)
    return {
        (resource, verb)
        for resources, verbs in rows
        for resource in re.findall(r"`([^`]+)`", resources)
        for verb in verbs.split(", ")
    }


def given() -> Rights:
    documents = yaml.safe_load_all((ROOT / "deploy" / "manifests" / "rbac.yaml").read_text())
    (role,) = (each for each in documents if each["kind"] == "ClusterRole")
    return {
        (resource, verb)
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_rights_of_the_operator_are_told_one_by_one():
    assert told((ROOT / "docs" / "security.md").read_text()) == given()
