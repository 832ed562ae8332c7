"""Does the operator in its pod go on when the cluster's CA is replaced?"""

from __future__ import annotations

import time

from tests.kit.processes import wait_for

from .programs_of import operators, root_of
from .site import Site

# Not below /var/run, which leads out of the pod: the link is absolute.
CA = "run/secrets/kubernetes.io/serviceaccount/ca.crt"


def test_a_replaced_authority_needs_no_restart(site: Site, tenant):
    before = {each["metadata"]["uid"] for each in site.pods()}
    added = site.plane.announce_authority()

    def brought() -> bool:
        files = [root_of(each) / CA for each in operators()]
        return len(files) == len(before) and all(added in each.read_text() for each in files)

    # The controller publishes it in each namespace, and the kubelet brings it into the pods.
    wait_for(brought, "the new ca.crt in the pods", timeout_s=120, every_s=0.5)
    site.plane.show_authority()
    site.machine.start_kubelet()
    begun = time.monotonic()
    tenant.robot()

    tenant.wait_ready(timeout_s=60)
    site.shown.value(f"the CA replaced to a robot Ready: {time.monotonic() - begun:.0f} s")
    assert {each["metadata"]["uid"] for each in site.pods()} == before
    assert site.restarts() == dict.fromkeys(before, 0), site.words()
