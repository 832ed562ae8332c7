"""
What does a tool see that reads a resource's status?

Ports of three readers, from their sources: kstatus (sigs.k8s.io/cli-utils,
which Flux, kpt and `kubectl apply --prune` tools use), Argo CD with a health
script of ours, and `kubectl wait --for=condition=Ready`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lupa import lua51

SCRIPTS = Path(__file__).parents[2] / "deploy" / "argocd" / "resource_customizations"
# What Argo CD loads for a health script: base, package, table, and its own os.
CLOSED = ("io", "os", "debug", "string", "math", "dofile", "loadfile", "loadstring")
ARGO_WORDS = {"Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"}
# What Argo CD may say where kstatus says the key.
AGREE = {
    "Current": {"Healthy", "Suspended"},
    "InProgress": {"Progressing", "Suspended"},
    "Failed": {"Degraded"},
    "Terminating": {"Progressing"},
}
Body = dict[str, Any]


def kstatus(body: Body) -> str:
    """Return what kstatus computes for a kind that it does not know."""
    meta, status = body["metadata"], body.get("status") or {}
    if meta.get("deletionTimestamp"):
        return "Terminating"
    observed = status.get("observedGeneration")
    if "generation" in meta and observed is not None and observed != meta["generation"]:
        return "InProgress"
    conditions = status.get("conditions") or []
    for each in conditions:
        if (each["type"], each["status"]) == ("Reconciling", "True"):
            return "InProgress"
        if (each["type"], each["status"]) == ("Stalled", "True"):
            return "Failed"
    ready = next((each["status"] for each in conditions if each["type"] == "Ready"), "True")
    return "Current" if ready == "True" else "InProgress"


def kubectl_wait(body: Body) -> bool:
    """Tell whether `kubectl wait --for=condition=Ready` would end."""
    status = body.get("status") or {}
    for each in status.get("conditions") or []:
        if each["type"].lower() == "ready":
            fallback = status.get("observedGeneration", body["metadata"]["generation"])
            observed = each.get("observedGeneration", fallback)
            fresh = observed >= body["metadata"]["generation"]
            return fresh and each["status"].lower() == "true"
    return False


def argo_health(body: Body) -> tuple[str, str]:
    """Return status and message that Argo CD 3.6 shows."""
    answer = _answer(body)
    if body["metadata"].get("deletionTimestamp") and not answer["deletionMessage"]:
        return "Progressing", "Pending deletion"
    return str(answer["status"]), str(answer["deletionMessage"] or answer["message"] or "")


def run_script(body: Body) -> tuple[str, str]:
    """Run the shipped script over *body*, as Argo CD would."""
    answer = _answer(body)
    return str(answer["status"]), str(answer["message"] or "")


def _answer(body: Body) -> Any:
    run, make = _runtime(body["kind"])
    answer = run(_in_lua(body, make))
    assert answer["status"] in ARGO_WORDS, answer["status"]
    return answer


@cache
def _runtime(kind: str) -> tuple[Any, Any]:
    text = (SCRIPTS / "quayrobot.io" / kind / "health.lua").read_text()
    lua = lua51.LuaRuntime(register_eval=False, register_builtins=False)
    script = lua.execute(f"return function(given) obj = given; {text}\nend")
    for name in CLOSED:
        lua.globals()[name] = None
    return script, lua.table_from


def _in_lua(value: Any, make: Any) -> Any:
    if isinstance(value, dict):
        return make({key: _in_lua(each, make) for key, each in value.items()})
    if isinstance(value, list):
        return make([_in_lua(each, make) for each in value])
    return value


def disagreements(body: Body) -> list[str]:
    """Return where the readers of *body* contradict each other, or what is at rest."""
    current, (argo, _), waited = kstatus(body), argo_health(body), kubectl_wait(body)
    true = {
        each["type"]
        for each in (body.get("status") or {}).get("conditions") or []
        if each["status"] == "True"
    }
    spec = body.get("spec") or {}
    suspended = (spec.get("template") or {}).get("spec", spec).get("suspend", False)
    found = []
    if argo not in AGREE[current]:
        found.append(f"kstatus says {current} and Argo CD {argo}")
    if argo == "Suspended" and not suspended:
        found.append("Argo CD says Suspended of what is not")
    if current == "Current" and not waited:
        found.append("kstatus says Current and kubectl wait goes on")
    if current == "Failed" and waited:
        found.append("kstatus says Failed and kubectl wait ends")
    if current == "InProgress" and waited and "Reconciling" not in true:
        found.append("kubectl wait ends on what is in progress without Reconciling")
    if current == "InProgress" and not (true & {"Reconciling"} or _unseen(body) or suspended):
        found.append("in progress, and Reconciling does not say so")
    return found


def _unseen(body: Body) -> bool:
    status = body.get("status") or {}
    return bool(status.get("observedGeneration") != body["metadata"]["generation"])
