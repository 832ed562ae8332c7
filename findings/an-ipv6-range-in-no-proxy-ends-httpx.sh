#!/usr/bin/env bash
# A cluster with a proxy puts its ranges of addresses into NO_PROXY, one with two stacks also "fd00:10:96::/112"; Go reads
# both (golang.org/x/net 0.62.0). httpx 0.28.1 does not go past a range of IPv4, and with one of IPv6 there no client
# can be made: "Invalid port", also in a process that has no proxy at all. aiohttp 3.14.5 sends what is in a range to the
# proxy. requests 2.34.2 knows ranges of IPv4 alone. niquests 3.21.2 and kubernetes 37.0.2 know both, kubernetes'
# aio side, which is aiohttp, neither: the two halves of one package reach one cluster in two ways.
# This project's command lines now look at the ranges themselves (cluster/no_proxy.py); its operator uses no such proxy.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
[ -e /proc/sys/net/ipv6 ] || { echo "SKIPPED: needs IPv6"; exit 0; }
mkdir "$here/go" "$here/tmp"

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 requests==2.34.2 aiohttp==3.14.5 \
  niquests==3.21.2 kubernetes==37.0.2
cat > "$here/ask.py" <<'PY'
"""One server on both stacks, which is its own proxy: who asks for a whole URL takes it for a proxy."""

import asyncio
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"proxy" if self.path.startswith("http") else b"direct"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Both(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


server = Both(("::", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
port = server.server_port
for name in ("all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"):
    os.environ.pop(name, None)


def by_httpx(url):
    import httpx

    return httpx.get(url).text


def by_requests(url):
    import requests

    return requests.get(url).text


def by_niquests(url):
    import niquests

    return niquests.get(url).text


def by_aiohttp(url):
    import aiohttp

    async def ask():
        async with aiohttp.ClientSession(trust_env=True) as client, client.get(url) as answer:
            return await answer.text()

    return asyncio.run(ask())


def by_kubernetes(url):
    import kubernetes

    settings = kubernetes.client.Configuration()
    settings.host = url.rstrip("/")
    return kubernetes.client.ApiClient(settings).rest_client.request("GET", url).read().decode()


def by_kubernetes_aio(url):
    import kubernetes.aio.client as aio

    async def ask():
        settings = aio.Configuration()
        settings.host = url.rstrip("/")
        settings.client_session_kwargs = {"trust_env": True}
        async with aio.ApiClient(settings) as client:
            answer = await client.rest_client.request("GET", url)
            return (await answer.read()).decode()

    return asyncio.run(ask())


def ask(reader, url):
    try:
        return reader(url)
    except Exception as error:
        return f"{type(error).__name__} {error}"


for reader in (by_httpx, by_requests, by_niquests, by_aiohttp, by_kubernetes, by_kubernetes_aio):
    found = []
    for spared, host in (("", "127.0.0.1"), ("127.0.0.0/8", "127.0.0.1"), ("", "[::1]"), ("::1/128", "[::1]")):
        for name, value in (("http_proxy", f"http://127.0.0.1:{port}"), ("no_proxy", spared)):
            os.environ[name] = os.environ[name.upper()] = value
        found.append(ask(reader, f"http://{host}:{port}/"))
    print(reader.__name__[3:] + ":", ", ".join(found))
for name in ("http_proxy", "HTTP_PROXY"):
    del os.environ[name]
print("httpx without a proxy:", ask(by_httpx, f"http://127.0.0.1:{port}/"))
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"net/url"

	"golang.org/x/net/http/httpproxy"
)

func main() {
	for _, each := range [][2]string{{"10.96.0.0/12", "10.96.0.7"}, {"fd00:10:96::/112", "[fd00:10:96::7]"}} {
		settings := httpproxy.Config{HTTPProxy: "http://192.0.2.1", NoProxy: each[0]}
		proxy, err := settings.ProxyFunc()(&url.URL{Scheme: "http", Host: each[1]})
		fmt.Println("go:", each[0], proxy == nil && err == nil)
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get golang.org/x/net@v0.62.0 2>/dev/null
go mod tidy 2>/dev/null
grep 'golang.org/x/net v' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(httpx|requests|aiohttp|niquests|kubernetes) '
seen=$(go run .; "$here/venv/bin/python" -W ignore "$here/ask.py")
echo "$seen"
[ "$seen" = "go: 10.96.0.0/12 true
go: fd00:10:96::/112 true
httpx: proxy, proxy, proxy, InvalidURL Invalid port: ':1'
requests: proxy, direct, proxy, proxy
niquests: proxy, direct, proxy, direct
aiohttp: proxy, proxy, proxy, proxy
kubernetes: proxy, direct, proxy, direct
kubernetes_aio: proxy, proxy, proxy, proxy
httpx without a proxy: InvalidURL Invalid port: ':1'" ]
