"""What is read, noted and said of outside identities at the edges?"""

from __future__ import annotations

from quayrobot.model.errors import Reason
from quayrobot.model.world import Present
from quayrobot.plan.decide import decide
from quayrobot.plan.rights.federation import intended_identities

from ..scenes import held, stops
from .test_federation import BUILDER, CD, CI, LOOK, NAMED, known, wants


def test_additive_reads_the_list_also_where_nothing_that_is_known_stays():
    scene = wants(CD, mode="Additive", status=known(CI), federation=Present((CI,)))

    assert decide(scene).actions == (LOOK,)


def test_a_new_robot_has_noted_what_was_added_before_and_what_is_declared():
    assert intended_identities(wants(CI, NAMED, status=known(CD, CI))) == (CD, CI, BUILDER)
    assert intended_identities(wants(CI)) == (CI,)
    # Without an issuer nobody knows yet what will be added.
    assert intended_identities(wants(CI, NAMED, status=known(CD), issuer=None)) == (CD,)


def test_without_federation_a_new_robot_has_noted_what_was_added_before_alone():
    assert intended_identities(held(status=known(CI))) == (CI,)
    assert intended_identities(held()) == ()


def test_an_issuer_that_cannot_be_read_is_told():
    error = stops(wants(NAMED, issuer=None, federation_due=True, federation=Present(())))

    assert error.reason is Reason.CLUSTER_UNAVAILABLE
    assert "the issuer of this cluster's ServiceAccount tokens" in str(error)
