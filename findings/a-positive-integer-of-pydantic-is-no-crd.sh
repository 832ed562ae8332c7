#!/usr/bin/env bash
# pydantic 2.14.4 writes JSON Schema 2020-12, a CRD is made of an older form (k8s.io/apiextensions-apiserver
# 0.37.2), and two of the words in common differ without looking so. PositiveInt, or Field(gt=0), becomes
# "exclusiveMinimum": 0, where Kubernetes has a boolean beside "minimum": the whole CRD cannot be read. A
# Literal of one value becomes "const", which Kubernetes does not know: it is dropped, and any text is taken
# until the Literal gets a second value and becomes an "enum". Field(ge=1) is the same number and is read.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check pydantic==2.14.4

cat > "$here/write.py" <<'PY'
import json
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, TypeAdapter

for name, each in {
    "PositiveInt": PositiveInt,
    "gt=0": Annotated[int, Field(gt=0)],
    "ge=1": Annotated[int, Field(ge=1)],
    "one literal": Literal["Organization"],
    "two literals": Literal["Organization", "User"],
}.items():
    print(name, json.dumps(TypeAdapter(each).json_schema()), sep="\t")
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		name, schema, _ := strings.Cut(lines.Text(), "\t")
		var read apiextensions.JSONSchemaProps
		if err := json.Unmarshal([]byte(schema), &read); err != nil {
			fmt.Printf("%s: %v\n", name, err)
			continue
		}
		kept, err := json.Marshal(read)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %s\n", name, kept)
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get k8s.io/apiextensions-apiserver@v0.37.2 2>/dev/null
go mod tidy 2>/dev/null
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^pydantic '
grep -E '\sk8s.io/apiextensions-apiserver ' go.mod
written=$("$here/venv/bin/python" "$here/write.py")
seen=$(go run . <<<"$written")
echo "$written"
echo "$seen"
for name in PositiveInt gt=0; do
  grep -q "^$name: json: cannot unmarshal number into .*exclusiveMinimum of type bool$" <<<"$seen"
done
grep -qxF 'ge=1: {"type":"integer","minimum":1}' <<<"$seen"
grep -qP '^one literal\t.*"const": "Organization"' <<<"$written"
grep -qxF 'one literal: {"type":"string"}' <<<"$seen"
grep -qxF 'two literals: {"type":"string","enum":["Organization","User"]}' <<<"$seen"
