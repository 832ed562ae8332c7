"""Does the operator go on when its own token is replaced under it?"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.kit.installation import Installation
from tests.kit.operating import ACCOUNT, NAMESPACE, OperatorProcess
from tests.kit.processes import wait_for


class Kubelet:
    """Brings tokens into a file, and ends those that it brought before."""

    def __init__(self, house: Installation, folder: Path) -> None:
        self._plane, self.file = house.plane, folder / "token"
        self._brought: list[str] = []
        self._first = ""

    def bring(self) -> None:
        """Put a new token into the file at once, as the kubelet does."""
        name = f"bound-{len(self._brought)}"
        self._plane.kubectl("create", "secret", "generic", name, "-n", NAMESPACE)
        bound = ("--bound-object-kind=Secret", f"--bound-object-name={name}")
        said = self._plane.kubectl("create", "token", ACCOUNT, "-n", NAMESPACE, *bound)
        self._first = self._first or said.strip()
        new = self.file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(said)
        new.rename(self.file)
        self._brought.append(name)

    def end_old_ones(self) -> None:
        """Let the API server believe only the token that was brought last."""
        for name in self._brought[:-1]:
            self._plane.kubectl("delete", "secret", name, "-n", NAMESPACE, "--ignore-not-found")

    def first_ended(self) -> bool:
        """Tell whether the API server refuses the token that was brought first."""
        answer = httpx.get(
            f"{self._plane.url}/api",
            headers={"Authorization": f"Bearer {self._first}"},
            verify=ssl.create_default_context(cafile=str(self._plane.ca_file)),
            trust_env=False,
        )
        return answer.status_code == 401

    def close(self) -> None:
        self._plane.kubectl("delete", "secret", self._brought[-1], "-n", NAMESPACE)


@pytest.fixture
def kubelet(house: Installation, tmp_path: Path) -> Iterator[Kubelet]:
    made = Kubelet(house, tmp_path)
    made.bring()
    config = yaml.safe_load(house.plane.service_account_kubeconfig(NAMESPACE, ACCOUNT).read_text())
    config["users"][0]["user"] = {"tokenFile": str(made.file)}
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    house.operator.stop()
    with OperatorProcess(kubeconfig, tmp_path) as operator:
        yield made
        said = operator.said()
    house.operator.start()
    made.close()
    assert "login_refused" not in said, said[-3000:]


def test_no_call_fails_while_the_token_is_replaced(kubelet: Kubelet, house: Installation):
    tenant, called = house.tenant(), len(house.plane.audit())
    tenant.robot("before")
    tenant.wait_ready("before", timeout_s=40)

    kubelet.bring()
    tenant.robot("between")
    tenant.wait_ready("between", timeout_s=40)
    kubelet.end_old_ones()
    # For ten seconds the API server goes on to believe it.
    wait_for(kubelet.first_ended, "the end of the first token", timeout_s=40)
    tenant.robot("after")

    tenant.wait_ready("after", timeout_s=40)
    codes = {each.code for each in house.plane.audit()[called:] if each.namespace == tenant.name}
    assert 401 not in codes
    tenant.leave()
