#!/usr/bin/env bash
# kopf 1.45.2: a handler says what to change by a dictionary in the manner of a merge patch (RFC 7396). When
# it watches, that is sent as it is; when it mutates (an admission webhook), it is turned into a JSON patch
# first, and that goes another way than the RFC (json-merge-patch 0.3.0). The removal of the last key takes all
# parents along that this leaves empty: a selector of everything becomes no selector. Also where there was
# nothing to remove. An empty map that is to be set is not set at all.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kopf==1.45.2 json-merge-patch==0.3.0
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(kopf|json-merge-patch) '

cat > mutate.py <<'PY'
import copy
import json

import json_merge_patch
import jsonpatch
import kopf

TRIES = {
    "a key among others": ({"spec": {"selector": {"team": "acme", "tier": "1"}}}, {"selector": {"team": None}}),
    "the last key": ({"spec": {"selector": {"team": "acme"}}}, {"selector": {"team": None}}),
    "the last key, beside another": ({"spec": {"mode": "All", "selector": {"team": "acme"}}}, {"selector": {"team": None}}),
    "no such key": ({"spec": {"selector": {}}}, {"selector": {"team": None}}),
    "an empty map": ({"spec": {"mode": "All"}}, {"selector": {}}),
}
for what, (body, change) in TRIES.items():
    patch = kopf.Patch()
    patch.spec.update(change)
    mutated = jsonpatch.apply_patch(body, patch.as_json_patch(body))
    merged = json_merge_patch.merge(copy.deepcopy(body), copy.deepcopy(dict(patch)))
    print(f"{what}: as a merge patch {json.dumps(merged)}, as a mutation {json.dumps(mutated)}")
PY
seen=$(venv/bin/python mutate.py)
echo "$seen"
[ "$seen" = 'a key among others: as a merge patch {"spec": {"selector": {"tier": "1"}}}, as a mutation {"spec": {"selector": {"tier": "1"}}}
the last key: as a merge patch {"spec": {"selector": {}}}, as a mutation {}
the last key, beside another: as a merge patch {"spec": {"mode": "All", "selector": {}}}, as a mutation {"spec": {"mode": "All"}}
no such key: as a merge patch {"spec": {"selector": {}}}, as a mutation {}
an empty map: as a merge patch {"spec": {"mode": "All", "selector": {}}}, as a mutation {"spec": {"mode": "All"}}' ]
