#!/usr/bin/env bash
# Importing kubernetes.aio 37.0.2 asks for the user's home, whatever is used of it afterwards: the
# default place of a kubeconfig is worked out when its module is read, also where KUBECONFIG names
# one. A user without an entry in the password database and without HOME, as a process has it that
# is started with an empty environment under a uid of OpenShift's, cannot import it.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check kubernetes==37.0.2

as_nobody_known=(unshare --user --map-user=1000730000)
"${as_nobody_known[@]}" true 2>/dev/null || { echo "SKIPPED: needs user namespaces"; exit 0; }
import='import kubernetes.aio.config as it; print("imported", it.__name__)'
with_home=$("${as_nobody_known[@]}" env -i HOME=/ "$here/venv/bin/python" -c "$import" 2>&1)
without=$("${as_nobody_known[@]}" env -i KUBECONFIG=/x "$here/venv/bin/python" -c "$import" 2>&1 || true)
"$here/venv/bin/python" --version
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep '^kubernetes'
echo "with HOME: $with_home"
echo "without: ${without##*$'\n'}"
grep -q '^imported kubernetes.aio.config$' <<<"$with_home"
grep -q '^RuntimeError: Could not determine home directory.$' <<<"$without"
