#!/usr/bin/env bash
# "conditions.exists(c, c.reason == 'Refused')" where the first condition has no reason. In CEL an item that cannot
# be evaluated does not count once another one decides, in whatever order: cel-go 0.29.2, with which the API server
# works, cel-python 0.5.0 and @marcbachmann/cel-js 8.0.0 say true. common-expression-language 0.10.0 for Python ends
# with an error at the first such item, and says true with the same items the other way round; so for all(). A rule
# with "||" written out it takes as the others do. A test of a rule then fails or passes by the order of a list.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null && command -v npm >/dev/null || { echo "SKIPPED: needs Go and Node"; exit 0; }
mkdir "$here/go" "$here/js" "$here/tmp"
with='{"reason": "Refused"}'
without='{"type": "Ready"}'
all=("[$without, $with].exists(c, c.reason == 'Refused')" "[$with, $without].exists(c, c.reason == 'Refused')"
  "[$without, $with].all(c, c.reason == 'Other')" "[$with, $without].all(c, c.reason == 'Other')"
  "$without.reason == 'Refused' || $with.reason == 'Refused'")

python3 -m venv "$here/celpy"
python3 -m venv "$here/rust"
"$here/celpy/bin/pip" install --quiet --disable-pip-version-check cel-python==0.5.0
"$here/rust/bin/pip" install --quiet --disable-pip-version-check common-expression-language==0.10.0
cat > "$here/by_celpy.py" <<'PY'
import sys

import celpy

environment = celpy.Environment()
for rule in sys.argv[1:]:
    print("cel-python", bool(environment.program(environment.compile(rule)).evaluate({})))
PY
cat > "$here/by_rust.py" <<'PY'
import sys

import cel

for rule in sys.argv[1:]:
    try:
        print("common-expression-language", cel.evaluate(rule, {}))
    except KeyError as error:
        print("common-expression-language KeyError", error)
PY
cd "$here/js"
npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" @marcbachmann/cel-js@8.0.0 >/dev/null
cat > rule.mjs <<'JS'
import { evaluate } from "@marcbachmann/cel-js";

for (const rule of process.argv.slice(2)) console.log(`@marcbachmann/cel-js ${evaluate(rule)}`);
JS
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/google/cel-go/cel"
)

func main() {
	env, err := cel.NewEnv()
	if err != nil {
		panic(err)
	}
	for _, rule := range os.Args[1:] {
		ast, issues := env.Compile(rule)
		if issues.Err() != nil {
			panic(issues.Err())
		}
		program, err := env.Program(ast)
		if err != nil {
			panic(err)
		}
		seen, _, err := program.Eval(map[string]any{})
		if err != nil {
			panic(err)
		}
		fmt.Println("cel-go", seen.Value())
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/google/cel-go/cel@v0.29.2 2>/dev/null
grep 'cel-go v' go.mod
"$here/celpy/bin/pip" list --disable-pip-version-check 2>/dev/null | grep cel-python
"$here/rust/bin/pip" list --disable-pip-version-check 2>/dev/null | grep common-expression
(cd "$here/js" && npm ls --depth=0 2>/dev/null | grep cel-js)
printf '%s\n' "${all[@]}"
seen=$(
  go run . "${all[@]}"
  "$here/celpy/bin/python" "$here/by_celpy.py" "${all[@]}"
  node "$here/js/rule.mjs" "${all[@]}"
  "$here/rust/bin/python" "$here/by_rust.py" "${all[@]}"
)
echo "$seen"
[ "$seen" = "cel-go true
cel-go true
cel-go false
cel-go false
cel-go true
cel-python True
cel-python True
cel-python False
cel-python False
cel-python True
@marcbachmann/cel-js true
@marcbachmann/cel-js true
@marcbachmann/cel-js false
@marcbachmann/cel-js false
@marcbachmann/cel-js true
common-expression-language KeyError 'reason'
common-expression-language True
common-expression-language KeyError 'reason'
common-expression-language False
common-expression-language True" ]
