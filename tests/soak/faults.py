"""What goes wrong around two replicas, and how does each fault end?"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from tests.kit.canary import oauth_token
from tests.kit.fakequay import FakeQuay
from tests.kit.processes import wait_for
from tests.kit.proxy import Asked, Bodies, Way, When
from tests.kit.replicas import Replica

from .scene import Scene

__all__ = ["FAULTS", "calm"]

How = dict[str, Any]
READS = r"robot\.(get|list.*)"
NAMED = r"robot\.(get|create|regenerate)"
READY_S = 60.0
STEP_S = 40.0


def _of_quay(scene: Scene, how: How, **fault: Any) -> None:
    plain = {"operation": how["call"], "when": how["when"], "count": how["count"]}
    scene.house.quay.admin("fault", **plain | fault)


def _cut(scene: Scene, how: How) -> None:
    _of_quay(scene, how, kind="cut")


def _answer(scene: Scene, how: How) -> None:
    status = 500 if how["status"] in {409, 429} else how["status"]
    _of_quay(scene, how, kind="answer", status=status)


def _page(scene: Scene, how: How) -> None:
    _of_quay(scene, how, kind="page", status=404)


def _throttle(scene: Scene, how: How) -> None:
    _of_quay(scene, how, kind="answer", when="before", status=429, headers={"Retry-After": "1"})


def _delay(scene: Scene, how: How) -> None:
    _of_quay(scene, how, kind="delay", delay_s=how["for_s"])


def _rename(scene: Scene, how: How) -> None:
    _of_quay(scene, how, operation=NAMED, kind="rename", body="evil+robot")


def _lag(scene: Scene, how: How) -> None:
    _of_quay(scene, how, operation=READS, kind="lag")


def _severed(scene: Scene, how: How) -> None:
    """Cut connections on the way, where Quay itself has noticed nothing."""
    for way in scene.stage.quays:
        way.hook = _few(how, verdict=True)


def _few(how: How, *, verdict: bool | int) -> Callable[[Asked, When], bool | int]:
    """Return a hook that spoils the next few requests."""
    left, lock = [how["count"]], threading.Lock()

    def spoil(asked: Asked, when: When) -> bool | int:
        if when != how["when"]:
            return False
        with lock:
            left[0] -= 1
            return verdict if left[0] >= 0 else False

    return spoil


def _api_cut(scene: Scene, how: How) -> None:
    for each in scene.pair.replicas:
        each.spoil = _few(how, verdict=True)


def _api_answer(scene: Scene, how: How) -> None:
    for each in scene.pair.replicas:
        each.spoil = _few(how, verdict=how["status"])


def _watches(scene: Scene, how: How, fault: str) -> None:
    fronts = [each.front for each in scene.pair.replicas]
    for front in fronts:
        front.watching = fault  # type: ignore[assignment]

    def undo() -> None:
        for front in fronts:
            front.watching = "pass"

    scene.later(how["for_s"], undo)


def _api_restart(scene: Scene, how: How) -> None:
    scene.house.plane.stop_apiserver()
    scene.house.plane.start_apiserver()


def _chosen(scene: Scene, how: How) -> Replica:
    one, other = scene.pair.replicas
    leads = one if one.holds[-1:] > other.holds[-1:] else other
    return leads if how["which"] == "leader" else (other if leads is one else one)


def _kill(scene: Scene, how: How) -> None:
    replica = _chosen(scene, how)
    if not replica.operator.running():
        return
    replica.operator.kill()
    scene.later(how["for_s"], lambda: revive(replica))


def _stop(scene: Scene, how: How) -> None:
    replica = _chosen(scene, how)
    if not replica.operator.running():
        return
    pid = replica.operator.pid
    os.kill(pid, signal.SIGSTOP)

    def undo() -> None:
        if replica.operator.running() and replica.operator.pid == pid:
            os.kill(pid, signal.SIGCONT)

    # Half of them are overtaken meanwhile.
    scene.later(how["for_s"] * (8 if how["count"] % 2 else 1), undo)


def _split(scene: Scene, how: How, way: Way = "cut") -> None:
    """Part a replica from the API server alone, for its watches too."""
    front = _chosen(scene, how).front
    front.lead(way)
    scene.later(how["for_s"] * 3, lambda: front.lead("open"))


def _split_quay(scene: Scene, how: How, way: Way = "cut") -> None:
    """Part a replica from Quay alone."""
    road = scene.stage.way_of(_chosen(scene, how))
    road.lead(way)
    scene.later(how["for_s"], lambda: road.lead("open"))


def _bodies(scene: Scene, how: How, bodies: Bodies) -> None:
    """Send what Quay or the API server answers slowly, or only the first half of it."""
    fronts = [each.front for each in scene.pair.replicas]
    ways = scene.stage.quays if how["when"] == "after" else fronts
    for each in ways:
        each.bodies, each.slow_s = bodies, how["for_s"] / 2 if bodies == "slow" else 0.0

    def undo() -> None:
        for each in ways:
            each.bodies = "whole"

    scene.later(how["for_s"], undo)


def _clock(scene: Scene, how: How) -> None:
    """Step the clock of one replica, as it is when time is set; half of them stay so."""
    around = scene.stage.surroundings_of(_chosen(scene, how))
    around.clock_ahead_by(STEP_S * (1 if how["when"] == "after" else -1))
    scene.later(how["for_s"] * how["count"] ** 2, lambda: around.clock_ahead_by(0))


def _old_view(scene: Scene, how: How) -> None:
    """Start a replica that is shown what was there some versions ago."""
    replica = _chosen(scene, how)
    if not replica.operator.running():
        return
    lens = scene.stage.view_of(replica).lens
    replica.operator.kill()
    known = lens.history(scene.name)
    numbers = sorted(each.number for versions in known.values() for each in versions)
    moment = numbers[-min(len(numbers), 6 * how["count"])] if numbers else 0
    for key, versions in known.items():
        then = [each for each in versions if each.number <= moment][-1:]
        lens.freeze(key, then[0] if then and then[0].type != "DELETED" else None)
    revive(replica)
    scene.later(how["for_s"] * 2, scene.stage.view_of(replica).release)


def _quay_down(scene: Scene, how: How) -> None:
    quay = scene.house.quay
    if quay.double.state.shift_s < 0:
        return
    quay.down()
    scene.later(how["for_s"], lambda: _up(quay))


def _up(quay: FakeQuay) -> None:
    if quay._server is None:
        quay.up()


def _readonly(scene: Scene, how: How) -> None:
    quay = scene.house.quay
    quay.admin("settings", readonly=True)
    scene.later(how["for_s"], lambda: quay.admin("settings", readonly=False))


def _revoke(scene: Scene, how: How) -> None:
    """End the token of the tenant's own connections; new ones come a while later."""
    quay, old = scene.house.quay, scene.token
    quay.admin("token/revoke", token=old)
    scene.token = quay.admin("token", value=oauth_token())

    def renew() -> None:
        scene.house.secret(scene.name, "token-own", scene.token)
        scene.house.secret(scene.name, "token-json", f'{{"access_token":"{scene.token}"}}')

    scene.later(how["for_s"], renew)


