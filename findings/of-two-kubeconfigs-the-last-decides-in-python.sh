#!/usr/bin/env bash
# KUBECONFIG may list several files. For kubectl (k8s.io/client-go 0.37.2) the first counts: that names a current
# context, or that has a context, cluster or user of a name, as "default" of each k3s. kubernetes 37.0.2 for Python
# takes the current context of the last file; kr8s 0.20.15 takes of two contexts of one name the last. A script
# goes to another cluster than the kubectl beside it, and nothing says so. lightkube 1.0.1 and pykube-ng 23.6.0
# look for one file whose name has the colon.
# Where a user has a token and a tokenFile, kubectl goes by the file; kubernetes and kr8s go by the token.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp" "$here/files"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check \
  kubernetes==37.0.2 kr8s==0.20.15 lightkube==1.0.1 pykube-ng==23.6.0

config() {
  cat <<YAML
apiVersion: v1
kind: Config
current-context: $1
contexts: [{name: $1, context: {cluster: $1, user: $1}}]
clusters: [{name: $1, cluster: {server: "https://$2.example.com"}}]
users: [{name: $1, user: $3}]
YAML
}
cd "$here/files"
config first first '{token: first}' > first
config second second '{token: second}' > second
config default first '{token: first}' > default-first
config default second '{token: second}' > default-second
config both both '{token: inline, tokenFile: token}' > both
printf file > token
cat > "$here/read.py" <<'PY'
import asyncio
import os
import sys

import kubernetes
import lightkube.config.kubeconfig
import pykube
from kr8s._auth import KubeAuth


def by_kubernetes(path):
    found = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(path, client_configuration=found)
    return found.host, found.api_key["BearerToken"].removeprefix("Bearer ")


def by_kr8s(path):
    async def read():
        found = await KubeAuth(kubeconfig=path)
        return found.server, found.token

    return asyncio.run(read())


def by_lightkube(path):
    return (lightkube.config.kubeconfig.KubeConfig.from_env().get().cluster.server,)


def by_pykube(path):
    return (pykube.KubeConfig.from_env().cluster["server"],)


what, path = sys.argv[1], os.environ["KUBECONFIG"]
for read in (by_kubernetes, by_kr8s, by_lightkube, by_pykube):
    try:
        print(what, read.__name__, *read(path))
    except (lightkube.core.exceptions.ConfigError, pykube.exceptions.PyKubeError) as error:
        print(what, read.__name__, str(error).replace(path, "PATH"))
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/transport"
)

func main() {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	found, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		panic(err)
	}
	token := found.BearerToken
	if found.BearerTokenFile != "" {
		read, err := transport.NewCachedFileTokenSource(found.BearerTokenFile).Token()
		if err != nil {
			panic(err)
		}
		token = read.AccessToken
	}
	fmt.Println(os.Args[1], "kubectl", found.Host, token)
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get k8s.io/client-go@v0.37.2 2>/dev/null
go mod tidy 2>/dev/null
go build -o read .
grep 'k8s.io/client-go ' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(kubernetes|kr8s|lightkube|pykube-ng) '
seen=$(
  for each in "two first:$here/files/second" "default default-first:$here/files/default-second" "token both"; do
    export KUBECONFIG="$here/files/${each#* }"
    ./read "${each%% *}"
    "$here/venv/bin/python" "$here/read.py" "${each%% *}"
  done
)
echo "$seen"
for line in 'two kubectl https://first.example.com first' 'two by_kubernetes https://second.example.com second' \
  'two by_kr8s https://first.example.com first' 'two by_lightkube Configuration file PATH not found' \
  'two by_pykube Configuration file PATH not found' 'default kubectl https://first.example.com first' \
  'default by_kubernetes https://first.example.com first' 'default by_kr8s https://second.example.com second' \
  'token kubectl https://both.example.com file' \
  'token by_kubernetes https://both.example.com inline' 'token by_kr8s https://both.example.com inline'; do
  grep -qxF "$line" <<<"$seen"
done
