#!/usr/bin/env bash
# Names of images as Quay and OCI allow them, for whoever looks up a login by them. docker-parse-image 3.0.1 for
# JavaScript answers null for a repository below two folders ("quay.io/acme/team/shop/app"), and takes
# "v1@sha256:..." for the tag. For it and for oras 0.2.43 (Python) "localhost/app" is an image of Docker Hub, where
# docker for Python 7.2.0 and parse-docker-image-name 3.0.0 for JavaScript see the registry localhost, as docker
# does: a login for it is not found, another one is looked for.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
command -v npm >/dev/null || { echo "SKIPPED: needs Node"; exit 0; }
mkdir "$here/js"
digest=$(printf 'a%.0s' {1..64})
all=(quay.io/acme/app:v1 quay.io/acme/team/shop/app:v1 "quay.io/acme/app:v1@sha256:$digest" localhost/app:v1)

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check oras==0.2.43 docker==7.2.0
cat > "$here/name.py" <<'PY'
import sys

from docker.auth import resolve_repository_name
from docker.utils import parse_repository_tag
from oras.container import Container

for text in sys.argv[1:]:
    read = Container(text)
    path = "/".join(filter(None, (read.namespace, read.repository)))
    print(text, "oras:", read.registry, path, read.tag, *filter(None, [read.digest]))
    name, _ = parse_repository_tag(text)
    print(text, "docker:", resolve_repository_name(name)[0])
PY
cd "$here/js"
npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" \
  docker-parse-image@3.0.1 parse-docker-image-name@3.0.0 >/dev/null
cat > name.mjs <<'JS'
import byDots from "docker-parse-image";
import * as byGrammar from "parse-docker-image-name";

const parse = byGrammar.default.default ?? byGrammar.default;
for (const text of process.argv.slice(2)) {
  const read = byDots(text);
  const shown = read ? [read.registry, `${read.namespace}/${read.repository}`, read.tag] : [read];
  console.log(text, "docker-parse-image:", ...shown);
  const { domain, path, tag, digest } = parse(text);
  console.log(text, "parse-docker-image-name:", ...[domain, path, tag, digest].filter(Boolean));
}
JS
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(docker|oras) '
npm ls --depth=0 2>/dev/null | grep parse
seen=$("$here/venv/bin/python" "$here/name.py" "${all[@]}"; node name.mjs "${all[@]}")
seen=${seen//$digest/DIGEST}
echo "$seen"
for line in 'quay.io/acme/app:v1 docker-parse-image: quay.io acme/app v1' 'quay.io/acme/app:v1 oras: quay.io acme/app v1' \
  'quay.io/acme/team/shop/app:v1 docker-parse-image: null' \
  'quay.io/acme/team/shop/app:v1 oras: quay.io acme/team/shop/app v1' \
  'quay.io/acme/team/shop/app:v1 parse-docker-image-name: quay.io acme/team/shop/app v1' \
  'quay.io/acme/app:v1@sha256:DIGEST docker-parse-image: quay.io acme/app v1@sha256:DIGEST' \
  'quay.io/acme/app:v1@sha256:DIGEST oras: quay.io acme/app v1 sha256:DIGEST' \
  'quay.io/acme/app:v1@sha256:DIGEST parse-docker-image-name: quay.io acme/app v1 sha256:DIGEST' \
  'localhost/app:v1 docker-parse-image: null localhost/app v1' 'localhost/app:v1 oras: docker.io localhost/app v1' \
  'localhost/app:v1 docker: localhost' 'localhost/app:v1 parse-docker-image-name: localhost app v1'; do
  grep -qxF "$line" <<<"$seen"
done
