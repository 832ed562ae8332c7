#!/usr/bin/env bash
# prometheus_client 0.26.0: the weights in the Accept header count for nothing. As soon as OpenMetrics is
# named it is sent, though the asker likes plain text better, or says by q=0 that it takes no OpenMetrics.
# Prometheus turns the order of its setting scrapeProtocols into such weights: whoever puts the text format
# first there still gets OpenMetrics from an operator in Python, with other names of families.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check prometheus_client==0.26.0
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep '^prometheus'

cat > ask.py <<'PY'
import urllib.request

from prometheus_client import CollectorRegistry, Counter, start_http_server

registry = CollectorRegistry()
Counter("quay_requests", "Requests to Quay.", registry=registry).inc()
server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
OPEN, TEXT = "application/openmetrics-text;version=1.0.0", "text/plain;version=0.0.4"
for name, accept in {
    "text alone": TEXT,
    "OpenMetrics better": f"{OPEN};q=0.9,{TEXT};q=0.1",
    "text better": f"{TEXT};q=0.9,{OPEN};q=0.1",
    "no OpenMetrics": f"{TEXT};q=1,{OPEN};q=0",
}.items():
    asked = urllib.request.Request(
        f"http://127.0.0.1:{server.server_port}/metrics", headers={"Accept": accept}
    )
    with urllib.request.urlopen(asked) as answer:
        family = next(line for line in answer.read().decode().splitlines() if line.endswith(" counter"))
        print(f"{name}: {answer.headers['Content-Type'].partition(';')[0]}, {family}")
server.shutdown()
PY
seen=$(venv/bin/python ask.py)
echo "$seen"
[ "$seen" = 'text alone: text/plain, # TYPE quay_requests_total counter
OpenMetrics better: application/openmetrics-text, # TYPE quay_requests counter
text better: application/openmetrics-text, # TYPE quay_requests counter
no OpenMetrics: application/openmetrics-text, # TYPE quay_requests counter' ]
