#!/usr/bin/env bash
# Queries as Prometheus documents them: nothing is an escape between backticks, and between quotes \xc3\xa9 stands for
# two bytes. promql-parser 0.12.0, the Rust parser as a package for Python, refuses the pattern `\w+` in backticks, the
# way Grafana writes it, as an "unknown escape sequence". A backslash before the closing backtick ends no string there,
# and none for metricsql 0.87.3 (VictoriaMetrics). Of the two bytes of an "é" the Rust parser makes two letters, and
# says nothing: the query finds no series. Prometheus 0.316.0 reads all of them.
# Hurt: who checks alert rules with these libraries, or moves them to a database that parses with one.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
queries=('robots{shop="acme"}' 'robots{shop=~`acme-\w+`}' 'robots{host=~`quay\.io`}' 'robots{folder=`C:\`}'
  'robots{shop="caf\u00e9"}' 'robots{shop="caf\xc3\xa9"}')

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check promql-parser==0.12.0
cat > "$here/read.py" <<'PY'
import sys

import promql_parser

for query in sys.argv[1:]:
    try:
        (matcher,) = promql_parser.parse(query).matchers.matchers
        print(query, "promql-parser:", matcher.value)
    except ValueError as error:
        print(query, "promql-parser:", error)
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/prometheus/promql/parser"
)

func byPrometheus(query string) string {
	read, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		return "refuses"
	}
	return read.(*parser.VectorSelector).LabelMatchers[0].Value
}

func byMetricsql(query string) string {
	read, err := metricsql.Parse(query)
	if err != nil {
		return "refuses"
	}
	return read.(*metricsql.MetricExpr).LabelFilterss[0][1].Value
}

func main() {
	for _, query := range os.Args[1:] {
		fmt.Println(query, "Prometheus:", byPrometheus(query))
		fmt.Println(query, "metricsql:", byMetricsql(query))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/prometheus/prometheus@v0.316.0 github.com/VictoriaMetrics/metricsql@v0.87.3 2>/dev/null
go mod tidy 2>/dev/null
grep -E 'prometheus/prometheus v|metricsql v' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep promql
seen=$("$here/venv/bin/python" "$here/read.py" "${queries[@]}"; go run . "${queries[@]}")
sort <<<"$seen"
[ "$(sort <<<"$seen")" = "$(sort <<'SEEN'
robots{shop="acme"} Prometheus: acme
robots{shop="acme"} metricsql: acme
robots{shop="acme"} promql-parser: acme
robots{shop=~`acme-\w+`} Prometheus: acme-\w+
robots{shop=~`acme-\w+`} metricsql: acme-\w+
robots{shop=~`acme-\w+`} promql-parser: unknown escape sequence 'w'
robots{host=~`quay\.io`} Prometheus: quay\.io
robots{host=~`quay\.io`} metricsql: quay\.io
robots{host=~`quay\.io`} promql-parser: unknown escape sequence '.'
robots{folder=`C:\`} Prometheus: C:\
robots{folder=`C:\`} metricsql: refuses
robots{folder=`C:\`} promql-parser: unterminated quoted string `
robots{shop="caf\u00e9"} Prometheus: café
robots{shop="caf\u00e9"} metricsql: café
robots{shop="caf\u00e9"} promql-parser: café
robots{shop="caf\xc3\xa9"} Prometheus: café
robots{shop="caf\xc3\xa9"} metricsql: café
robots{shop="caf\xc3\xa9"} promql-parser: cafÃ©
SEEN
)" ]
