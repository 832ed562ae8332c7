#!/usr/bin/env bash
# A registry gives a long list of tags in pages, and says in a Link header (RFC 8288) where the next one is. A proxy
# may put a link of its own first, as to a description of the API: go-containerregistry 0.22.1 (crane, ko) and oras-go
# 2.7.0 look at the first link alone, whatever its "rel" is. "Rel" for "rel", and two relations in one, "next last", are
# the same to the RFC: regclient 0.11.7, oras 0.2.43 and python-dxf 12.1.1 see no next page. Each time the call succeeds
# and the tags behind the first page are missing: a mirror copies too little, a tag in use is taken for free. With an
# address that is only "?last=..." the last two end with an error.
set -euo pipefail
here=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check oras==0.2.43 python-dxf==12.1.1 requests==2.34.2
cat > "$here/registry.py" <<'PY'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

NEXT = "/v2/acme/app/tags/list?last=b"
LINKS = {
    "plain": f'<{NEXT}>; rel="next"',
    "another first": f'</openapi.json>; rel="service-desc", <{NEXT}>; rel="next"',
    "a capital": f'<{NEXT}>; Rel="next"',
    "two relations": f'<{NEXT}>; rel="next last"',
    "relative": '<?last=b>; rel="next"',
}


class Registry(BaseHTTPRequestHandler):
    """Each way to write the link is a registry of its own, with three tags on two pages."""

    def do_GET(self):
        asked = urlsplit(self.path)
        found = asked.path in ("/v2/", "/v2/acme/app/tags/list", "/openapi.json")
        tags = ["c"] if "last=b" in asked.query else ["a", "b"]
        page = {"openapi": "3.1.0"} if asked.path == "/openapi.json" else {"name": "acme/app", "tags": tags}
        body = json.dumps(page).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if asked.path == "/v2/acme/app/tags/list" and "last=" not in asked.query:
            self.send_header("Link", self.server.link)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


hosts = []
for name, link in LINKS.items():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.link = link
    threading.Thread(target=server.serve_forever).start()
    hosts.append(f"{name}|127.0.0.1:{server.server_port}")
Path(sys.argv[1]).write_text("".join(f"{host}\n" for host in hosts))
PY
cat > "$here/tags.py" <<'PY'
import sys

import dxf
import oras.client
import requests

for each in sys.argv[1:]:
    name, host = each.split("|")
    try:
        seen = oras.client.OrasClient(hostname=host, insecure=True).get_tags(f"{host}/acme/app")
    except ValueError as error:
        seen = str(error).rsplit(": ", 1)[1]
    print(f"{name}, oras:", *seen.split() if isinstance(seen, str) else seen)
    try:
        seen = dxf.DXF(host, "acme/app", insecure=True).list_aliases()
    except requests.HTTPError as error:
        seen = error.response.reason.split()
    print(f"{name}, python-dxf:", *seen)
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/regclient/regclient"
	"github.com/regclient/regclient/config"
	"github.com/regclient/regclient/types/ref"
	oras "oras.land/oras-go/v2/registry/remote"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	background := context.Background()
	for _, each := range os.Args[1:] {
		kind, host, _ := strings.Cut(each, "|")
		show := func(reader string, tags []string) {
			fmt.Printf("%s, %s: %s\n", kind, reader, strings.Join(tags, " "))
		}
		show("go-containerregistry", must(remote.List(must(name.NewRepository(host+"/acme/app", name.Insecure)))))
		repository := must(oras.NewRepository(host + "/acme/app"))
		repository.PlainHTTP = true
		var tags []string
		must(0, repository.Tags(background, "", func(page []string) error {
			tags = append(tags, page...)
			return nil
		}))
		show("oras-go", tags)
		client := regclient.New(regclient.WithConfigHost(
			config.Host{Name: host, Hostname: host, TLS: config.TLSDisabled}))
		list := must(client.TagList(background, must(ref.New(host+"/acme/app"))))
		show("regclient", must(list.GetTags()))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/google/go-containerregistry@v0.22.1 oras.land/oras-go/v2@v2.7.0 \
  github.com/regclient/regclient@v0.11.7 2>/dev/null
go mod tidy 2>/dev/null
grep -E 'go-containerregistry v|oras-go|regclient v' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(oras|python-dxf) '
go build -o tags .
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY
"$here/venv/bin/python" "$here/registry.py" "$here/hosts" &
until [ -s "$here/hosts" ]; do sleep 0.1; done
mapfile -t hosts < "$here/hosts"
seen=$(./tags "${hosts[@]}"; "$here/venv/bin/python" -W ignore "$here/tags.py" "${hosts[@]}")
sort <<<"$seen"
[ "$(sort <<<"$seen")" = "$(sort <<'SEEN'
plain, go-containerregistry: a b c
plain, oras-go: a b c
plain, regclient: a b c
plain, oras: a b c
plain, python-dxf: a b c
another first, go-containerregistry: a b
another first, oras-go: a b
another first, regclient: a b c
another first, oras: a b c
another first, python-dxf: a b c
a capital, go-containerregistry: a b c
a capital, oras-go: a b c
a capital, regclient: a b
a capital, oras: a b
a capital, python-dxf: a b
two relations, go-containerregistry: a b c
two relations, oras-go: a b c
two relations, regclient: a b
two relations, oras: a b
two relations, python-dxf: a b
relative, go-containerregistry: a b c
relative, oras-go: a b c
relative, regclient: a b c
relative, oras: Not Found
relative, python-dxf: Not Found
SEEN
)" ]
