"""What has to happen to the copies of a shared robot's Secrets in one namespace?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.actions import CreateSecret, DeleteSecret, LinkAccount, ReplaceSecret
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.names import ANNOTATION_LINKS, ANNOTATION_OWNER
from quayrobot.model.resources.robot import secrets_of
from quayrobot.model.world import Absent, AccountSeen, NamespaceSeen, Present
from quayrobot.plan.cluster_robot.copies import check_copy, plan_copy, plan_copy_removal, read_note

from ..scenes import OTHER_TOKEN, REGISTRY, TOKEN, held, listed, me, rule, spec, status, stored

SPACE = NamespaceSeen("bakery", {"team": "a"})
ME = me(kind="ClusterQuayRobot", namespace="", guarded=True)


def shared(token=TOKEN, **fields):
    """Return a look of the shared robot at a namespace where nothing is yet."""
    wanted = spec(**fields)
    return held(
        spec=wanted,
        me=ME,
        namespace=SPACE,
        robot=Present(listed(token=token)),
        status=status(secrets=()),
        secrets=dict.fromkeys(secrets_of("ci", wanted), Absent()),
        accounts={},
    )


def account(name, *pulls):
    links = {"imagePullSecrets": pulls, "secrets": ()}
    return AccountSeen("bakery", name, f"uid-{name}", "3", links)


def after(scene, action):
    """Return what the scene is when *action* was carried out on a real cluster."""
    match action:
        case CreateSecret(wanted) | ReplaceSecret(wanted):
            return scene.with_secret(wanted.name, Present(stored(wanted)))
        case DeleteSecret(_, name):
            kept = tuple(each for each in scene.spare_secrets if each.name != name)
            gone = {name: Absent()} if name in scene.secrets else {}
            return replace(scene, secrets={**scene.secrets, **gone}, spare_secrets=kept)
        case LinkAccount(_, name, add, drop):
            seen = scene.accounts[name].value
            there = {(link, each) for link, names in seen.links.items() for each in names}
            there = (there - drop) | add
            links = {
                link: tuple(sorted(each for kind, each in there if kind == link))
                for link in ("imagePullSecrets", "secrets")
            }
            changed = Present(replace(seen, links=links))
            return replace(scene, accounts={**scene.accounts, name: changed})
    raise AssertionError(action)


def lived(scene, token=TOKEN):
    """Carry out what is planned until nothing is; return the end and all that was done."""
    done = []
    for _ in range(10):
        plan = plan_copy(scene, token, REGISTRY)
        if not plan.actions:
            return scene, done, plan.findings
        for action in plan.actions:
            done.append(action)
            scene = after(scene, action)
    raise AssertionError(done)


LINKED = {"secrets": [{"name": "pull", "serviceAccounts": [{"name": "builder"}]}]}


def test_a_copy_is_the_clusterquayrobots_own():
    _, (made,), findings = lived(shared())

    assert findings == ()
    assert isinstance(made, CreateSecret)
    wanted = made.wanted
    assert (wanted.namespace, wanted.name) == ("bakery", "ci")
    assert (wanted.owner_kind, wanted.owner_name, wanted.controlled) == (
        "ClusterQuayRobot", "ci", True,
    )  # fmt: skip
    assert wanted.annotations[ANNOTATION_OWNER] == "ClusterQuayRobot//ci"
    assert ANNOTATION_LINKS not in wanted.annotations


def test_a_link_is_noted_on_the_copy_before_it_is_made():
    scene = replace(shared(**LINKED), accounts={"builder": Present(account("builder"))})

    end, (made, linked), findings = lived(scene)

    assert findings == ()
    assert made.wanted.annotations[ANNOTATION_LINKS] == "builder/imagePullSecrets"
    assert linked == LinkAccount(
        "bakery", "builder", frozenset({("imagePullSecrets", "pull")}), frozenset()
    )
    assert plan_copy(end, TOKEN, REGISTRY).actions == ()


def test_a_serviceaccount_that_is_not_there_is_told_of_and_holds_nothing_up():
    _, done, (finding,) = lived(shared(**LINKED))

    assert [type(each) for each in done] == [CreateSecret]
    assert finding.error.reason is Reason.SERVICE_ACCOUNT_NOT_FOUND


def test_a_new_credential_replaces_the_bytes_and_nothing_else():
    scene = replace(shared(**LINKED), accounts={"builder": Present(account("builder"))})
    end, *_ = lived(scene)
    told = status(secrets=())
    rotated = replace(end, robot=Present(listed(token=OTHER_TOKEN)), status=told)

    _, done, _ = lived(rotated, OTHER_TOKEN)

    assert [type(each) for each in done] == [ReplaceSecret]
    assert done[0].wanted.annotations[ANNOTATION_LINKS] == "builder/imagePullSecrets"


def test_a_renamed_secret_comes_before_the_old_one_goes_and_its_link_with_it():
    scene = replace(shared(**LINKED), accounts={"builder": Present(account("builder", "mine"))})
    end, *_ = lived(scene)
    old = end.secrets["pull"].value
    renamed = spec(secrets=[{"name": "new", "serviceAccounts": [{"name": "builder"}]}])
    turned = replace(end, spec=renamed, secrets={"new": Absent()}, spare_secrets=(old,))

    last, done, findings = lived(turned)

    assert findings == ()
    assert [type(each) for each in done] == [CreateSecret, LinkAccount, DeleteSecret]
    assert last.accounts["builder"].value.links["imagePullSecrets"] == ("mine", "new")
    assert last.spare_secrets == ()


def test_a_dropped_serviceaccount_loses_our_entry_and_then_the_note():
    scene = replace(shared(**LINKED), accounts={"builder": Present(account("builder", "mine"))})
    end, *_ = lived(scene)

    last, done, _ = lived(replace(end, spec=spec(secrets=[{"name": "pull"}])))

    assert [type(each) for each in done] == [LinkAccount, ReplaceSecret]
    assert last.accounts["builder"].value.links["imagePullSecrets"] == ("mine",)
    assert ANNOTATION_LINKS not in last.secrets["pull"].value.annotations


def test_an_entry_that_somebody_else_made_is_left():
    by_hand = account("other", "pull")
    scene = replace(shared(secrets=[{"name": "pull"}]), accounts={"other": Present(by_hand)})

    last, _, _ = lived(scene)

    assert last.accounts["other"].value == by_hand


def test_a_secret_that_is_not_ours_is_left_and_not_linked():
    scene = replace(shared(**LINKED), accounts={"builder": Present(account("builder"))})
    end, *_ = lived(scene)
    foreign = replace(end.secrets["pull"].value, controller_uid="uid-other", annotations={})

    _, done, (finding,) = lived(scene.with_secret("pull", Present(foreign)))

    assert done == []
    assert finding.error.reason is Reason.SECRET_NOT_OWNED


def test_a_namespace_that_is_left_loses_links_and_copies_in_this_order():
    scene = replace(shared(**LINKED), accounts={"builder": Present(account("builder", "mine"))})
    end, *_ = lived(scene)
    done = []
    while actions := plan_copy_removal(end):
        for action in actions:
            done.append(type(action))
            end = after(end, action)

    assert done == [LinkAccount, DeleteSecret]
    assert end.accounts["builder"].value.links["imagePullSecrets"] == ("mine",)


@pytest.mark.parametrize(
    ("rules", "fields", "reason"),
    [
        pytest.param((), {}, Reason.CONNECTION_NOT_FOUND, id="no rule"),
        pytest.param(
            (rule(namespaces={"matchLabels": {"team": "b"}}),),
            {},
            Reason.CONNECTION_NOT_FOUND,
            id="no rule selects it",
        ),
        pytest.param(
            (rule(robotNames=["{namespace}-*"]),), {}, Reason.ACCESS_DENIED, id="not this robot"
        ),
        pytest.param(
            (rule(),),
            {"permissions": {"repositories": [{"name": "a", "role": "admin"}]}},
            Reason.ACCESS_DENIED,
            id="more rights than it may have",
        ),
        pytest.param(
            (rule(),),
            {"federation": {"identities": [{"issuer": "https://x.example", "subject": "s"}]}},
            Reason.ACCESS_DENIED,
            id="federation",
        ),
    ],
)
def test_a_namespace_that_may_not_have_it_is_refused(rules, fields, reason):
    with pytest.raises(Refused) as refused:
        check_copy(replace(shared(**fields), rules=rules))

    assert refused.value.reason is reason


def test_an_adopted_robot_needs_adoption_in_each_namespace():
    scene = shared()
    robot = scene.status.robot.model_copy(update={"adopted": True})
    adopted = replace(scene, status=scene.status.model_copy(update={"robot": robot}))

    with pytest.raises(Refused):
        check_copy(adopted)
    check_copy(replace(adopted, rules=(rule(adoption=True, robotNames=["*"]),)))


@given(
    accounts=st.dictionaries(
        st.sampled_from(["a", "b", "c"]), st.lists(st.sampled_from(["x", "pull"]), unique=True)
    ),
    before=st.sets(st.sampled_from(["a", "b", "c"])),
    afterwards=st.sets(st.sampled_from(["a", "b", "c"])),
)
def test_whatever_is_linked_before_and_after_it_ends_and_others_entries_stay(
    accounts, before, afterwards
):
    def says(names):
        return spec(
            secrets=[{"name": "pull", "serviceAccounts": [{"name": n} for n in sorted(names)]}]
        )

    seen = {name: Present(account(name, *pulls)) for name, pulls in accounts.items()}
    seen |= {name: Absent() for name in (before | afterwards) - set(seen)}
    first, *_ = lived(
        replace(shared(secrets=[{"name": "pull"}]), spec=says(before), accounts=seen)
    )
    last, *_ = lived(replace(first, spec=says(afterwards)))

    for name, pulls in accounts.items():
        now = last.accounts[name].value.links["imagePullSecrets"]
        assert ("x" in now) is ("x" in pulls)
        by_hand = "pull" in pulls and name not in before
        assert ("pull" in now) is (name in afterwards or by_hand)
    assert plan_copy(last, TOKEN, REGISTRY).actions == ()


@pytest.mark.parametrize("note", ["", "x", "a/b/c", ",", "/", "a/,"])
def test_a_note_that_cannot_be_read_does_no_harm(note):
    assert all(each.link in {"", "b"} for each in read_note("s", {ANNOTATION_LINKS: note}))
