#!/usr/bin/env bash
# ORAS for Java (oras-java-sdk) 0.7.0 splits a login at each colon, though a password may have some (RFC 7617) and may
# be empty: beside the key of a Google service account, which is JSON, and beside what az acr login writes, it finds no
# login for any other registry of the file either. A file with helpers alone, or without a login, is a
# NullPointerException. What docker login writes for Docker Hub, and kubectl for "https://quay.example.com", is a login
# for nothing: the image is pulled without one. docker for Python 7.2.0 reads each of them, or asks the helper.
# Hurt: who reads a pull Secret of several registries, or the file of docker login, in a build in Java.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
command -v mvn >/dev/null && command -v javac >/dev/null || { echo "SKIPPED: needs Java and Maven"; exit 0; }
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check docker==7.2.0
cd "$here"
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>land.oras</groupId><artifactId>oras-java-sdk</artifactId><version>0.7.0</version></dependency>
  </dependencies>
</project>
XML
mvn -q -B -Dmaven.repo.local="$here/m2" dependency:build-classpath -Dmdep.outputFile="$here/classpath" >/dev/null
cat > Who.java <<'JAVA'
import java.nio.file.Path;
import java.util.List;
import land.oras.ContainerRef;
import land.oras.auth.AuthStore;
import land.oras.exception.OrasException;

public class Who {
  public static void main(String[] arguments) {
    for (int at = 0; at < arguments.length; at += 2) {
      String who;
      try {
        var found = AuthStore.newStore(List.of(Path.of(arguments[at]))).get(ContainerRef.parse(arguments[at + 1]));
        who = found == null ? "nobody" : found.username();
      } catch (OrasException | NullPointerException error) {
        who = error instanceof OrasException ? error.getMessage() : "NullPointerException";
      }
      System.out.println("ORAS, " + arguments[at] + ", " + arguments[at + 1] + ": " + who);
    }
  }
}
JAVA
cat > who.py <<'PY'
import sys

import docker.auth
import docker.errors

for file, image in zip(sys.argv[1::2], sys.argv[2::2]):
    registry, _ = docker.auth.resolve_repository_name(image)
    try:
        found = docker.auth.load_config(file).resolve_authconfig(registry)
        who = found["username"] if found else "nobody"
    except docker.errors.DockerException:
        who = "asks the helper"
    print(f"docker, {file}, {image}: {who}")
PY
javac -cp "$(cat classpath)" Who.java

login() { printf '"%s": {"auth": "%s"}' "$1" "$(printf '%s' "$2" | base64 -w0)"; }
robot=$(login quay.example.com acme+ci:token)
account=$(login registry.example.com '_json_key:{"type":"service_account"}')
echo "{\"auths\": {$robot}}" > robot
echo "{\"auths\": {$robot, $account}}" > robot-and-account
azure="{\"auth\": \"$(printf 00000000-0000-0000-0000-000000000000: | base64 -w0)\", \"identitytoken\": \"token\"}"
echo "{\"auths\": {$robot, \"registry.example.com\": $azure}}" > robot-and-azure
echo '{"credHelpers": {"quay.example.com": "none-here"}}' > helper
echo '{}' > empty
echo "{\"auths\": {$(login https://index.docker.io/v1/ acme:token)}}" > hub
echo "{\"auths\": {$(login https://quay.example.com acme+ci:token)}}" > address
image=quay.example.com/acme/app
asked=()
for file in robot robot-and-account robot-and-azure helper empty hub address; do
  [ "$file" = hub ] && asked+=("$file" docker.io/acme/app) || asked+=("$file" "$image")
done
tr ':' '\n' < classpath | grep -o 'oras-java-sdk-.*jar'
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep '^docker '
seen=$(java -cp "$(cat classpath):." Who "${asked[@]}" 2>/dev/null
  "$here/venv/bin/python" -W ignore who.py "${asked[@]}")
echo "$seen"
[ "$seen" = "ORAS, robot, $image: acme+ci
ORAS, robot-and-account, $image: Invalid credential format
ORAS, robot-and-azure, $image: Invalid credential format
ORAS, helper, $image: NullPointerException
ORAS, empty, $image: NullPointerException
ORAS, hub, docker.io/acme/app: nobody
ORAS, address, $image: nobody
docker, robot, $image: acme+ci
docker, robot-and-account, $image: acme+ci
docker, robot-and-azure, $image: acme+ci
docker, helper, $image: asks the helper
docker, empty, $image: nobody
docker, hub, docker.io/acme/app: acme
docker, address, $image: acme+ci" ]
