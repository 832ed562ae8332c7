#!/usr/bin/env bash
# CycloneDX tells two things apart: a component that stands in "dependencies" with nothing behind it has none, and of
# one that does not stand there nothing is known. cyclonedx-python-lib 11.12.0, which reads a bill and writes it again,
# adds each component that was not there, with nothing behind it, and drops the "compositions" that called the list
# incomplete: what a scanner did not know has become a statement that there is nothing. cyclonedx-go 0.12.0 writes
# what it read. Whoever enriches, filters or signs bills in Python changes what they say.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
cat > "$here/bill.json" <<'JSON'
{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
 "components": [
   {"type": "container", "bom-ref": "image", "name": "app"},
   {"type": "library", "bom-ref": "known", "name": "httpx"},
   {"type": "library", "bom-ref": "unknown", "name": "libvendor"}],
 "dependencies": [
   {"ref": "image", "dependsOn": ["known", "unknown"]},
   {"ref": "known"}],
 "compositions": [{"aggregate": "incomplete", "dependencies": ["unknown"]}]}
JSON

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check 'cyclonedx-python-lib[json-validation]==11.12.0'
cat > "$here/again.py" <<'PY'
import json
import sys
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = Path(sys.argv[1]).read_text()
assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
print(JsonV1Dot6(Bom.from_json(json.loads(text))).output_as_string())
PY
cat > "$here/show.py" <<'PY'
import json
import sys

bill = json.load(sys.stdin)
for each in bill["dependencies"]:
    print(sys.argv[1], each["ref"], "depends on", ", ".join(each.get("dependsOn", [])) or "nothing")
print(sys.argv[1], "compositions:", len(bill.get("compositions", [])))
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"os"

	"github.com/CycloneDX/cyclonedx-go"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	var bill cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(file, cyclonedx.BOMFileFormatJSON).Decode(&bill); err != nil {
		panic(err)
	}
	if err := cyclonedx.NewBOMEncoder(os.Stdout, cyclonedx.BOMFileFormatJSON).Encode(&bill); err != nil {
		panic(err)
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/CycloneDX/cyclonedx-go@v0.12.0 2>/dev/null
grep cyclonedx-go go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep cyclonedx
seen=$(
  python3 "$here/show.py" "as given:" < "$here/bill.json"
  go run . "$here/bill.json" | python3 "$here/show.py" "by Go:"
  "$here/venv/bin/python" "$here/again.py" "$here/bill.json" | python3 "$here/show.py" "by Python:"
)
echo "$seen"
[ "$seen" = "as given: image depends on known, unknown
as given: known depends on nothing
as given: compositions: 1
by Go: image depends on known, unknown
by Go: known depends on nothing
by Go: compositions: 1
by Python: image depends on known, unknown
by Python: known depends on nothing
by Python: unknown depends on nothing
by Python: compositions: 0" ]
