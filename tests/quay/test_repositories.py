"""What is said of a repository that is not there, where its name tells what was meant?"""

from __future__ import annotations

import pytest

from quayrobot.model.errors import Reason, Refused
from quayrobot.model.names import OwnerName

ACME = OwnerName("organization", "acme")
ELSEWHERE = " (a robot has roles on repositories of acme alone)"


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        pytest.param("acme/app", " (write app, without the organization)", id="organization"),
        pytest.param(
            "quay.example.com/acme/app",
            " (write app, without registry and organization)",
            id="as one pulls it",
        ),
        pytest.param("acme/acme/app", " (write acme/app, without the organization)", id="twice"),
        pytest.param("app", "", id="a name"),
        pytest.param("team/app", ELSEWHERE, id="a longer name, or of another organization"),
        pytest.param("big-acme/app", ELSEWHERE, id="a name that ends like it"),
        pytest.param("acme/", ELSEWHERE, id="nothing behind it"),
    ],
)
async def test_a_name_with_more_in_front_is_told_as_it_is_to_be_written(client, written, hint):
    with pytest.raises(Refused) as refused:
        await client.rights.check_repository(ACME, written)

    assert refused.value.reason is Reason.REPOSITORY_NOT_FOUND
    assert refused.value.message == f"there is no repository acme/{written} in Quay{hint}"
