#!/usr/bin/env bash
# Jib (jib-core) 0.27.3: of several keys "host/path" in a Docker configuration file the one that stands
# first in the file counts, for each image of that host, whatever the path of the image. Two pull Secrets
# of two organizations that somebody put together into one file log in as the one or the other robot
# by the order in which the tool that joined them wrote the keys; the image's own key is not looked for.
# A key for the host alone wins from any place.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "SKIPPED: needs Java and Maven"; exit 0; }
cd "$here"
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.google.cloud.tools</groupId><artifactId>jib-core</artifactId><version>0.27.3</version>
    </dependency>
  </dependencies>
</project>
XML
mvn -q -B -Dmaven.repo.local="$here/m2" dependency:build-classpath -Dmdep.outputFile=classpath >/dev/null
cat > Who.java <<'JAVA'
import com.google.cloud.tools.jib.api.Credential;
import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.frontend.CredentialRetrieverFactory;
import java.nio.file.Path;

public class Who {
  public static void main(String[] arguments) throws Exception {
    for (String image : new String[] {"acme/app", "other/app"}) {
      var factory = CredentialRetrieverFactory.forImage(
          ImageReference.parse("quay.example.com/" + image), event -> {});
      var found = factory.dockerConfig(Path.of(arguments[1])).retrieve();
      System.out.println(
          arguments[0] + ": " + image + " as " + found.map(Credential::getUsername).orElse("nobody"));
    }
  }
}
JAVA
javac -cp "$(cat classpath)" Who.java

login() { printf '"%s": {"auth": "%s"}' "$1" "$(printf '%s' "$2" | base64)"; }
acme=$(login quay.example.com/acme acme+ci:token)
other=$(login quay.example.com/other other+ci:token)
host=$(login quay.example.com acme+all:token)
echo "{\"auths\": {$acme, $other}}" > acme-first.json
echo "{\"auths\": {$other, $acme}}" > other-first.json
echo "{\"auths\": {$other, $acme, $host}}" > host-last.json
seen=$(for each in acme-first other-first host-last; do
  java -cp "$(cat classpath):." Who "$each" "$each.json"
done)
tr ':' '\n' < classpath | grep -o 'jib-core-.*jar'
echo "$seen"
[ "$seen" = 'acme-first: acme/app as acme+ci
acme-first: other/app as acme+ci
other-first: acme/app as other+ci
other-first: other/app as other+ci
host-last: acme/app as acme+all
host-last: other/app as acme+all' ]
