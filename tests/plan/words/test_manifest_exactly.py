"""What exactly does `import` print of a robot, and what does it leave out?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.world import DefaultSeen, GrantsSeen, RobotSeen
from quayrobot.plan.words.manifest import Declared, declare, object_names

from ..scenes import got

ROBOT = RobotName(OwnerName("organization", "acme"), "ci")
REF = {"kind": "QuayConnection", "name": "own"}
JOB = IdentityState(issuer="https://ci.example", subject="job")


def declared(
    seen: RobotSeen | None = None, rights: GrantsSeen | None = None, *identities: IdentityState
) -> Declared:
    return declare("ci", ROBOT, seen or got(None), rights, identities, REF)


def rights(made: Declared) -> dict[str, Any]:
    found: dict[str, Any] = made.spec["permissions"]
    return found


def test_a_manifest_says_all_that_a_robot_is():
    seen = replace(got(), description="builds", metadata={"quayrobot.io": {}, "team": "a"})
    has = GrantsSeen(
        {"lib": "write", "app": "read"},
        frozenset({"ops", "devs"}),
        (DefaultSeen("write", "007"), DefaultSeen("read", None), DefaultSeen("admin", "acme+x")),
    )

    made = declared(seen, has, JOB)

    assert made.left_out == []
    assert made.spec == {
        "connectionRef": {"kind": "QuayConnection", "name": "own"},
        "organization": "acme",
        "robotName": "ci",
        "description": "builds",
        "metadata": {"team": "a"},
        "creationPolicy": "Adopt",
        "deletionPolicy": "Orphan",
        "permissions": {
            "mode": "Exact",
            "repositories": [{"name": "app", "role": "read"}, {"name": "lib", "role": "write"}],
            "teams": ["devs", "ops"],
            "defaults": [
                {"role": "read"},
                {"role": "write", "creator": "007"},
                {"role": "admin", "creator": "acme+x"},
            ],
        },
        "federation": {"mode": "Exact", "identities": [JOB.model_dump()]},
    }
    # As people would write it: who, what, and then what it may.
    assert list(made.spec) == [
        "connectionRef", "organization", "robotName", "description", "metadata",
        "creationPolicy", "deletionPolicy", "permissions", "federation",
    ]  # fmt: skip


def test_a_robot_that_has_nothing_is_said_in_a_few_lines():
    assert declared(rights=GrantsSeen()).spec["permissions"] == {"mode": "Exact"}
    assert set(declared().spec) == {
        "connectionRef", "organization", "robotName", "creationPolicy", "deletionPolicy",
    }  # fmt: skip


# Texts -----------------------------------------------------------------------------------

NO_PAIRS = "metadata: not up to 32 texts of up to 512 characters"


@pytest.mark.parametrize(("length", "fits"), [(255, True), (256, False)])
def test_how_long_a_description_may_be(length, fits):
    made = declared(replace(got(None), description="d" * length))

    assert ("description" in made.spec) is fits
    assert made.left_out == ([] if fits else ["description: longer than 255 characters"])


@pytest.mark.parametrize(
    ("pairs", "fits"),
    [
        ({f"k{number}": "v" for number in range(32)}, True),
        ({f"k{number}": "v" for number in range(33)}, False),
        ({"k": "v" * 512}, True),
        ({"k": "v" * 513}, False),
        ({"k": "v", "n": 7}, False),
    ],
)
def test_which_metadata_may_be_said(pairs, fits):
    made = declared(replace(got(None), metadata=pairs))

    assert made.spec.get("metadata") == (pairs if fits else None)
    assert made.left_out == ([] if fits else [NO_PAIRS])


def test_metadata_that_was_not_seen_is_none():
    assert declared(replace(got(None), metadata=None)).left_out == []


def test_a_text_that_is_left_out_makes_no_rights_additive():
    made = declared(replace(got(None), description="d" * 256), GrantsSeen())

    assert rights(made) == {"mode": "Exact"}


# Rights ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("has", "left_out"),
    [
        (GrantsSeen({"app": "owner"}),
         "a role on a repository that a manifest cannot name: 'app'"),
        (GrantsSeen({"app": None}), "a role on a repository that a manifest cannot name: 'app'"),
        (GrantsSeen({"a" * 256: "read"}),
         f"a role on a repository that a manifest cannot name: '{'a' * 256}'"),
        (GrantsSeen({"A B": "read"}), "a role on a repository that a manifest cannot name: 'A B'"),
        (GrantsSeen(teams=frozenset({"x"})), "a team that a manifest cannot name: 'x'"),
        (GrantsSeen(teams=frozenset({"t" * 256})),
         f"a team that a manifest cannot name: '{'t' * 256}'"),
        (GrantsSeen(teams=frozenset({"Old Team"})),
         "a team that a manifest cannot name: 'Old Team'"),
        (GrantsSeen(defaults=(DefaultSeen("owner", None),)),
         "a default permission for what None makes: owner"),
        (GrantsSeen(defaults=(DefaultSeen("read", "else+ci"),)),
         "a default permission for what 'else+ci' makes: read"),
        (GrantsSeen(defaults=(DefaultSeen("read", "no one"),)),
         "a default permission for what 'no one' makes: read"),
    ],
)  # fmt: skip
def test_a_right_that_no_manifest_can_say_is_told_and_stays(has, left_out):
    made = declared(rights=has)

    assert made.left_out == [left_out]
    assert rights(made) == {"mode": "Additive"}


def test_what_can_be_said_is_said_beside_what_cannot():
    has = GrantsSeen(
        {"A B": "read", "app": "read", "zoo": "write"}, frozenset({"x", "devs", "zoo"}),
        (DefaultSeen("owner", "a"), DefaultSeen("read", "b"), DefaultSeen("read", "else+c"),
         DefaultSeen("read", "d"), DefaultSeen("write", "d"), DefaultSeen("admin", "e")),
    )  # fmt: skip

    made = declared(rights=has)

    assert rights(made) == {
        "mode": "Additive",
        "repositories": [{"name": "app", "role": "read"}, {"name": "zoo", "role": "write"}],
        "teams": ["devs", "zoo"],
        "defaults": [{"role": "read", "creator": "b"}, {"role": "admin", "creator": "e"}],
    }
    assert made.left_out == [
        "a role on a repository that a manifest cannot name: 'A B'",
        "a team that a manifest cannot name: 'x'",
        "a default permission for what 'a' makes: owner",
        "a default permission that is there more than once: read",
        "a default permission that is there more than once: write",
        "a default permission for what 'else+c' makes: read",
    ]


LONG_NAMES = GrantsSeen({"a" * 255: "read"}, frozenset({"t" * 255, "tt"}))


def test_the_longest_and_the_shortest_names_are_said():
    made = declared(rights=LONG_NAMES)

    assert made.left_out == []
    assert [each["name"] for each in rights(made)["repositories"]] == ["a" * 255]
    assert rights(made)["teams"] == ["tt", "t" * 255]


def many(count: int) -> dict[str, GrantsSeen]:
    return {
        "repositories": GrantsSeen({f"r{number:03}": "read" for number in range(count)}),
        "teams": GrantsSeen(teams=frozenset(f"t{number:03}" for number in range(count))),
        "defaults": GrantsSeen(
            defaults=tuple(DefaultSeen("read", f"u{number:03}") for number in range(count))
        ),
    }


@pytest.mark.parametrize(
    ("what", "most"), [("repositories", 128), ("teams", 64), ("defaults", 16)]
)
def test_a_manifest_holds_so_many_and_says_how_many_more_there_are(what, most):
    full, over = (declared(rights=many(count)[what]) for count in (most, most + 2))

    assert (len(rights(full)[what]), full.left_out) == (most, [])
    assert rights(over)[what] == rights(full)[what]
    assert over.left_out == [f"2 of {most + 2} {what}: a manifest holds {most}"]
    assert rights(over)["mode"] == "Additive"


# Identities ------------------------------------------------------------------------------


def issuer(length: int) -> str:
    return "https://ci.example/" + "p" * (length - 19)


@pytest.mark.parametrize(
    ("identities", "fits"),
    [
        ([JOB], True),
        ([IdentityState(issuer=issuer(512), subject="s" * 512)], True),
        ([IdentityState(issuer=issuer(513), subject="s")], False),
        ([IdentityState(issuer="https://ci.example", subject="s" * 513)], False),
        ([IdentityState(issuer="http://ci.example", subject="s")], False),
        ([IdentityState(issuer="https://ci.example", subject="two\nlines")], False),
        ([IdentityState(issuer="https://ci.example", subject=f"s{n}") for n in range(32)], True),
        ([IdentityState(issuer="https://ci.example", subject=f"s{n}") for n in range(33)], False),
    ],
)
def test_identities_are_said_all_or_none(identities, fits):
    made = declared(None, None, *identities)

    said = [each.model_dump() for each in identities]
    assert made.spec.get("federation") == ({"mode": "Exact", "identities": said} if fits else None)
    words = "federation: not up to 32 identities of https issuers"
    assert made.left_out == ([] if fits else [words])


# Names -----------------------------------------------------------------------------------


def test_each_resource_has_the_name_of_its_robot_or_one_near_it():
    long = "x" * 252 + "_y"
    names = object_names(["a_b", "a-b", long, "end_.", "held", "a_b"], ["held"])

    assert names == {
        "a-b": "a-b",
        "a_b": "a-b-648fa9b3",
        "held": "held-c20dea4d",
        "end_.": "end",
        long: "x" * 252,
    }


@pytest.mark.parametrize(
    ("long", "kept"),
    [("x" * 253, "x" * 244), ("x" * 243 + ".yyyyyyyyy", "x" * 243)],
    ids=["to the last letter", "no dot before the dash"],
)
def test_a_long_name_that_is_taken_is_cut_and_stays_different(long, kept):
    (name,) = object_names([long], [long]).values()

    assert name.startswith(f"{kept}-")
    assert len(name) == len(kept) + 9
