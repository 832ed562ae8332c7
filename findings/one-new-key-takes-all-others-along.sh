#!/usr/bin/env bash
# The keys of an issuer, as a cluster shows them under /openid/v1/jwks. Whoever reads them is to ignore a key that it does
# not know (RFC 7517, section 5), so that an issuer can add one. PyJWT 2.15.1, jwcrypto 1.6.1 and jose 6.2.18 for
# JavaScript do so. jwx 3.4.0 and keyfunc 3.9.2 for Go read no key at all beside one for ML-DSA or on secp256k1; go-jose
# 4.1.9 neither, nor beside one that only encrypts (X25519). Authlib 1.9.10 ends in KeyError at ML-DSA, joserfc 1.8.0
# at a "use" besides the two of the RFC, which allows others. python-jose 3.5.0 stumbles over each key of another type
# that stands before the right one, whatever "kid" says. From the day on which an issuer adds such a key, all of its
# tokens are refused there, those with the old key too.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null && command -v node >/dev/null || { echo "SKIPPED: needs Go and Node.js"; exit 0; }
mkdir "$here/go" "$here/tmp"

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check 'PyJWT[crypto]==2.15.1' jwcrypto==1.6.1 \
  joserfc==1.8.0 Authlib==1.9.10 'python-jose[cryptography]==3.5.0'
cat > "$here/make.py" <<'PY'
import base64
import json

import jwt
from jwcrypto import jwk


def public(**how):
    return json.loads(jwk.JWK.generate(**how).export_public())


signing = jwk.JWK.generate(kty="RSA", size=2048, kid="first")
known = json.loads(signing.export_public()) | {"use": "sig", "alg": "RS256"}
pub = base64.urlsafe_b64encode(bytes(1312)).decode().rstrip("=")
second = {
    "RSA": public(kty="RSA", size=2048) | {"use": "sig", "alg": "RS256"},
    "P-256": public(kty="EC", crv="P-256") | {"use": "sig", "alg": "ES256"},
    "ML-DSA": {"kty": "AKP", "alg": "ML-DSA-44", "use": "sig", "pub": pub},
    "secp256k1": public(kty="EC", crv="secp256k1") | {"use": "sig", "alg": "ES256K"},
    "X25519": public(kty="OKP", crv="X25519") | {"use": "enc"},
    "another-use": public(kty="EC", crv="P-256") | {"use": "attest"},
}
claims = {"aud": ["quay"], "sub": "system:serviceaccount:shop:app", "exp": 4102444800}
token = jwt.encode(claims, signing.export_to_pem(True, None), algorithm="RS256", headers={"kid": "first"})
sets = {name: {"keys": [key | {"kid": "second"}, known]} for name, key in second.items()}
print(json.dumps({"token": token, "sets": sets}))
PY
cat > "$here/verify.py" <<'PY'
import json
import sys

import authlib.jose
import jose.jwt
import joserfc.jwk
import joserfc.jwt
import jwcrypto.jwk
import jwcrypto.jwt
import jwt

given = json.load(open(sys.argv[1]))
token = given["token"]


def pyjwt(keys):
    jwt.decode(token, jwt.PyJWKSet.from_dict(keys)["first"], algorithms=["RS256"], audience="quay")


def jwcrypto_(keys):
    jwcrypto.jwt.JWT(jwt=token, key=jwcrypto.jwk.JWKSet.from_json(json.dumps(keys)))


def joserfc_(keys):
    joserfc.jwt.decode(token, joserfc.jwk.KeySet.import_key_set(keys), algorithms=["RS256"])


def authlib_(keys):
    authlib.jose.JsonWebToken(["RS256"]).decode(token, authlib.jose.JsonWebKey.import_key_set(keys))


def python_jose(keys):
    jose.jwt.decode(token, keys, audience="quay", algorithms=["RS256"])


for reader in (pyjwt, jwcrypto_, joserfc_, authlib_, python_jose):
    refused = []
    for name, keys in given["sets"].items():
        try:
            reader(keys)
        except Exception as error:
            print(f"  {reader.__name__} {name}: {type(error).__name__} {error}"[:130], file=sys.stderr)
            refused.append(name)
    print(f"{reader.__name__.strip('_')} refuses:", *refused)
PY
cd "$here"
npm install --silent --no-audit --no-fund jose@6.2.18
cat > verify.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, jwtVerify } from 'jose';

const { token, sets } = JSON.parse(readFileSync(process.argv[2]));
const refused = [];
for (const [name, keys] of Object.entries(sets)) {
  await jwtVerify(token, createLocalJWKSet(keys), { audience: 'quay' }).catch(() => refused.push(name));
}
console.log(['jose refuses:', ...refused].join(' '));
JS
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	golang "github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

func byGoJose(token string, keys []byte) error {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(keys, &set); err != nil {
		return err
	}
	read, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return err
	}
	return read.Claims(set, &map[string]any{})
}

func byJwx(token string, keys []byte) error {
	set, err := jwk.Parse(keys)
	if err != nil {
		return err
	}
	_, err = jwt.Parse([]byte(token), jwt.WithKeySet(set))
	return err
}

func byKeyfunc(token string, keys []byte) error {
	found, err := keyfunc.NewJWKSetJSON(keys)
	if err != nil {
		return err
	}
	_, err = golang.Parse(token, found.Keyfunc)
	return err
}

func main() {
	var given struct {
		Token string
		Sets  map[string]json.RawMessage
	}
	content, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = json.Unmarshal(content, &given)
	}
	if err != nil {
		panic(err)
	}
	readers := []func(string, []byte) error{byGoJose, byJwx, byKeyfunc}
	for at, name := range []string{"go-jose", "jwx", "keyfunc"} {
		var refused []string
		for kind, keys := range given.Sets {
			if readers[at](given.Token, keys) != nil {
				refused = append(refused, kind)
			}
		}
		slices.Sort(refused)
		fmt.Println(name, "refuses:", strings.Join(refused, " "))
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/go-jose/go-jose/v4@v4.1.9 github.com/lestrrat-go/jwx/v3@v3.4.0 github.com/MicahParks/keyfunc/v3@v3.9.2 \
  2>/dev/null
go mod tidy 2>/dev/null
grep -E '(go-jose|jwx|keyfunc)/v. v' go.mod
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -iE '^(pyjwt|jwcrypto|joserfc|authlib|python-jose) '
"$here/venv/bin/python" "$here/make.py" > "$here/given.json"
seen=$(
  "$here/venv/bin/python" -W ignore "$here/verify.py" "$here/given.json"
  (cd "$here" && node verify.mjs given.json)
  go run . "$here/given.json"
)
echo "$seen"
[ "$seen" = 'pyjwt refuses:
jwcrypto refuses:
joserfc refuses: another-use
authlib refuses: ML-DSA
python_jose refuses: P-256 ML-DSA secp256k1 X25519 another-use
jose refuses:
go-jose refuses: ML-DSA X25519 secp256k1
jwx refuses: ML-DSA secp256k1
keyfunc refuses: ML-DSA secp256k1' ]
