"""What does Quay's audit log keep, and how does it show it?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller, administers, sees_all, unauthorized
from .replies import answer, shape_c
from .state import State, rfc2822
from .views import avatar

PAGE = 20
DAY_S = 86400.0
_FORM = "%m/%d/%Y"


def record(
    state: State, request: Request, caller: Caller, kind: str, namespace: str, /, **metadata: Any
) -> None:
    """Add one row; a call with an OAuth token says which one it was."""
    if caller.token_id is not None:
        metadata |= {
            "oauth_token_id": caller.token_id,
            "oauth_token_application_id": caller.client_id,
            "oauth_token_application": caller.application,
        }
    row = {
        "kind": kind,
        "namespace": namespace,
        "metadata": metadata,
        "ip": request.client.host if request.client else None,
        "time": state.now(),
        "performer": caller.user,
    }
    state.logs.append(row)


async def show_logs(state: State, request: Request, caller: Caller) -> Response:
    """GET /api/v1/organization/<org>/logs: the newest first, twenty a page."""
    name = request.path_params["org"]
    if not (administers(state, caller, name) or sees_all(state, caller)):
        raise unauthorized(request, caller)
    query = request.query_params
    begin = _moment(query.get("starttime"), state.now() - DAY_S)
    end = _moment(query.get("endtime"), state.now() - DAY_S) + DAY_S
    rows = [row for row in state.logs if row["namespace"] == name and begin <= row["time"] <= end]
    rows.reverse()
    first = _page(query.get("next_page"))
    body: dict[str, Any] = {
        "start_time": rfc2822(begin),
        "end_time": rfc2822(end),
        "logs": [_shown(row) for row in rows[first : first + PAGE]],
    }
    if len(rows) > first + PAGE:
        body["next_page"] = f"page-{first + PAGE}"
    return answer(body)


def _page(text: str | None) -> int:
    number = (text or "").removeprefix("page-")
    return int(number) if number.isdigit() else 0


def _moment(text: str | None, default: float) -> float:
    if text is None:
        return default
    try:
        return datetime.strptime(text, _FORM).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise shape_c(400, {"starttime": "Earliest time for logs (%m/%d/%Y)"}) from None


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    performer = row["performer"]
    shown = {
        "kind": row["kind"],
        "metadata": row["metadata"],
        "ip": row["ip"],
        "datetime": rfc2822(row["time"]),
    }
    if performer is not None:
        kind = "robot" if "+" in performer else "user"
        shown["performer"] = {
            "kind": "user",
            "name": performer,
            "is_robot": kind == "robot",
            "avatar": avatar(performer, kind),
        }
    return shown
