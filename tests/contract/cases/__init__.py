"""The cases, one file per part of the reference. They are written from its words alone."""

from __future__ import annotations

from ..language import Case
from . import (
    authentication,
    beginnings,
    by_itself,
    create,
    defaults,
    errors,
    exchange,
    federation,
    headers,
    listing,
    names,
    order,
    organizations,
    permissions,
    registry,
    robots,
    scopes,
    sign_on,
    superusers,
    teams,
)

__all__ = ["CASES"]

CASES: list[Case] = [
    *errors.CASES,
    *headers.CASES,
    *authentication.CASES,
    *order.CASES,
    *names.CASES,
    *create.CASES,
    *listing.CASES,
    *robots.CASES,
    *federation.CASES,
    *exchange.CASES,
    *scopes.CASES,
    *superusers.CASES,
    *sign_on.CASES,
    *beginnings.CASES,
    *by_itself.CASES,
    *permissions.CASES,
    *teams.CASES,
    *defaults.CASES,
    *organizations.CASES,
    *registry.CASES,
]
