#!/usr/bin/env bash
# DSSE, the envelope of cosign's and SLSA's attestations, says of its base64: a signer may use the standard or the
# URL-safe alphabet, and a verifier has to accept either. securesystemslib 1.6.0 reads both. sigstore 4.5.1 for
# Python reads only the first: of the second it drops the letters "-" and "_", and then complains of the padding.
# An envelope without these two letters is one text in both alphabets, so a test with a short payload passes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check securesystemslib==1.6.0 sigstore==4.5.1
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(securesystemslib|sigstore) '

cat > read.py <<'PY'
import base64
import json

import sigstore.dsse
from securesystemslib.dsse import Envelope


def by_securesystemslib(text):
    return Envelope.from_dict(json.loads(text)).payload


def by_sigstore(text):
    return sigstore.dsse.Envelope._from_json(text)._inner.payload


for subject in ("app", "app???"):
    payload = json.dumps({"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": subject}]}).encode()
    for alphabet, encode in {"standard": base64.b64encode, "URL-safe": base64.urlsafe_b64encode}.items():
        signature = {"keyid": "", "sig": base64.b64encode(b"none").decode()}
        envelope = {
            "payload": encode(payload).decode(),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [signature],
        }
        for read in (by_securesystemslib, by_sigstore):
            try:
                found = "the payload" if read(json.dumps(envelope)) == payload else "another payload"
            except ValueError as error:
                found = "Incorrect padding" if "Incorrect padding" in str(error) else repr(error)
            print(f"{subject}, {alphabet}, {read.__name__}: {found}")
PY
seen=$(venv/bin/python read.py)
echo "$seen"
[ "$(grep -c ': the payload$' <<<"$seen")" = 7 ]
grep -qxF 'app???, URL-safe, by_sigstore: Incorrect padding' <<<"$seen"
