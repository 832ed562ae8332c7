#!/usr/bin/env bash
# promtool 2.42: a unit test of an alert that no rule has, with no alerts expected, passes. So a test
# that an alert stays silent goes on passing after the alert was renamed or removed, and one with a
# typing error never tested anything. A rule_files pattern without a match is only a warning too.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
chmod 755 "$here"
cd "$here"
command -v apt-get >/dev/null || { echo "SKIPPED: needs Debian's packages"; exit 0; }
apt-get download -qq prometheus=2.42.0+ds-5+deb12u1 2>/dev/null
dpkg -x prometheus_*.deb package
promtool=package/usr/bin/promtool

cat > rules.yaml <<'YAML'
groups:
  - name: registry
    rules:
      - alert: RegistryDown
        expr: up{job="registry"} == 0
YAML
cat > typo.yaml <<'YAML'
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series: [{series: 'up{job="registry"}', values: 0x10}]
    alert_rule_test:
      - {eval_time: 5m, alertname: RegistryDwon, exp_alerts: []}
YAML
sed 's/Dwon/Down/' typo.yaml > right.yaml
sed 's/rules.yaml/rulez-*.yaml/' typo.yaml > nowhere.yaml

"$promtool" --version 2>&1 | head -1
status() { "$promtool" test rules "$1" >/dev/null 2>&1 && echo passes || echo fails; }
seen=$(for each in right typo nowhere; do echo "$each: $(status $each.yaml)"; done)
echo "$seen"
[ "$seen" = $'right: fails\ntypo: passes\nnowhere: passes' ]
