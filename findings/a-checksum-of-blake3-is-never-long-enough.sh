#!/usr/bin/env bash
# A BLAKE3 checksum has 256 bits unless somebody asks for more, so 64 hexadecimal digits, as the blake3 package 1.0.9
# makes them. spdx-tools 0.8.5 for Python, the validator of SPDX documents, asks for 256 digits at least, and calls each
# document with such a checksum invalid; one of SHA3-256 or BLAKE2b-256 has its 64 digits there. tools-golang 0.5.7 reads
# and writes all three, and CycloneDX 1.6 (cyclonedx-python-lib 11.12.0) says 64: a bill of materials that was turned
# from one format into the other fails the check.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null || { echo "SKIPPED: needs Go"; exit 0; }
mkdir "$here/go" "$here/tmp"
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check \
  spdx-tools==0.8.5 blake3==1.0.9 'cyclonedx-python-lib[json-validation]==11.12.0'
cat > "$here/write.py" <<'PY'
import hashlib
import json
import sys
from pathlib import Path

from blake3 import blake3

DATA = b"an image"
SUMS = {
    "SHA3-256": hashlib.sha3_256(DATA).hexdigest(),
    "BLAKE2b-256": hashlib.blake2b(DATA, digest_size=32).hexdigest(),
    "BLAKE3": blake3(DATA).hexdigest(),
}
for algorithm, value in SUMS.items():
    print(algorithm, len(value), "digits")
    package = {"SPDXID": "SPDXRef-app", "name": "app", "downloadLocation": "NOASSERTION", "filesAnalyzed": False}
    package["checksums"] = [{"algorithm": algorithm, "checksumValue": value}]
    (Path(sys.argv[1]) / f"{algorithm}.json").write_text(json.dumps({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "app",
        "documentNamespace": "https://example.com/app",
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: example-1"]},
        "packages": [package], "relationships": [{
            "spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-app",
            "relationshipType": "DESCRIBES"}],
    }))
(Path(sys.argv[1]) / "cyclonedx.json").write_text(json.dumps({
    "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [
        {"type": "file", "name": "app", "hashes": [{"alg": "BLAKE3", "content": SUMS["BLAKE3"]}]}],
}))
PY
cat > "$here/check.py" <<'PY'
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

for algorithm in ("SHA3-256", "BLAKE2b-256", "BLAKE3"):
    found = validate_full_spdx_document(parse_file(f"{sys.argv[1]}/{algorithm}.json"))
    print(algorithm, "spdx-tools:", *[each.validation_message.split(", but")[0] for each in found] or ["valid"])
found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(Path(f"{sys.argv[1]}/cyclonedx.json").read_text())
print("BLAKE3 in CycloneDX:", "valid" if found is None else found)
PY
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spdx/tools-golang/json"
)

func main() {
	for _, algorithm := range []string{"SHA3-256", "BLAKE2b-256", "BLAKE3"} {
		file, err := os.Open(os.Args[1] + "/" + algorithm + ".json")
		if err != nil {
			panic(err)
		}
		document, err := json.Read(file)
		if err != nil {
			panic(err)
		}
		var again bytes.Buffer
		if err := json.Write(document, &again); err != nil {
			panic(err)
		}
		value := []byte(document.Packages[0].PackageChecksums[0].Value)
		fmt.Println(algorithm, "tools-golang writes it again:", bytes.Contains(again.Bytes(), value))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/spdx/tools-golang@v0.5.7 2>/dev/null
go mod tidy 2>/dev/null
grep tools-golang go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(spdx-tools|blake3|cyclonedx-python-lib) '
seen=$(
  "$here/venv/bin/python" "$here/write.py" "$here"
  "$here/venv/bin/python" "$here/check.py" "$here"
  go run . "$here"
)
echo "$seen"
[ "$seen" = "SHA3-256 64 digits
BLAKE2b-256 64 digits
BLAKE3 64 digits
SHA3-256 spdx-tools: valid
BLAKE2b-256 spdx-tools: valid
BLAKE3 spdx-tools: value of ChecksumAlgorithm.BLAKE3 must consist of at least 256 lowercase hexadecimal digits
BLAKE3 in CycloneDX: valid
SHA3-256 tools-golang writes it again: true
BLAKE2b-256 tools-golang writes it again: true
BLAKE3 tools-golang writes it again: true" ]
