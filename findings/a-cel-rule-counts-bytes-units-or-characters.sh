#!/usr/bin/env bash
# The same CEL rule about a text, outside the API server. cel-go 0.29.2, with which the API server works,
# counts characters (code points). common-expression-language 0.10.0 for Python counts the bytes of UTF-8,
# cel-js 0.8.2 the UTF-16 units: a display name that is short enough in the cluster is too long in a test.
# @marcbachmann/cel-js 8.0.0 counts as Go does, but matches with the regular expressions of JavaScript:
# of RE2's it refuses (?i), and takes [[:alpha:]] and \A for other things, so that the rule says false.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null && command -v npm >/dev/null || { echo "SKIPPED: needs Go and Node"; exit 0; }
mkdir "$here/go" "$here/js" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check common-expression-language==0.10.0
cd "$here/js"
npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" \
  cel-js@0.8.2 @marcbachmann/cel-js@8.0.0 >/dev/null

rules=('size(self)|é' 'size(self)|🤖' 'self.matches("(?i)^ROBOT$")|robot'
  'self.matches("^[[:alpha:]]+$")|robot' 'self.matches(r"\Arobot")|robot')
cat > "$here/rule.py" <<'PY'
import sys

import cel

for each in sys.argv[1:]:
    rule, value = each.split("|")
    print(f"{rule} of {value}: Python {str(cel.evaluate(rule, {'self': value})).lower()}")
PY
cat > rule.mjs <<'JS'
import * as small from "cel-js";
import * as large from "@marcbachmann/cel-js";

for (const each of process.argv.slice(2)) {
  const [rule, value] = each.split("|");
  const libraries = { "@marcbachmann/cel-js": large };
  // cel-js has no matches().
  if (rule.startsWith("size")) libraries["cel-js"] = small;
  for (const [name, library] of Object.entries(libraries)) {
    let found = "refuses";
    try {
      found = String(library.evaluate(rule, { self: value }));
    } catch {}
    console.log(`${rule} of ${value}: ${name} ${found}`);
  }
}
JS
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
		found, _, err := program.Eval(map[string]any{"self": value})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s of %s: cel-go %v\n", rule, value, found)
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/google/cel-go@v0.29.2 2>/dev/null
go mod tidy 2>/dev/null
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^common-exp'
(cd "$here/js" && npm ls --depth=0 2>/dev/null | grep cel-js)
grep 'google/cel-go ' go.mod
seen=$("$here/venv/bin/python" "$here/rule.py" "${rules[@]}"; node "$here/js/rule.mjs" "${rules[@]}"; go run . "${rules[@]}")
echo "$seen"
for line in 'size(self) of é: cel-go 1' 'size(self) of 🤖: cel-go 1' \
  'size(self) of é: Python 2' 'size(self) of 🤖: Python 4' \
  'size(self) of é: cel-js 1' 'size(self) of 🤖: cel-js 2' \
  'size(self) of é: @marcbachmann/cel-js 1' 'size(self) of 🤖: @marcbachmann/cel-js 1' \
  'self.matches("(?i)^ROBOT$") of robot: @marcbachmann/cel-js refuses' \
  'self.matches("^[[:alpha:]]+$") of robot: @marcbachmann/cel-js false' \
  'self.matches(r"\Arobot") of robot: @marcbachmann/cel-js false'; do
  grep -qxF "$line" <<<"$seen"
done
[ "$(grep -cE '^self.matches.*: (cel-go|Python) true$' <<<"$seen")" = 6 ]
