"""
Does a Quay do what we believe of Quay?

`statements.toml` holds what we rely on, each statement with an id. The cases
in `cases/` prove them one by one, against the double always and against a real
Quay where QUAY_URL, QUAY_TOKEN and QUAY_ORG say where one is. They are written
from the statements' words and know nothing of the double's code.

- `language.py` is how a case is written, `matching.py` how an answer is judged.
- `target.py` is the Quay that is asked, `playing.py` asks it and cleans up.
- `table.md` maps statements to cases; `python -m tests.contract` writes it.
"""
