#!/usr/bin/env bash
# prometheus-parse 0.2.5, a reader of the text format for Rust: a sample with a closing brace in a label's
# value, with a blank before its labels, or with "{}", is left out, and the parse is a success. Of a value
# with a comma it keeps the part before it; escapes, and blanks within the braces, it hands out as they are.
# The format allows all of them; prometheus_client 0.26.0, the reader for Python, gives each. Whoever adds up
# such a scrape gets a smaller number, and no error.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
command -v cargo >/dev/null || { echo "SKIPPED: needs Rust"; exit 0; }
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check prometheus_client==0.26.0
mkdir -p "$here/rust/src"
cd "$here/rust"
cat > scrape <<'TEXT'
# TYPE robots gauge
robots{plain="acme"} 1
robots{comma="a,b"} 2
robots{brace="a}b"} 4
robots {blank="acme"} 8
robots{ inner = "acme" } 16
robots{quoted="a\"b"} 32
robots{} 64
TEXT
cat > ../read.py <<'PY'
import sys

from prometheus_client.parser import text_string_to_metric_families

(family,) = text_string_to_metric_families(open(sys.argv[1]).read())
for sample in family.samples:
    print("Python", *(f"{name} is {value}" for name, value in sample.labels.items()), int(sample.value))
print("Python sum", int(sum(sample.value for sample in family.samples)))
PY
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.1.0"
edition = "2021"

[dependencies]
prometheus-parse = "=0.2.5"
TOML
cat > src/main.rs <<'RS'
use prometheus_parse::{Scrape, Value};

fn main() {
    let text = std::fs::read_to_string("scrape").unwrap();
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).expect("a success");
    let mut sum = 0.0;
    for sample in scrape.samples {
        let Value::Gauge(value) = sample.value else { panic!("no gauge") };
        for (name, text) in sample.labels.iter() {
            println!("Rust {name} is {text} {value}");
        }
        sum += value;
    }
    println!("Rust sum {sum}");
}
RS
export CARGO_HOME="$here/cargo"
cargo build --quiet --jobs 1
"$here/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep '^prometheus'
cargo tree --depth 1 2>/dev/null | grep prometheus-parse
seen=$("$here/venv/bin/python" ../read.py scrape; cargo run --quiet)
echo "$seen"
[ "$seen" = 'Python plain is acme 1
Python comma is a,b 2
Python brace is a}b 4
Python blank is acme 8
Python inner is acme 16
Python quoted is a"b 32
Python 64
Python sum 127
Rust plain is acme 1
Rust comma is a 2
Rust  inner  is  "acme"  16
Rust quoted is a\"b 32
Rust sum 51' ]
