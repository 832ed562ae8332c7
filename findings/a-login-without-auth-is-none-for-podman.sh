#!/usr/bin/env bash
# An entry of a Docker configuration with "username" and "password" and no "auth", as templates and hands
# write it. The keychain for pull Secrets (go-containerregistry's authn/kubernetes) and docker/cli 29.9.3
# log in with it. podman's library (go.podman.io/image/v5 5.42.1) and docker for Python 7.2.0 read "auth"
# alone: the same Secret that pulls in the cluster is no login in a pipeline, and nothing says so.
# With "auth": "" beside the two, docker for Python refuses the whole file, so all its other logins are
# gone too; the others read that as if it were not there.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check docker==7.2.0
entry() { echo "{\"auths\": {\"quay.example.com\": $1, \"other.example.com\": {\"auth\": \"bWU6aXQ=\"}}}"; }
cd "$here"
entry '{"auth": "Y2k6dG9rZW4="}' > auth.json
entry '{"username": "ci", "password": "token"}' > no-auth.json
entry '{"username": "ci", "password": "token", "auth": ""}' > empty-auth.json

cat > read.py <<'PY'
import sys
from docker.auth import load_config

for name in sys.argv[1:]:
    for host in ("quay.example.com", "other.example.com"):
        try:
            found = (load_config(name).resolve_authconfig(host) or {}).get("username", "nobody")
        except ValueError as error:
            found = f"ValueError, {error}"
        print(f"{name} {host}: docker-py {found}")
PY
cd go
cat > main.go <<'GO'
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/docker/cli/cli/config"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/authn/kubernetes"
	"github.com/google/go-containerregistry/pkg/name"
	podman "go.podman.io/image/v5/pkg/docker/config"
	"go.podman.io/image/v5/types"
	corev1 "k8s.io/api/core/v1"
)

const host = "quay.example.com"

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func said(user string) string {
	if user == "" {
		return "nobody"
	}
	return user
}

func main() {
	for _, file := range os.Args[1:] {
		content := must(os.ReadFile("../" + file))
		docker := must(must(config.LoadFromReader(bytes.NewReader(content))).GetAuthConfig(host))
		keychain := must(kubernetes.NewFromPullSecrets(context.Background(), []corev1.Secret{{
			Type: corev1.SecretTypeDockerConfigJson,
			Data: map[string][]byte{corev1.DockerConfigJsonKey: content},
		}}))
		pod := must(authn.Authorization(context.Background(),
			must(keychain.Resolve(must(name.NewRepository(host+"/acme/app"))))))
		libpod := must(podman.GetCredentials(&types.SystemContext{AuthFilePath: "../" + file}, host))
		fmt.Printf("%s: docker %s, pull Secret %s, podman %s\n",
			file, said(docker.Username), said(pod.Username), said(libpod.Username))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/docker/cli@v29.9.3+incompatible go.podman.io/image/v5@v5.42.1 \
  github.com/google/go-containerregistry@v0.22.1 \
  github.com/google/go-containerregistry/pkg/authn/kubernetes@v0.0.0-20260224031529-85f2bf5f7303 2>/dev/null
go mod tidy 2>/dev/null
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^docker '
grep -E '^\s*(github.com/(docker/cli|google/go-c\S*)|go.podman.io/image/v5) ' go.mod
files=(auth.json no-auth.json empty-auth.json)
seen=$(go run . "${files[@]}"; cd "$here"; venv/bin/python read.py "${files[@]}")
echo "$seen"
[ "$seen" = 'auth.json: docker ci, pull Secret ci, podman ci
no-auth.json: docker ci, pull Secret ci, podman nobody
empty-auth.json: docker ci, pull Secret ci, podman nobody
auth.json quay.example.com: docker-py ci
auth.json other.example.com: docker-py me
no-auth.json quay.example.com: docker-py nobody
no-auth.json other.example.com: docker-py me
empty-auth.json quay.example.com: docker-py ValueError, not enough values to unpack (expected 2, got 1)
empty-auth.json other.example.com: docker-py ValueError, not enough values to unpack (expected 2, got 1)' ]
