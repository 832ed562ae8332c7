"""Is what a resource says of rotation read as typed words, or refused with help?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.durations import parse_duration
from quayrobot.model.errors import InvalidSpec
from quayrobot.model.resources.base import LEAST_WORDS
from quayrobot.model.resources.parse import parse_robot, parse_robot_status
from quayrobot.model.resources.rotation import Intent, Rotation, RotationState
from tests.kit.canary import robot_token

ROOT = Path(__file__).parents[2]
WINDOW = {"schedule": "0 3 * * 1", "duration": "2h"}


def rotation(**fields: object) -> Rotation | None:
    """Return what a resource says of rotation with *fields*."""
    return parse_robot("ci", {"organization": "acme", "rotation": fields}).rotation


def refusal(**fields: object) -> str:
    """Return the words that *fields* are refused with."""
    with pytest.raises(InvalidSpec) as raised:
        rotation(**fields)
    return raised.value.message


def test_without_rotation_nothing_is_said_of_it():
    assert parse_robot("ci", {"organization": "acme"}).rotation is None


def test_rotation_may_say_nothing():
    assert rotation() == Rotation()


def test_all_that_can_be_said():
    said = rotation(trigger="one", interval="720h", window={**WINDOW, "timeZone": "Europe/Berlin"})

    assert (said.trigger, said.interval) == ("one", "720h")
    assert (said.window.schedule, said.window.duration) == ("0 3 * * 1", "2h")
    assert said.window.time_zone == "Europe/Berlin"


def test_a_window_is_in_utc_unless_it_says_otherwise():
    assert rotation(interval="1h", window=WINDOW).window.time_zone == "UTC"


# The interval -------------------------------------------------------------------


@pytest.mark.parametrize("interval", ["1h", "60m", "3600s", "0h60m", "2160h", "59m60s"])
def test_an_interval_of_an_hour_or_more_is_accepted(interval):
    assert rotation(interval=interval).interval == interval


@pytest.mark.parametrize("interval", ["0s", "59m", "3599s", "59m59s"])
def test_an_interval_below_an_hour_is_refused(interval):
    message = refusal(interval=interval)

    assert LEAST_WORDS["1h"] in message
    assert "rotation.interval" in message


@given(st.integers(0, 10_000))
def test_an_hour_is_the_border_in_seconds(seconds):
    text = f"{seconds}s"
    try:
        rotation(interval=text)
    except InvalidSpec:
        assert parse_duration(text).total_seconds() < 3600
    else:
        assert parse_duration(text).total_seconds() >= 3600


@pytest.mark.parametrize("interval", ["", "90d", "1.5h", "-2h", "2h\n", "2", "0" * 31 + "2h"])
def test_what_is_no_duration_is_no_interval(interval):
    assert "rotation.interval" in refusal(interval=interval)


# The window ---------------------------------------------------------------------


def test_a_window_without_interval_is_refused_with_help():
    assert "rotation.window needs rotation.interval" in refusal(window=WINDOW)
    assert "rotation.interval" in refusal(window=WINDOW, trigger="one")


@pytest.mark.parametrize("missing", ["schedule", "duration"])
def test_a_window_needs_both_its_times(missing):
    less = {key: value for key, value in WINDOW.items() if key != missing}

    assert missing in refusal(interval="24h", window=less)


@pytest.mark.parametrize("schedule", ["", "@daily", "0 3 * *", "0 3 * * * *", "0  3 * * *"])
def test_a_schedule_has_five_fields(schedule):
    assert "rotation.window.schedule" in refusal(
        interval="24h", window={**WINDOW, "schedule": schedule}
    )


@pytest.mark.parametrize("zone", ["", "+01:00", "../../etc/passwd", "/UTC", "Europe Berlin"])
def test_a_zone_is_written_like_the_name_of_one(zone):
    assert "rotation.window.timeZone" in refusal(
        interval="24h", window={**WINDOW, "timeZone": zone}
    )


@pytest.mark.parametrize("duration", ["9s", "0h", "2d"])
def test_an_opening_lasts_ten_seconds_or_more(duration):
    assert "rotation.window.duration" in refusal(
        interval="24h", window={**WINDOW, "duration": duration}
    )


# The trigger --------------------------------------------------------------------


@pytest.mark.parametrize("trigger", ["", "1", "2026-11-24T03:00:00Z", "é ü\n", "a" * 253])
def test_a_trigger_is_any_text(trigger):
    assert rotation(trigger=trigger).trigger == trigger


def test_a_trigger_that_is_too_long_is_refused_without_a_quote():
    pasted = robot_token() * 8

    message = refusal(trigger=pasted)

    assert "rotation.trigger" in message
    assert pasted[:8] not in message


# What is shown to users ---------------------------------------------------------


def shown() -> list[dict[str, Any]]:
    """Return the resources of docs/rotation.md and of the example."""
    text = (ROOT / "docs" / "rotation.md").read_text()
    example = (ROOT / "deploy" / "examples" / "robot-with-rotation.yaml").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [yaml.safe_load(each) for each in (*blocks, example)]


def test_what_the_page_and_the_example_show_is_accepted_and_asks_for_rotation():
    robots = [parse_robot(each["metadata"]["name"], each["spec"]) for each in shown()]

    assert len(robots) >= 4
    assert all(each.rotation is not None for each in robots)
    assert {"trigger", "interval", "window", "strategy", "overlap"} == {
        key for each in shown() for key in each["spec"]["rotation"]
    }


# The status ---------------------------------------------------------------------


def test_a_status_is_read_as_it_was_written():
    state = RotationState(
        last_at="2026-11-24T03:00:00Z",
        last_trigger="spec=sha256:1 annotation=none",
        next_at="2026-12-24T03:00:00Z",
        intent=Intent(cause="Request", request="sha256:2", digest="sha256:3"),
    )

    dumped = state.model_dump(by_alias=True, exclude_none=True, mode="json")

    assert set(dumped) == {"lastAt", "lastTrigger", "nextAt", "intent"}
    assert parse_robot_status({"rotation": dumped}).rotation == state


def test_a_resource_of_an_older_version_has_no_rotation_in_its_status():
    assert parse_robot_status({}).rotation is None


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("- -", "spec=none annotation=none"),
        ("sha256:ab -", "spec=sha256:ab annotation=none"),
        ("- sha256:cd", "spec=none annotation=sha256:cd"),
        ("spec=sha256:ab annotation=none", "spec=sha256:ab annotation=none"),
        # An earlier version that came back mixed what it found with its own.
        ("sha256:ab annotation=none", "spec=sha256:ab annotation=none"),
        ("spec=none sha256:cd", "spec=none annotation=sha256:cd"),
    ],
)
def test_a_request_that_an_earlier_version_stored_bare_is_read_with_its_labels(stored, told):
    state = RotationState.model_validate(
        {
            "lastTrigger": stored,
            "intent": {"cause": "Request", "request": stored, "digest": "sha256:1"},
        }
    )

    assert state.last_trigger == told
    assert state.intent is not None
    assert state.intent.request == told


def test_a_time_for_a_request_is_kept_and_is_nothing_that_was_asked_last():
    moment = "2026-11-24T03:00:00Z"
    state = RotationState.model_validate(
        {
            "lastTrigger": moment,
            "intent": {"cause": "Interval", "request": moment, "digest": "sha256:1"},
        }
    )

    assert state.intent is not None
    assert state.intent.request == moment
    # As with a status that was lost: the next pass notes what is asked now, and does not rotate.
    assert state.last_trigger is None
