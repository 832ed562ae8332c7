#!/usr/bin/env bash
# A token of a Kubernetes ServiceAccount always says "aud" as a list, also with one audience, as RFC 7519 lets
# it. google-auth 2.63.0 compares the list as a whole with what it expects, and refuses with "wrong audience
# ['quay'], expected one of ['quay']". PyJWT 2.15.1, joserfc 1.8.0 and jwcrypto 1.6.1 take the same token.
# A service that verified tokens of its cloud with google-auth cannot verify those of its cluster.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  google-auth==2.63.0 PyJWT==2.15.1 joserfc==1.8.0 jwcrypto==1.6.1 cryptography==50.0.2
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(google-auth|PyJWT|joserfc|jwcrypto) '

cat > verify.py <<'PY'
import time

import jwcrypto.jwk
import jwcrypto.jwt
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from google.auth import exceptions
from google.auth import jwt as google
from joserfc import jwk
from joserfc import jwt as joserfc

key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def by_google(token):
    google.decode(token, certs=public, audience="quay")


def by_pyjwt(token):
    jwt.decode(token, public, ["RS256"], audience="quay")


def by_joserfc(token):
    registry = joserfc.JWTClaimsRegistry(aud={"essential": True, "value": "quay"})
    registry.validate(joserfc.decode(token, jwk.RSAKey.import_key(public)).claims)


def by_jwcrypto(token):
    jwcrypto.jwt.JWT(jwt=token, key=jwcrypto.jwk.JWK.from_pem(public), check_claims={"aud": "quay"})


now = int(time.time())
for audience in ("quay", ["quay"], ["quay", "vault"]):
    claims = {"iss": "https://kubernetes.default.svc", "sub": "system:serviceaccount:team:ci"}
    claims |= {"aud": audience, "iat": now, "exp": now + 600}
    token = jwt.encode(claims, private, "RS256")
    for name, verify in {
        "google-auth": by_google, "PyJWT": by_pyjwt, "joserfc": by_joserfc, "jwcrypto": by_jwcrypto
    }.items():
        try:
            verify(token)
            print(audience, name, "takes it")
        except exceptions.InvalidValue as error:
            print(audience, name, "refuses it:", error.args[0])
PY
seen=$(venv/bin/python verify.py)
echo "$seen"
[ "$(grep -v google-auth <<<"$seen" | grep -c 'takes it$')" = 9 ]
[ "$(grep google-auth <<<"$seen")" = "quay google-auth takes it
['quay'] google-auth refuses it: Token has wrong audience ['quay'], expected one of ['quay']
['quay', 'vault'] google-auth refuses it: Token has wrong audience ['quay', 'vault'], expected one of ['quay']" ]
