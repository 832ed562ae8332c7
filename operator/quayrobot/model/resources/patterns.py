"""
What must a text look like, in words?

A pattern alone tells a user that a text is wrong, and not what to write. These
are the texts that are got wrong most; each pattern has its words beside it, for
the definitions and for the commands.
"""

from __future__ import annotations

from ..durations import DURATION_PATTERN, DURATION_WORDS
from ..names import OWNER_PATTERN

__all__ = [
    "HOST_PATTERN",
    "ISSUER_PATTERN",
    "PATTERN_WORDS",
    "REPOSITORY_PATTERN",
    "SCHEDULE_PATTERN",
    "TEAM_PATTERN",
    "TEMPLATE_PATTERN",
    "URL_PATTERN",
]

URL_PATTERN = (
    r"^https?://([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?/?$"
)
HOST_PATTERN = r"^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?$"
TEAM_PATTERN = r"^[a-z0-9]+([._-][a-z0-9]+)*$"
REPOSITORY_PATTERN = r"^[a-z0-9][.a-z0-9_-]*(/[a-z0-9][.a-z0-9_-]*)*$"
# Five fields; what each may hold is checked by who reads them.
SCHEDULE_PATTERN = r"^[0-9A-Za-z*,/#-]+( [0-9A-Za-z*,/#?-]+){4}$"
# Plain ASCII, and nothing that URL parsers read in different ways.
ISSUER_PATTERN = (
    r"^https://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:%/-]*)?$"
)
TEMPLATE_PATTERN = r"^([a-z0-9._-]|\{namespace\}|\{name\}|\{cluster\})+$"

PATTERN_WORDS = {
    URL_PATTERN: "give https://host or https://host:port, without a path",
    HOST_PATTERN: "give host or host:port, without scheme and path",
    OWNER_PATTERN: "give the name as Quay has it: letters, digits, '.', '_' and '-', with a "
    "letter or digit at both ends",
    # That of a robot too.
    TEAM_PATTERN: "give lower-case letters and digits, with single '.', '_' or '-' between them",
    REPOSITORY_PATTERN: "give the repository's name without registry, organization and tag, in "
    "lower case",
    SCHEDULE_PATTERN: "give five fields of cron (minute, hour, day, month, weekday), "
    "such as 0 3 * * 1",
    ISSUER_PATTERN: "give an issuer that starts with https://, without a query",
    TEMPLATE_PATTERN: "give lower-case letters, digits, '.', '_' and '-'; placeholders are "
    "{namespace}, {name} and {cluster}",
    DURATION_PATTERN: DURATION_WORDS,
}
