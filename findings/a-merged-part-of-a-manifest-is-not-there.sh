#!/usr/bin/env bash
# A manifest that says something once and takes it in elsewhere by "<<", as kubectl and Helm allow (their library
# sigs.k8s.io/yaml 1.6.0 is asked here). kubernetes-client (fabric8) 8.0.0 for Java keeps "<<" as a field of that name,
# which the API server drops; @kubernetes/client-node 2.0.1 for JavaScript drops it itself. Either way the second
# container runs without the security context that the file gives it, and nothing says so: the reader of YAML below them
# no longer merges unless told to.
# Hurt: who applies such files from an operator or a pipeline in Java or JavaScript.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
for tool in go npm mvn javac; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: needs Go, Node, Java and Maven"; exit 0; }
done
mkdir "$here/go" "$here/js" "$here/tmp"
cat > "$here/pod.yaml" <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
  - {name: one, image: "quay.io/acme/app:v1", securityContext: &safe {runAsNonRoot: true, privileged: false}}
  - name: two
    image: quay.io/acme/app:v1
    securityContext:
      <<: *safe
      readOnlyRootFilesystem: true
YAML
cd "$here/js"
npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" \
  @kubernetes/client-node@2.0.1 >/dev/null 2>&1
cat > read.mjs <<'JS'
import { readFileSync } from 'node:fs';
// By its path: the package as a whole needs a newer Node.
import { loadYaml } from './node_modules/@kubernetes/client-node/dist/yaml.js';

const { containers } = loadYaml(readFileSync(process.argv[2], 'utf8')).spec;
console.log('client-node:', JSON.stringify(containers[1].securityContext));
JS
cd "$here"
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.fabric8</groupId><artifactId>kubernetes-client</artifactId><version>8.0.0</version>
    </dependency>
  </dependencies>
</project>
XML
mvn -q -B -Dmaven.repo.local="$here/m2" dependency:build-classpath -Dmdep.outputFile="$here/classpath" >/dev/null
cat > Read.java <<'JAVA'
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Files;
import java.nio.file.Path;

public class Read {
  public static void main(String[] arguments) throws Exception {
    var spec = Serialization.unmarshal(Files.readString(Path.of(arguments[0])), Pod.class).getSpec();
    System.out.println("fabric8: " + Serialization.asJson(spec.getContainers().get(1).getSecurityContext()));
  }
}
JAVA
javac -cp "$(cat classpath)" Read.java
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	content, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var pod struct {
		Spec struct {
			Containers []struct{ SecurityContext map[string]any }
		}
	}
	if err := yaml.Unmarshal(content, &pod); err != nil {
		panic(err)
	}
	shown, _ := json.Marshal(pod.Spec.Containers[1].SecurityContext)
	fmt.Println("sigs.k8s.io/yaml:", string(shown))
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get sigs.k8s.io/yaml@v1.6.0 2>/dev/null
grep sigs.k8s.io/yaml go.mod
(cd "$here/js" && npm ls --depth=0 2>/dev/null | grep client-node)
tr ':' '\n' < "$here/classpath" | grep -o 'kubernetes-client-[0-9].*jar'
seen=$(go run . "$here/pod.yaml"; java -cp "$(cat "$here/classpath"):$here" Read "$here/pod.yaml" 2>/dev/null
  node "$here/js/read.mjs" "$here/pod.yaml")
echo "$seen"
[ "$seen" = 'sigs.k8s.io/yaml: {"privileged":false,"readOnlyRootFilesystem":true,"runAsNonRoot":true}
fabric8: {"readOnlyRootFilesystem":true,"<<":{"runAsNonRoot":true,"privileged":false}}
client-node: {"readOnlyRootFilesystem":true}' ]
