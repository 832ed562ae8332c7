#!/usr/bin/env bash
# A CRD whose field is one of "<", "<=", "=~" or "!=", as a comparison or the matcher of an alert is. cdk8s-cli 2.207.60 (cdk8s
# import) makes classes of it: "<" and "<=" have become one value, "__stripped_by_cdk8s__", which a chart then sends
# to the cluster, where it is refused. Of "Exact" and "exact" only the first is left, "" is gone, and of the two fields
# fooBar and foo_bar, of which the CRD demands either, the second; the import succeeds without a word. The other two
# generators, datamodel-code-generator 0.89.0 for Python and crd-generate 5.1.0 for TypeScript, keep all of them.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
command -v node >/dev/null || { echo "SKIPPED: needs Node.js"; exit 0; }
cd "$here"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund cdk8s-cli@2.207.60 @kubernetes-models/crd-generate@5.1.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datamodel-code-generator==0.89.0
cat > schema.json <<'JSON'
{
  "title": "Check", "type": "object",
  "properties": {"spec": {"type": "object",
    "properties": {
      "operator": {"type": "string", "enum": ["<", "<=", "=~", "!="]},
      "mode": {"type": "string", "enum": ["", "Exact", "exact"]},
      "fooBar": {"type": "string"},
      "foo_bar": {"type": "string"}
    },
    "oneOf": [{"required": ["fooBar"]}, {"required": ["foo_bar"]}]
  }}
}
JSON
cat > crd.yaml <<YAML
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: checks.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: checks, singular: check, kind: Check, listKind: CheckList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema: $(tr -d '\n' < schema.json)
YAML
npx cdk8s import crd.yaml --language typescript --output cdk8s >/dev/null 2>&1
npx crd-generate --input crd.yaml --output models >/dev/null
venv/bin/datamodel-codegen --input schema.json --input-file-type jsonschema --output models.py 2>/dev/null
npm ls --depth 0 | grep -E 'cdk8s-cli|crd-generate'
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^datamodel-code-generator '
cat > look.py <<'PY'
import re
from pathlib import Path

SOURCES = {"cdk8s": Path("cdk8s"), "crd-generate": Path("models/example.com"), "datamodel-code-generator": Path("models.py")}
WORDS = ["<", "<=", "=~", "!=", "", "Exact", "exact", "__stripped_by_cdk8s__"]
for name, path in SOURCES.items():
    files = [path] if path.is_file() else sorted(path.rglob("*.ts"))
    text = "\n".join(line for file in files for line in file.read_text().splitlines() if "@schema" not in line)
    values = [word for word in WORDS if re.search(rf"""(= |[|:] ?)(["']){re.escape(word)}\2""", text)]
    fields = [field for field in ("fooBar", "foo_bar") if re.search(rf"""^ +(readonly )?"?{field}"?\??:""", text, re.M)]
    print(f"{name}:", *[repr(each) for each in values], *fields)
PY
seen=$(venv/bin/python look.py)
echo "$seen"
[ "$seen" = "cdk8s: '=~' '!=' 'Exact' '__stripped_by_cdk8s__' fooBar
crd-generate: '<' '<=' '=~' '!=' '' 'Exact' 'exact' fooBar foo_bar
datamodel-code-generator: '<' '<=' '=~' '!=' '' 'Exact' 'exact' fooBar foo_bar" ]
