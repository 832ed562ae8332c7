#!/usr/bin/env bash
# OpenTelemetry's attributes "quay.host" and "quay_host" are one label for Prometheus. The values are then to be
# joined by ";", says OpenTelemetry's specification for Prometheus. @opentelemetry/exporter-prometheus 0.223.0 for
# JavaScript writes the label twice, a line that promtool 2.42 refuses with all that stands in the scrape.
# opentelemetry-exporter-prometheus 0.66b2 for Python drops one of the two values. The name differs as well: for
# one counter of bytes with the unit "By" Python writes quay_pulled_bytes_total, JavaScript quay_pulled_total.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
chmod 755 "$here"
cd "$here"
command -v npm >/dev/null && command -v apt-get >/dev/null || { echo "SKIPPED: needs Node and Debian's packages"; exit 0; }
mkdir js
apt-get download -qq prometheus=2.42.0+ds-5+deb12u1 2>/dev/null
dpkg -x prometheus_*.deb package
promtool=package/usr/bin/promtool
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  opentelemetry-exporter-prometheus==0.66b2 opentelemetry-sdk==1.45.2 prometheus_client==0.26.0
cat > export.py <<'PY'
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import REGISTRY, generate_latest

meter = MeterProvider(metric_readers=[PrometheusMetricReader()]).get_meter("quay")
pulled = meter.create_counter("quay.pulled", unit="By", description="Pulled from Quay.")
pulled.add(1, {"quay.host": "a.example.com", "quay_host": "b.example.com"})
print(generate_latest(REGISTRY).decode())
PY
(cd js && npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" \
  @opentelemetry/exporter-prometheus@0.223.0 @opentelemetry/sdk-metrics@2.12.1 >/dev/null)
cat > js/export.mjs <<'JS'
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";

const reader = new PrometheusExporter({ preventServerStart: true });
const meter = new MeterProvider({ readers: [reader] }).getMeter("quay");
const pulled = meter.createCounter("quay.pulled", { unit: "By", description: "Pulled from Quay." });
pulled.add(1, { "quay.host": "a.example.com", quay_host: "b.example.com" });
const { resourceMetrics } = await reader.collect();
console.log(new PrometheusSerializer().serialize(resourceMetrics));
JS
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^opentelemetry-(exporter-prometheus|sdk) '
(cd js && npm ls --depth=0 2>/dev/null | grep opentelemetry)
"$promtool" --version 2>&1 | head -1
venv/bin/python export.py | grep quay_ > by-python
node js/export.mjs | grep quay_ > by-javascript
# Only the labels in question are shown; each writes some of its own.
line() { grep -v '^#' "$1" | grep -oE '^quay_[a-z_]+|quay_host="[a-z.;]+"' | paste -sd' '; }
seen=$(
  for each in python javascript; do
    echo "$each: $(line by-$each)"
    refusal=$("$promtool" check metrics < by-$each 2>&1 | grep -o 'error while linting.*' || true)
    echo "$each: promtool ${refusal:-takes it}"
  done
)
echo "$seen"
grep -qxE 'python: quay_pulled_bytes_total quay_host="[ab].example.com"' <<<"$seen"
grep -qxF 'python: promtool takes it' <<<"$seen"
grep -qxF 'javascript: quay_pulled_total quay_host="a.example.com" quay_host="b.example.com"' <<<"$seen"
grep -qE '^javascript: promtool error while linting.*(duplicate|multiple times|same)' <<<"$seen"
