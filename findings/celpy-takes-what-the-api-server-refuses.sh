#!/usr/bin/env bash
# cel-python (celpy) 0.5.0, with which a Python project can try the CEL rules of its CRDs, is wider than
# cel-go 0.29.2, with which the API server evaluates them: a duration in days, a day without a time, a
# hexadecimal number, one with an underscore or a blank. A rule is seen to pass in the tests; in the cluster
# its evaluation fails, and the API server refuses the object. "90d" is what people write for a rotation.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check cel-python==0.5.0

# The value comes from an object, as in a rule; so nothing can be known when the rule is compiled.
rules=(
  'duration(self) >= duration("1h")|90m'
  'duration(self) >= duration("1h")|90d'
  'timestamp(self) > timestamp("2026-01-01T00:00:00Z")|2026-06-01T00:00:00Z'
  'timestamp(self) > timestamp("2026-01-01T00:00:00Z")|2026-06-01'
  'int(self) == 16|16'
  'int(self) == 16|0x10'
  'int(self) == 16|1_6'
  'int(self) == 16| 16'
)
cat > "$here/rule.py" <<'PY'
import sys

import celpy

environment = celpy.Environment(annotations={"self": celpy.celtypes.StringType})
for each in sys.argv[1:]:
    rule, value = each.split("|")
    program = environment.program(environment.compile(rule))
    try:
        found = str(program.evaluate({"self": celpy.celtypes.StringType(value)})).lower()
    except celpy.CELEvalError:
        found = "error"
    print(f"{rule.partition('(')[0]} '{value}': celpy {found}")
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/google/cel-go/cel"
)

func main() {
	environment, err := cel.NewEnv(cel.Variable("self", cel.StringType))
	if err != nil {
		panic(err)
	}
	for _, each := range os.Args[1:] {
		rule, value, _ := strings.Cut(each, "|")
		compiled, issues := environment.Compile(rule)
		if issues.Err() != nil {
			panic(issues.Err())
		}
		program, err := environment.Program(compiled)
		if err != nil {
			panic(err)
		}
		kind, _, _ := strings.Cut(rule, "(")
		found, _, err := program.Eval(map[string]any{"self": value})
		if err != nil {
			fmt.Printf("%s '%s': cel-go error\n", kind, value)
		} else {
			fmt.Printf("%s '%s': cel-go %v\n", kind, value, found)
		}
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/google/cel-go@v0.29.2 2>/dev/null
go mod tidy 2>/dev/null
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^cel-python '
grep 'google/cel-go ' go.mod
seen=$("$here/venv/bin/python" "$here/rule.py" "${rules[@]}"; go run . "${rules[@]}")
echo "$seen"
for kind in "duration '90m'" "timestamp '2026-06-01T00:00:00Z'" "int '16'"; do
  grep -qxF "$kind: celpy true" <<<"$seen"
  grep -qxF "$kind: cel-go true" <<<"$seen"
done
for kind in "duration '90d'" "timestamp '2026-06-01'" "int '0x10'" "int '1_6'" "int ' 16'"; do
  grep -qxF "$kind: celpy true" <<<"$seen"
  grep -qxF "$kind: cel-go error" <<<"$seen"
done
