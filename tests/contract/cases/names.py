"""Sections 1 and 1.1: paths of robots, and which names they may have."""

from __future__ import annotations

from ..language import (
    ABSENT,
    MADE,
    ROBOT,
    ROBOTS,
    USER_ROBOTS,
    a_robot,
    case,
    get,
    invalid,
    ok,
    patch,
    post,
    put,
    shape_b,
    shape_c,
)  # fmt: skip
from ..matching import like
from ..situations import long_name

START = r"The name for the robot '.*' is invalid: Namespace must "
EXPRESSION = START + r"match expression \^\(\[a-z0-9\]\+\(\?:\[\._-\]\[a-z0-9\]\+\)\*\)\$"
LENGTH = START + "be between 2 and 255 characters in length"
WRONG = {
    "a double underscore": "<r>__b", "a double dash": "<r>--b", "a double dot": "<r>..b",
    "mixed separators": "<r>.-b", "a dash first": "-<r>", "a dash last": "<r>-",
    "an underscore first": "_<r>", "a dot last": "<r>.", "a capital": "<r>B", "a space": "<r>%20b",
    "a tilde": "<r>~b", "an accent": "<r>%C3%A9", "a plus": "<r>+b",
}  # fmt: skip
RIGHT = {"dots": "<r>.a.b", "underscores": "<r>_a_b", "dashes": "<r>-a-b", "digits": "<r>.1"}
CASES = [
    case("1.0-methods", "POST on a robot is 405", post(ROBOT).gives(shape_c(405))),
    case("1.0-methods", "PATCH on a robot is 405", patch(ROBOT).gives(shape_c(405))),
    case("1.0-methods", "POST on a user's robot is 405",
         post(f"{USER_ROBOTS}/<r>").gives(shape_c(405))),
    case("1.0-short", "reading by the full name looks for another robot",
         a_robot(), get(f"{ROBOTS}/<org>+<r>").gives(ABSENT)),
    case("1.0-short", "making by the full name is an invalid name",
         put(f"{ROBOTS}/<org>+<r>").gives(invalid(like(START + ".*")))),
    case("1.0-user-namespace", "a user is no organization",
         get("/api/v1/organization/<owner>/robots/<r>").by("super").gives(
             shape_b("Organization does not exist: <owner>")), needs="user"),
    *(case("1.1-refused", f"a name with {words} is refused",
           put(f"{ROBOTS}/{name}").gives(invalid(like(EXPRESSION))))
      for words, name in WRONG.items()),
    case("1.1-refused", "one character is refused",
         put(f"{ROBOTS}/a").gives(invalid(like(LENGTH)))),
    case("1.1-digits", "digits alone are a name",
         put(f"{ROBOTS}/<digits>").gives(ok({**MADE, "name": "<org>+<digits>"}, 201))),
    *(case("1.1-digits", f"a name with {words} is taken",
           put(f"{ROBOTS}/{name}").gives(ok({**MADE, "name": f"<org>+{name}"}, 201)))
      for words, name in RIGHT.items()),
    case("1.1-expression", "the message names the robot and the expression",
         put(f"{ROBOTS}/<r>__b").gives(invalid(
             "The name for the robot '<r>__b' is invalid: Namespace must match expression "
             "^([a-z0-9]+(?:[._-][a-z0-9]+)*)$"))),
    case("1.1-length", "one character is too short, in these words",
         put(f"{ROBOTS}/b").gives(invalid(
             "The name for the robot 'b' is invalid: Namespace must be between 2 and 255 "
             "characters in length"))),
    case("1.1-length", "256 characters are too long", long_name(256),
         put(f"{ROBOTS}/<long>").gives(invalid(like(LENGTH)))),
    case("1.1-length", "a wrong name of 256 characters is wrong first", long_name(255),
         put(f"{ROBOTS}/<long>-").gives(invalid(like(EXPRESSION)))),
    case("1.1-whole", "what does not fit the column with its organization is a database's text",
         long_name(255),
         put(f"{ROBOTS}/<long>")
         .gives(shape_b("value too long for type character varying(255)\n"))),
    case("1.1-whole", "what just fits is taken", long_name(255, whole=True),
         put(f"{ROBOTS}/<long>").gives(ok({**MADE, "name": "<org>+<long>"}, 201))),
    case("1.1-case", "a robot's name in capitals is another robot",
         a_robot(),
         get(f"{ROBOTS}/<R>").gives(ABSENT)),
    case("1.1-case", "an organization's name in capitals is another organization",
         a_robot(), get("/api/v1/organization/<ORG>/robots/<r>").by("super").gives(
             shape_b("Organization does not exist: <ORG>"))),
]  # fmt: skip
