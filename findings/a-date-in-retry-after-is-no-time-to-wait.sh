#!/usr/bin/env bash
# Retry-After is a number of seconds or a date, says RFC 9110; an overloaded proxy before an API server or a registry may
# write either. client-go 0.37.2 waits for the seconds and asks again, up to ten times; at a date it does not ask again
# at all, and the call has failed. oras-go 2.7.0 and regclient 0.11.7 wait for the seconds of a 429; at a date they ask
# again within moments, while they were told to wait. urllib3 2.8.0 and httpx-retries 0.6.0 wait for both.
# The operator of this project takes both forms from Quay, and has no end at a date from the API server.
set -euo pipefail
here=$(mktemp -d)
trap 'kill $(jobs -p); chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check urllib3==2.8.0 httpx-retries==0.6.0
cat > "$here/busy.py" <<'PY'
"""Each path is refused once, and tells at the second call whether that came too early."""

import json
import sys
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

due = {}


class Busy(BaseHTTPRequestHandler):
    def do_GET(self):
        now, first = time.time(), self.path not in due
        when = int(now) + 4
        early = now < due.setdefault(self.path, when if "date" in self.path else now + 3)
        body = json.dumps({"name": "x", "tags": ["early" if early else "waited"]}).encode()
        self.send_response(429 if first else 200)
        if first:
            self.send_header("Retry-After", formatdate(when, usegmt=True) if "date" in self.path else "3")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
Path(sys.argv[1]).write_text(str(server.server_port))
server.serve_forever()
PY
cat > "$here/ask.py" <<'PY'
import sys

import httpx
import httpx_retries
import urllib3

for form in ("seconds", "date"):
    url = f"http://127.0.0.1:{sys.argv[1]}/{form}"
    retries = urllib3.Retry(3, status_forcelist=[429], backoff_factor=0.1)
    print("urllib3", form, *urllib3.PoolManager(retries=retries).request("GET", f"{url}/urllib3").json()["tags"])
    client = httpx.Client(transport=httpx_retries.RetryTransport(), timeout=60)
    print("httpx-retries", form, *client.get(f"{url}/httpx").json()["tags"])
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/regclient/regclient"
	"github.com/regclient/regclient/config"
	"github.com/regclient/regclient/types/ref"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"oras.land/oras-go/v2/registry/remote/retry"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	background, host := context.Background(), "127.0.0.1:"+os.Args[1]
	codecs := serializer.NewCodecFactory(runtime.NewScheme())
	for _, form := range []string{"seconds", "date"} {
		var found struct{ Tags []string }
		api := must(rest.RESTClientFor(&rest.Config{Host: "http://" + host, ContentConfig: rest.ContentConfig{
			GroupVersion: &schema.GroupVersion{Version: "v1"}, NegotiatedSerializer: codecs.WithoutConversion()}}))
		body, err := api.Get().AbsPath("/" + form + "/client-go").DoRaw(background)
		if err == nil {
			must(0, json.Unmarshal(body, &found))
		}
		fmt.Println("client-go", form, found.Tags, err)

		answer := must(retry.DefaultClient.Get("http://" + host + "/" + form + "/oras"))
		must(0, json.NewDecoder(answer.Body).Decode(&found))
		fmt.Println("oras-go", form, found.Tags, answer.StatusCode == http.StatusOK)

		client := regclient.New(regclient.WithConfigHost(
			config.Host{Name: host, Hostname: host, TLS: config.TLSDisabled}))
		list := must(client.TagList(background, must(ref.New(host+"/acme/"+form))))
		fmt.Println("regclient", form, must(list.GetTags()))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
go mod init finding 2>/dev/null
go get k8s.io/client-go@v0.37.2 oras.land/oras-go/v2@v2.7.0 github.com/regclient/regclient@v0.11.7 2>/dev/null
go mod tidy 2>/dev/null
grep -E 'client-go v|oras-go|regclient v' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(urllib3|httpx-retries) '
go build -o ask .
"$here/venv/bin/python" "$here/busy.py" "$here/port" &
until [ -s "$here/port" ]; do sleep 0.1; done
seen=$(./ask "$(cat "$here/port")"; "$here/venv/bin/python" "$here/ask.py" "$(cat "$here/port")")
echo "$seen"
[ "$seen" = 'client-go seconds [waited] <nil>
oras-go seconds [waited] true
regclient seconds [waited]
client-go date [] the server has received too many requests and has asked us to try again later
oras-go date [early] true
regclient date [early]
urllib3 seconds waited
httpx-retries seconds waited
urllib3 date waited
httpx-retries date waited' ]
