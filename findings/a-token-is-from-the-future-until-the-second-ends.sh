#!/usr/bin/env bash
# The times in a token are numbers of seconds, and RFC 7519 lets them have a fraction; whoever writes "iat" as Python's
# time.time() makes such a token. joserfc 1.8.0 and google-auth 2.63.0 compare it with the time of now cut to whole
# seconds: a token that is used in the second of its making "was issued in the future" or was "used too early", and
# the same token is good in the next second. PyJWT 2.15.1 and jwcrypto 1.6.1 take it at once. A login that makes a
# token and sends it right away so fails at some times, and never in the debugger.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  google-auth==2.63.0 PyJWT==2.15.1 joserfc==1.8.0 jwcrypto==1.6.1 cryptography==50.0.2
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(google-auth|PyJWT|joserfc|jwcrypto) '

cat > verify.py <<'PY'
import math
import time

import jwcrypto.jwk
import jwcrypto.jwt
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from google.auth import exceptions
from google.auth import jwt as google
from joserfc import errors, jwk
from joserfc import jwt as joserfc

key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def by_google(token):
    google.decode(token, certs=public, audience="quay")


def by_pyjwt(token):
    jwt.decode(token, public, ["RS256"], audience="quay")


def by_joserfc(token):
    joserfc.JWTClaimsRegistry().validate(joserfc.decode(token, jwk.RSAKey.import_key(public)).claims)


def by_jwcrypto(token):
    jwcrypto.jwt.JWT(jwt=token, key=jwcrypto.jwk.JWK.from_pem(public), check_claims={"aud": "quay"})


def early_in_a_second():
    """The time of now, once it has a fraction below a third: what follows is over within the same second."""
    while not 0.05 < time.time() % 1 < 0.3:
        time.sleep(0.01)
    return time.time()


for name, verify in {
    "google-auth": by_google, "PyJWT": by_pyjwt, "joserfc": by_joserfc, "jwcrypto": by_jwcrypto
}.items():
    now = early_in_a_second()
    token = jwt.encode({"sub": "ci", "aud": "quay", "iat": now, "exp": math.ceil(now) + 600}, private, "RS256")
    for when in ("at once", "a second later"):
        try:
            verify(token)
            print(name, when, "takes it")
        except (exceptions.InvalidValue, errors.InvalidClaimError) as error:
            print(name, when, "refuses it:", str(error).split(",")[0])
        time.sleep(1)
PY
seen=$(venv/bin/python verify.py)
echo "$seen"
[ "$seen" = "google-auth at once refuses it: Token used too early
google-auth a second later takes it
PyJWT at once takes it
PyJWT a second later takes it
joserfc at once refuses it: invalid_claim: The token was issued in the future
joserfc a second later takes it
jwcrypto at once takes it
jwcrypto a second later takes it" ]
