#!/usr/bin/env bash
# An image of a registry on an IPv6 address, "[2001:db8::1]:8443/acme/app:v1", is a good reference for
# distribution/reference 0.6.0, with which docker reads names, and for docker-image-py 0.2.0.
# oci-spec 0.10.0, with which oci-client for Rust reads names, refuses it as badly formed; an IPv4 address,
# a port and a single name are fine there. A login for such a registry cannot be used from Rust.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null && command -v cargo >/dev/null || { echo "SKIPPED: needs Go and Rust"; exit 0; }
mkdir -p "$here/go" "$here/rust/src" "$here/tmp"
all=('[2001:db8::1]:8443/acme/app:v1' '[2001:db8::1]/acme/app:v1' 192.0.2.1:8443/acme/app:v1 quay:8443/acme/app:v1)

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check docker-image-py==0.2.0
cat > "$here/read.py" <<'PY'
import sys

from docker_image.reference import Reference

for text in sys.argv[1:]:
    print("docker-image-py", text, Reference.parse(text).split_hostname()[0])
PY
cd "$here/rust"
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.1.0"
edition = "2021"

[dependencies]
oci-spec = { version = "=0.10.0", default-features = false, features = ["distribution"] }
TOML
cat > src/main.rs <<'RS'
use oci_spec::distribution::Reference;

fn main() {
    for text in std::env::args().skip(1) {
        match text.parse::<Reference>() {
            Ok(read) => println!("oci-spec {text} {}", read.registry()),
            Err(error) => println!("oci-spec {text} {error}"),
        }
    }
}
RS
export CARGO_HOME="$here/cargo"
cargo build --quiet --jobs 1
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/distribution/reference"
)

func main() {
	for _, text := range os.Args[1:] {
		read, err := reference.ParseNormalizedNamed(text)
		if err != nil {
			panic(err)
		}
		fmt.Println("distribution", text, reference.Domain(read))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/distribution/reference@v0.6.0 2>/dev/null
go mod tidy 2>/dev/null
grep 'distribution/reference ' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^docker-image-py '
(cd "$here/rust" && cargo tree --depth 1 2>/dev/null | grep oci-spec)
seen=$(
  go run . "${all[@]}"
  "$here/venv/bin/python" "$here/read.py" "${all[@]}"
  "$here/rust/target/debug/finding" "${all[@]}"
)
echo "$seen"
for each in distribution docker-image-py; do
  grep -qxF "$each [2001:db8::1]:8443/acme/app:v1 [2001:db8::1]:8443" <<<"$seen"
  grep -qxF "$each [2001:db8::1]/acme/app:v1 [2001:db8::1]" <<<"$seen"
done
grep -qxF 'oci-spec [2001:db8::1]:8443/acme/app:v1 invalid reference format' <<<"$seen"
grep -qxF 'oci-spec [2001:db8::1]/acme/app:v1 invalid reference format' <<<"$seen"
grep -qxF 'oci-spec 192.0.2.1:8443/acme/app:v1 192.0.2.1:8443' <<<"$seen"
grep -qxF 'oci-spec quay:8443/acme/app:v1 quay:8443' <<<"$seen"
