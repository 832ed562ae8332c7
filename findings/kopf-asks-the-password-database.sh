#!/usr/bin/env bash
# kopf 1.45.2: an operator started without an identity asks the password database for its user's
# name, so it cannot start under a user id that has no entry there, as containers have by default
# on OpenShift and with any numeric runAsUser. Its own helper for the purpose, detect_own_id, looks
# at the pod's name only for clusters that say so in POD_ID, not in HOSTNAME.
# With POD_ID set, or USER set, or an identity given, the same process goes on.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
[ "$(id -u)" = 0 ] || { echo "SKIPPED: needs root to become a user id without an entry"; exit 0; }

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check kopf==1.45.2
chmod -R a+rX "$here"

cat > "$here/ask.py" <<'PY'
import encodings.idna  # the interpreter itself may lie where only root reads
import os
import pwd
import sys

import kopf
from kopf._core.engines import peering

os.setgid(65532)
os.setuid(65532)
try:
    pwd.getpwuid(65532)
    sys.exit("this machine knows user id 65532: nothing to see here")
except KeyError:
    pass
for name in ("USER", "LOGNAME", "LNAME", "USERNAME", "POD_ID"):
    os.environ.pop(name, None)


def ask() -> str:
    try:
        return "an identity" if peering.detect_own_id(manual=False) else "none"
    except (KeyError, OSError) as error:
        return type(error).__name__


print("nothing set:", ask())
os.environ["HOSTNAME"] = "operator-6d4b75cb6d-hx7mz"
print("HOSTNAME set:", ask())
os.environ["POD_ID"] = "operator-6d4b75cb6d-hx7mz"
print("POD_ID set:", ask())
del os.environ["POD_ID"]
os.environ["USER"] = "operator"
print("USER set:", ask())
PY

seen=$("$here/venv/bin/python" "$here/ask.py")
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep '^kopf '
echo "$seen"
grep -Eq '^nothing set: (KeyError|OSError)$' <<<"$seen"
grep -Eq '^HOSTNAME set: (KeyError|OSError)$' <<<"$seen"
grep -q '^POD_ID set: an identity$' <<<"$seen"
grep -q '^USER set: an identity$' <<<"$seen"
