"""
How do the pages become a site? Sphinx's configuration; `make docs` builds dist/site.

The pages are written for whoever reads the repository. What a site needs beside that
is added here while a page is read: its place in the table of contents, and links to
files outside of docs/, which become downloads.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

DOCS = Path(__file__).parent
CHAPTERS = {
    "Start": ("quickstart", "first-hour", "install", "helm", "openshift", "commands"),
    "Use": (
        "concepts", "grants", "rotation", "federation", "keyless", "namespaces", "gitops",
        "readers", "reference", "glossary",
    ),
    "Run": (
        "operations", "alerts", "performance", "restore", "upgrade", "uninstall", "tenancy",
        "security",
    ),
    "Compare": ("faq", "coming-from"),
    "Change": ("development", "adr/*"),
}  # fmt: skip
LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)\s]*)?\)")

project = "quay-robot-operator"
copyright = "the authors of quay-robot-operator"  # noqa: A001 - Sphinx's own name for it
extensions = ["myst_parser"]
root_doc = "README"
html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
myst_heading_anchors = 4
# A diagram stays the text that it is written in: nothing is fetched when a page is read.
suppress_warnings = ["misc.highlighting_failure"]


def contents() -> str:
    """Return the table of contents; a page that is in none ends a strict build."""
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {title}\n\n" + "\n".join(pages) + "\n```\n"
        for title, pages in CHAPTERS.items()
    )


def prepare(_app: Sphinx, page: str, source: list[str]) -> None:
    """Let links that lead out of docs/ be downloads, and give the first page the contents."""
    folder = (DOCS / page).parent

    def told(found: re.Match[str]) -> str:
        target = (folder / found[1]).resolve()
        if target.is_dir():
            first = min(target.glob("*.md"))
            return f"]({os.path.relpath(first, folder)})"
        return found[0] if target.is_relative_to(DOCS) else f"](path:{found[1]})"

    text = LINK.sub(told, source[0])
    source[0] = text + contents() if page == root_doc else text


def finish(app: Sphinx, error: Exception | None) -> None:
    """Let the first page be found where web servers look for it."""
    if error is None:
        shutil.copyfile(app.outdir / f"{root_doc}.html", app.outdir / "index.html")


def setup(app: Sphinx) -> None:
    """Have pages prepared when they are read."""
    app.connect("source-read", prepare)
    app.connect("build-finished", finish)
