"""`python -m tests.contract`: write the table of statements and cases."""

from __future__ import annotations

from .table import TABLE, rendered

if __name__ == "__main__":
    TABLE.write_text(rendered(), encoding="utf-8")
