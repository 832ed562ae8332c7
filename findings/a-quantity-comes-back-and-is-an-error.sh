#!/usr/bin/env bash
# Quantities that Kubernetes (k8s.io/apimachinery 0.37.2) takes, and writes so itself, in three clients.
# lightkube 1.0.1 knows neither "n" nor "u": each CPU usage of the metrics API ("156340n") is an error.
# @kubernetes/client-node 1.4.0 reads "1.5" but not "1.5Gi", which stays as it was typed in a custom resource.
# The Java client 24.0.0 reads "4Ei" and cannot write it again, though it turns "4096Pi" into just that.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
for each in go npm mvn javac; do
  command -v "$each" >/dev/null || { echo "SKIPPED: needs Go, Node, Java and Maven"; exit 0; }
done
mkdir "$here/go" "$here/js" "$here/java" "$here/tmp"
all=(500m 156340n 5u 1.5 1.5Gi 4Ei 4096Pi)

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check lightkube==1.0.1
cat > "$here/read.py" <<'PY'
import sys

from lightkube.utils.quantity import parse_quantity

for text in sys.argv[1:]:
    try:
        parse_quantity(text)
        print(text, "lightkube reads")
    except ValueError as error:
        print(text, "lightkube:", error)
PY

cd "$here/js"
npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" \
  @kubernetes/client-node@1.4.0 >/dev/null
cat > read.mjs <<'JS'
import { quantityToScalar } from "./node_modules/@kubernetes/client-node/dist/util.js";

for (const text of process.argv.slice(2)) {
  try {
    quantityToScalar(text);
    console.log(text, "client-node reads");
  } catch (error) {
    console.log(text, "client-node:", error.message);
  }
}
JS

cd "$here/java"
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.kubernetes</groupId><artifactId>client-java</artifactId><version>24.0.0</version>
    </dependency>
  </dependencies>
</project>
XML
mvn -q -B -Dmaven.repo.local="$here/m2" dependency:build-classpath -Dmdep.outputFile=classpath >/dev/null
cat > Read.java <<'JAVA'
import io.kubernetes.client.custom.Quantity;

public class Read {
  public static void main(String[] texts) {
    for (String text : texts) {
      Quantity quantity = Quantity.fromString(text);
      try {
        System.out.println(text + " Java writes " + quantity.toSuffixedString());
      } catch (IllegalArgumentException error) {
        System.out.println(text + " Java reads, and writes: " + error.getMessage());
      }
    }
  }
}
JAVA
javac -cp "$(cat classpath)" Read.java

cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/api/resource"
)

func main() {
	for _, text := range os.Args[1:] {
		quantity := resource.MustParse(text)
		// Once calculated with, a quantity is written in its usual form.
		quantity.Add(resource.Quantity{})
		fmt.Println(text, "Kubernetes writes", quantity.String())
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get k8s.io/apimachinery@v0.37.2 2>/dev/null
go mod tidy 2>/dev/null

grep -E '\sk8s.io/apimachinery ' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^lightkube '
(cd "$here/js" && npm ls --depth=0 2>/dev/null | grep client-node)
tr ':' '\n' < "$here/java/classpath" | grep -o 'client-java-[0-9].*jar'
seen=$(
  go run . "${all[@]}"
  "$here/venv/bin/python" "$here/read.py" "${all[@]}"
  node "$here/js/read.mjs" "${all[@]}"
  java -cp "$(cat "$here/java/classpath"):$here/java" Read "${all[@]}"
)
echo "$seen"
for line in '156340n lightkube: Invalid unit suffix: n' '5u lightkube: Invalid unit suffix: u' '500m lightkube reads' \
  '1.5 client-node reads' '1.5Gi client-node: Cannot convert 1.5 to a BigInt' '156340n client-node reads' \
  '4096Pi Java writes 4Ei' '4Ei Java reads, and writes: No suffix for exponent3' \
  '156340n Java writes 156340n' '156340n Kubernetes writes 156340n' '4Ei Kubernetes writes 4Ei' \
  '1.5Gi Kubernetes writes 1536Mi'; do
  grep -qxF "$line" <<<"$seen"
done
