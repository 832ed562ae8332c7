#!/usr/bin/env bash
# docker/cli 29.9.3: the variable DOCKER_AUTH_CONFIG is read more strictly than a config file of the
# same content. One field beside "auth" in an entry makes docker ignore the whole variable with a
# warning, and go on without a login. Both common producers write such a field: kubectl create secret
# docker-registry ("username", "password", "email") and the auth.json that Quay's web page offers
# ("email": ""). The same bytes as config.json log in.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/docker/cli/cli/config"
)

const host = "quay.example.com"

func user(folder string) string {
	file, err := config.Load(folder)
	if err != nil {
		panic(err)
	}
	found, err := file.GetAuthConfig(host)
	if err != nil {
		panic(err)
	}
	if found.Username == "" {
		return "nobody"
	}
	return found.Username
}

func main() {
	for _, each := range [][2]string{
		{"auth alone", `{"auth":"Y2k6dG9rZW4="}`},
		{"as kubectl", `{"username":"ci","password":"token","auth":"Y2k6dG9rZW4="}`},
		{"as Quay", `{"auth":"Y2k6dG9rZW4=","email":""}`},
	} {
		content := fmt.Sprintf(`{"auths":{"%s":%s}}`, host, each[1])
		folder, _ := os.MkdirTemp("", "config")
		os.Setenv("DOCKER_AUTH_CONFIG", content)
		variable := user(folder)
		os.Unsetenv("DOCKER_AUTH_CONFIG")
		os.WriteFile(filepath.Join(folder, "config.json"), []byte(content), 0o600)
		fmt.Printf("%s: variable %s, file %s\n", each[0], variable, user(folder))
		os.RemoveAll(folder)
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/docker/cli@v29.9.3+incompatible 2>/dev/null
go mod tidy 2>/dev/null
grep docker/cli go.mod
seen=$(go run .)
echo "$seen"
grep -q '^auth alone: variable ci, file ci$' <<<"$seen"
grep -q '^as kubectl: variable nobody, file ci$' <<<"$seen"
grep -q '^as Quay: variable nobody, file ci$' <<<"$seen"
