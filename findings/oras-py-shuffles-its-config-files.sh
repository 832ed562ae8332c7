#!/usr/bin/env bash
# oras (Python) 0.2.43: of several configuration files with a login for one registry, which one counts
# changes from process to process: the files are put into a set of strings before they are read, and
# Python orders such a set anew in each process. The order in which a caller lists them says nothing,
# and the user's own ~/.docker/config.json, which is added, wins at times over the file that was named.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check oras==0.2.43
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep '^oras '

mkdir -p named home/.docker
login() { printf '{"auths": {"quay.example.com": {"auth": "%s"}}}' "$(printf '%s' "$1" | base64)"; }
login 'acme+ci:of-the-named-file' > named/config.json
login 'acme+me:of-the-home' > home/.docker/config.json
cat > who.py <<'PY'
import base64
from oras.auth.utils import load_configs

found = load_configs(["named/config.json"])["auths"]["quay.example.com"]["auth"]
print(base64.b64decode(found).decode().partition(":")[0])
PY

# A seed stands for a process; without one each process draws its own.
seen=$(for seed in $(seq 0 15); do HOME="$here/home" PYTHONHASHSEED=$seed venv/bin/python who.py; done | sort | uniq -c)
echo "$seen"
grep -q 'acme+ci$' <<<"$seen"
grep -q 'acme+me$' <<<"$seen"
