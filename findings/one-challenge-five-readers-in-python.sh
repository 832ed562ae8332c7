#!/usr/bin/env bash
# The header with which a registry tells where its tokens are, read by five packages for Python. RFC 9110 lets
# it write "Realm" for "realm", quay.io without quotes, and a second way to log in after a comma. authchallenge
# 1.0.0 reads all of it. www-authenticate 0.9.2 (of python-dxf), oras 0.2.43, Werkzeug 3.1.9 and requests 2.34.2
# find nothing under "realm" if it is written "Realm". oras drops what has no quotes, and gives Bearer the realm
# of a Basic that stands last. Werkzeug and requests give Basic the service of a Bearer that stands second.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  authchallenge==1.0.0 www-authenticate==0.9.2 oras==0.2.43 Werkzeug==3.1.9 requests==2.34.2
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(authchallenge|oras|requests|Werkzeug|www-auth)'

cat > read.py <<'PY'
import authchallenge
import www_authenticate
from oras.auth.utils import parse_auth_header
from requests.utils import parse_dict_header
from werkzeug.datastructures import WWWAuthenticate

HEADERS = {
    "usual": 'Bearer realm="https://quay.io/v2/auth",service="quay.io"',
    "case": 'Bearer Realm="https://quay.io/v2/auth",Service="quay.io"',
    "no quotes": 'Bearer realm="https://quay.io/v2/auth",service=quay.io',
    "Basic first": 'Basic realm="quay", Bearer realm="https://quay.io/v2/auth",service="quay.io"',
    "Basic last": 'Bearer realm="https://quay.io/v2/auth",service="quay.io", Basic realm="quay"',
}


def by_authchallenge(header):
    (bearer,) = (each for each in authchallenge.parse_challenges(header) if each.scheme == "Bearer")
    return bearer.params


def by_www_authenticate(header):
    return www_authenticate.parse(header)["bearer"]


def by_oras(header):
    return vars(parse_auth_header(header))


def by_werkzeug(header):
    return WWWAuthenticate.from_header(header).parameters


def by_requests(header):
    return parse_dict_header(header.partition(" ")[2])


for kind, header in HEADERS.items():
    for reader in (by_authchallenge, by_www_authenticate, by_oras, by_werkzeug, by_requests):
        found = reader(header)
        print(f"{kind}, {reader.__name__}: {found.get('realm')} {found.get('service')}")
PY
seen=$(venv/bin/python read.py)
echo "$seen"
right='https://quay.io/v2/auth quay.io'
[ "$(grep -cF "$right" <<<"$seen")" = 17 ]
[ "$(grep -c "^usual, .*: $right$" <<<"$seen")" = 5 ]
[ "$(grep -c "authchallenge: $right$" <<<"$seen")" = 5 ]
for line in 'case, by_www_authenticate: None None' 'case, by_oras: None None' 'case, by_werkzeug: None None' \
  'case, by_requests: None None' 'no quotes, by_oras: https://quay.io/v2/auth None' \
  'Basic first, by_werkzeug: quay quay.io' 'Basic first, by_requests: quay quay.io' \
  'Basic last, by_oras: quay quay.io'; do
  grep -qxF "$line" <<<"$seen"
done