def _quay_clock(scene: Scene, how: How) -> None:
    scene.house.quay.admin("clock", shift_s=40.0 * (1 if how["when"] == "after" else -1))
    scene.later(how["for_s"], lambda: scene.house.quay.admin("clock", shift_s=0.0))


def revive(replica: Replica) -> None:
    """Start *replica* as the kubelet would, where it does not run."""
    if not replica.operator.running():
        replica.operator.start(wait=False)


def calm(scene: Scene) -> None:
    """Have every fault cease, and both replicas at work."""
    scene.pass_time(all_of_it=True)
    scene.house.quay.admin("faults/clear")
    for way in (*scene.stage.quays, *(each.front for each in scene.pair.replicas)):
        way.lead("open")
        way.bodies = "whole"
    for way in scene.stage.quays:
        way.hook = lambda _asked, _when: False
    for replica in scene.pair.replicas:
        replica.spoil = None
        scene.stage.view_of(replica).release()
        scene.stage.surroundings_of(replica).clock_ahead_by(0)
        if replica.operator.running():
            os.kill(replica.operator.pid, signal.SIGCONT)
        revive(replica)
    for replica in scene.pair.replicas:
        wait_for(
            lambda replica=replica: _works(replica), f"replica {replica.name}", timeout_s=READY_S
        )


def _works(replica: Replica) -> bool:
    # It ends where it lost the Lease, and is started again.
    revive(replica)
    return replica.operator.answers()


FAULTS: dict[str, Callable[[Scene, How], None]] = {
    "cut": _cut,
    "answer": _answer,
    "page": _page,
    "throttle": _throttle,
    "delay": _delay,
    "rename": _rename,
    "lag": _lag,
    "severed": _severed,
    "api-cut": _api_cut,
    "api-answer": _api_answer,
    "watch-cut": lambda scene, how: _watches(scene, how | {"for_s": 0.5}, "cut"),
    "freeze": lambda scene, how: _watches(scene, how, "freeze"),
    "skip": lambda scene, how: _watches(scene, how, "skip"),
    "api-restart": _api_restart,
    "kill": _kill,
    "stop": _stop,
    "split": _split,
    "silent": lambda scene, how: _split(scene, how, "silent"),
    "split-quay": _split_quay,
    "silent-quay": lambda scene, how: _split_quay(scene, how, "silent"),
    "slow": lambda scene, how: _bodies(scene, how, "slow"),
    "torn": lambda scene, how: _bodies(scene, how, "torn"),
    "clock": _clock,
    "old-view": _old_view,
    "quay-down": _quay_down,
    "readonly": _readonly,
    "revoke": _revoke,
    "quay-clock": _quay_clock,
}
