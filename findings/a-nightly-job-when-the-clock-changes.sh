#!/usr/bin/env bash
# "30 2 * * *" in Berlin, on the two days with another number of hours: on 2026-03-29 there is no half past two,
# on 2026-10-25 there are two. robfig/cron 3.0.1, with which Kubernetes' CronJobs read a schedule and its time
# zone, leaves the first day out and fires twice on the second. croniter 7.0.0 fires at 03:00 and twice;
# cronsim 2.8 and croner 11.0.1 at 03:00 and once; cron-parser 5.10.6 at 03:30 and once. Only two of five
# agree on both days; a window that one of them opens does not open, or opens twice, for another.
set -euo pipefail
here=$(mktemp -d)
trap 'chmod -R u+w "$here"; rm -rf "$here"' EXIT
command -v go >/dev/null && command -v npm >/dev/null || { echo "SKIPPED: needs Go and Node"; exit 0; }
mkdir "$here/go" "$here/js" "$here/tmp"
days=(2026-03-28T12:00:00+01:00 2026-10-24T12:00:00+02:00)

python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check cronsim==2.8 croniter==7.0.0 tzdata==2026.6
cat > "$here/fire.py" <<'PY'
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

EXPRESSION, *DAYS = sys.argv[1:]
for day in DAYS:
    start = datetime.fromisoformat(day).astimezone(ZoneInfo("Europe/Berlin"))
    by_croniter, by_cronsim = croniter(EXPRESSION, start), CronSim(EXPRESSION, start)
    found = {
        "croniter": [by_croniter.get_next(datetime) for _ in range(2)],
        "cronsim": [next(by_cronsim) for _ in range(2)],
    }
    for name, times in found.items():
        print(name, day[:10], *(f"{when.astimezone(UTC):%m-%dT%H:%MZ}" for when in times))
PY
cd "$here/js"
npm install --silent --no-fund --no-audit --ignore-scripts --cache "$here/npm" \
  croner@11.0.1 cron-parser@5.10.6 >/dev/null
cat > fire.mjs <<'JS'
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";

const [expression, ...days] = process.argv.slice(2);
const tz = "Europe/Berlin";
const short = (when) => when.toISOString().slice(5, 16) + "Z";
for (const day of days) {
  const start = new Date(day);
  const parsed = CronExpressionParser.parse(expression, { currentDate: start, tz });
  const date = day.slice(0, 10);
  console.log("cron-parser", date, ...[1, 2].map(() => short(parsed.next().toDate())));
  console.log("croner", date, ...new Cron(expression, { timezone: tz }).nextRuns(2, start).map(short));
}
JS
cd "$here/go"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

func main() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	schedule, err := cron.ParseStandard(os.Args[1])
	if err != nil {
		panic(err)
	}
	for _, day := range os.Args[2:] {
		start, err := time.Parse(time.RFC3339, day)
		if err != nil {
			panic(err)
		}
		first := schedule.Next(start.In(berlin))
		fmt.Print("robfig/cron ", day[:10])
		for _, when := range []time.Time{first, schedule.Next(first)} {
			fmt.Print(when.UTC().Format(" 01-02T15:04Z"))
		}
		fmt.Println()
	}
}
GO
export GOMODCACHE="$here/mod" GOFLAGS=-mod=mod GOTOOLCHAIN=local TMPDIR="$here/tmp"
go mod init finding 2>/dev/null
go get github.com/robfig/cron/v3@v3.0.1 2>/dev/null
go mod tidy 2>/dev/null
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep '^cron'
(cd "$here/js" && npm ls --depth=0 2>/dev/null | grep cron)
grep robfig go.mod
seen=$(
  go run . "30 2 * * *" "${days[@]}"
  "$here/venv/bin/python" "$here/fire.py" "30 2 * * *" "${days[@]}"
  node "$here/js/fire.mjs" "30 2 * * *" "${days[@]}"
)
echo "$seen"
for line in 'robfig/cron 2026-03-28 03-30T00:30Z 03-31T00:30Z' 'robfig/cron 2026-10-24 10-25T00:30Z 10-25T01:30Z' \
  'croniter 2026-03-28 03-29T01:00Z 03-30T00:30Z' 'croniter 2026-10-24 10-25T00:30Z 10-25T01:30Z' \
  'cronsim 2026-03-28 03-29T01:00Z 03-30T00:30Z' 'cronsim 2026-10-24 10-25T00:30Z 10-26T01:30Z' \
  'croner 2026-03-28 03-29T01:00Z 03-30T00:30Z' 'croner 2026-10-24 10-25T00:30Z 10-26T01:30Z' \
  'cron-parser 2026-03-28 03-29T01:30Z 03-30T00:30Z' 'cron-parser 2026-10-24 10-25T00:30Z 10-26T01:30Z'; do
  grep -qxF "$line" <<<"$seen"
done
