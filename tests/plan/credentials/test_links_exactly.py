"""Which entry of which ServiceAccount is added, withheld, or taken out with the resource?"""

from __future__ import annotations

from dataclasses import replace

from quayrobot.model.actions import Component, LinkAccount, RecordLinks
from quayrobot.model.errors import Contested, Reason
from quayrobot.model.resources.robot import LinkState
from quayrobot.model.world import AccountSeen, Contest, NamespaceSeen, Present
from quayrobot.plan.credentials.links import plan_links, unlink
from quayrobot.plan.scene import Finding, Scene

from ..scenes import CLUSTER_AWAY, held, spec, status, unknown

PULLS = "imagePullSecrets"
CI, CD = ("imagePullSecrets", "ci"), ("secrets", "ci")


def link(account: str, where: str = PULLS) -> LinkState:
    return LinkState(service_account=account, secret="ci", link=where)


def account(name: str, **links: tuple[str, ...]) -> Present[AccountSeen]:
    return Present(AccountSeen("shop", name, f"uid-{name}", "1", links))


def linking(*recorded: LinkState, links: tuple[str, ...] = (PULLS,), **accounts: object) -> Scene:
    """Return a robot whose Secret all of *accounts* are to name, in each of *links*."""
    wanted = [{"name": each, "links": list(links)} for each in accounts]
    return held(
        spec=spec(secrets=[{"name": "ci", "serviceAccounts": wanted}]),
        status=status(links=recorded),
        accounts=accounts,
    )


def test_what_is_to_be_added_is_noted_beside_what_was_and_then_added():
    scene = linking(link("old"), builder=account("builder"))

    assert plan_links(scene).actions == (
        RecordLinks((link("old"), link("builder"))),
        LinkAccount("shop", "builder", frozenset({CI}), frozenset()),
    )


def test_an_account_that_cannot_be_read_is_told_beside_what_is_added():
    scene = linking(builder=account("builder"), tester=unknown(CLUSTER_AWAY))

    plan = plan_links(scene)
    assert [type(each) for each in plan.actions] == [RecordLinks, LinkAccount]
    assert plan.findings == (Finding(Component.LINKS, CLUSTER_AWAY),)


def contested(scene: Scene, *fields: str, name: str = "builder") -> Scene:
    """Return *scene* in which others set back *fields* of a ServiceAccount."""
    error = Contested("somebody takes it out", retry_after=60, usable=True)
    contest = Contest(frozenset(fields), error)
    return replace(scene, contested={f"ServiceAccount/{name}": contest})


def test_an_entry_that_others_take_out_waits_for_its_turn_and_is_told():
    scene = linking(
        link("builder"), link("builder", "secrets"), links=(PULLS, "secrets"),
        builder=account("builder"),
    )  # fmt: skip

    plan = plan_links(contested(scene, "imagePullSecrets[ci]"))
    assert plan.actions == (LinkAccount("shop", "builder", frozenset({CD}), frozenset()),)
    assert [each.error.reason for each in plan.findings] == [Reason.CONTESTED]


def test_what_others_do_to_another_account_holds_up_nothing():
    scene = linking(link("builder"), builder=account("builder"))

    plan = plan_links(contested(scene, "imagePullSecrets[ci]", name="tester"))
    assert plan.actions == (LinkAccount("shop", "builder", frozenset({CI}), frozenset()),)
    assert plan.findings == ()


def leaving() -> Scene:
    """Return a robot that goes, which one ServiceAccount names in two lists and one does not."""
    both = account("builder", imagePullSecrets=("ci", "theirs"), secrets=("ci",))
    recorded = (link("builder"), link("builder", "secrets"), link("tester"), link("gone"))
    scene = linking(*recorded, builder=both)
    return replace(scene, accounts={"builder": both, "tester": account("tester")})


def test_with_the_resource_every_entry_of_ours_goes():
    assert unlink(leaving()) == (
        LinkAccount("shop", "builder", frozenset(), frozenset({CI, CD})),
    )  # fmt: skip


def test_in_a_namespace_that_goes_nothing_is_taken_out():
    scene = replace(leaving(), namespace=NamespaceSeen("shop", terminating=True))

    assert unlink(scene) == ()
