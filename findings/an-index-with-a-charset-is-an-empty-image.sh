#!/usr/bin/env bash
# A registry, or a proxy before it, may write the type of an answer as "...image.index.v1+json; charset=utf-8", or with a
# capital: RFC 9110 lets a type have parameters and be written in either case. go-containerregistry 0.22.1 (crane, ko,
# kaniko, cosign) compares the whole text: so an index is none, it is read as the manifest of one image, whose
# configuration then has no digest, and the pull ends at the address ".../blobs/:". An image without an index it takes.
# oras-go 2.7.0 and regclient 0.11.7 know the index.
set -euo pipefail
here=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
cat > "$here/registry.py" <<'PY'
import hashlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

OCI = "application/vnd.oci.image"


def digest(body):
    return "sha256:" + hashlib.sha256(body).hexdigest()


def descriptor(media_type, body, **more):
    return {"mediaType": media_type, "digest": digest(body), "size": len(body), **more}


CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
MANIFEST = json.dumps({
    "schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json", "layers": [],
    "config": descriptor(f"{OCI}.config.v1+json", CONFIG),
}).encode()
INDEX = json.dumps({
    "schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": [
        descriptor(f"{OCI}.manifest.v1+json", MANIFEST, platform={"architecture": "amd64", "os": "linux"})],
}).encode()


class Registry(BaseHTTPRequestHandler):
    """Has an index under the tag "many" and an image under the tag "one"."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        last = self.path.rsplit("/", 1)[1]
        if self.path.startswith("/v2/acme/app/manifests/"):
            body = INDEX if last in ("many", digest(INDEX)) else MANIFEST
            kind = self.server.spell(json.loads(body)["mediaType"])
        elif last == digest(CONFIG):
            body, kind = CONFIG, "application/octet-stream"
        else:
            body, kind = b"{}", "application/json"
        self.send_response(404 if "/blobs/" in self.path and body != CONFIG else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Content-Digest", digest(body))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


SPELLINGS = {
    "plain": lambda kind: kind,
    "charset": lambda kind: kind + "; charset=utf-8",
    "capital": lambda kind: kind.replace("application", "Application"),
}
hosts = []
for name, spell in SPELLINGS.items():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.spell = spell
    threading.Thread(target=server.serve_forever).start()
    hosts.append(f"{name}|127.0.0.1:{server.server_port}\n")
Path(sys.argv[1]).write_text("".join(hosts))
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/regclient/regclient"
	"github.com/regclient/regclient/config"
	"github.com/regclient/regclient/types/ref"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/memory"
	orasremote "oras.land/oras-go/v2/registry/remote"
)

var address = regexp.MustCompile(`http://[^/]*`)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func byGo(host, tag string) error {
	image, err := remote.Image(must(name.ParseReference(host+"/acme/app:"+tag, name.Insecure)))
	if err != nil {
		return err
	}
	_, err = image.ConfigFile()
	return err
}

func byOras(host, tag string) error {
	repository := must(orasremote.NewRepository(host + "/acme/app"))
	repository.PlainHTTP = true
	_, err := oras.Copy(context.Background(), repository, tag, memory.New(), tag, oras.DefaultCopyOptions)
	return err
}

func byRegclient(host, tag string) error {
	client := regclient.New(regclient.WithConfigHost(
		config.Host{Name: host, Hostname: host, TLS: config.TLSDisabled}))
	_, err := client.ImageConfig(context.Background(), must(ref.New(host+"/acme/app:"+tag)),
		regclient.ImageWithPlatform("linux/amd64"))
	return err
}

func main() {
	readers := []string{"go-containerregistry", "oras-go", "regclient"}
	for _, each := range os.Args[1:] {
		spelling, host, _ := strings.Cut(each, "|")
		for _, tag := range []string{"one", "many"} {
			for at, read := range []func(string, string) error{byGo, byOras, byRegclient} {
				seen := "is read"
				if err := read(host, tag); err != nil {
					seen = address.FindString(err.Error())
					_, seen, _ = strings.Cut(err.Error(), seen)
					seen = strings.Fields(seen)[0]
				}
				fmt.Println(spelling, tag, readers[at], seen)
			}
		}
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/google/go-containerregistry@v0.22.1 oras.land/oras-go/v2@v2.7.0 \
  github.com/regclient/regclient@v0.11.7 2>/dev/null
go mod tidy 2>/dev/null
grep -E 'go-containerregistry v|oras-go|regclient v' go.mod
go build -o read .
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY
python3 "$here/registry.py" "$here/hosts" &
until [ -s "$here/hosts" ]; do sleep 0.1; done
mapfile -t hosts < "$here/hosts"
seen=$(./read "${hosts[@]}")
echo "$seen"
[ "$(grep -vc 'is read$' <<<"$seen")" = 2 ]
[ "$(wc -l <<<"$seen")" = 18 ]
grep -qxF "charset many go-containerregistry /v2/acme/app/blobs/::" <<<"$seen"
grep -qxF "capital many go-containerregistry /v2/acme/app/blobs/::" <<<"$seen"
