"""
Do docs, messages and help texts use the words that a reader expects?

proselint reads them for what is archaic, redundant or a cliché. Beside it stands
a small style of ours: words that were translated word for word, with what to say
instead, and sentences too long to be scanned. Docs are read without their code
blocks; of the code every text is read, because it may be a message.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from proselint.checks import __register__
from proselint.config import DEFAULT, Config
from proselint.registry import CheckRegistry
from proselint.tools import LintFile

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
# Beside the docs: what a reader meets in the repository, and in the notes of a release.
OTHERS = [
    *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "deploy").rglob("README.md")),
    *sorted((ROOT / "changelog.d").glob("*.md")),
]
# Manifests and commands need straight quotes; a heading is often the first word of its text.
OFF = {"typography", "lexical_illusions", "needless_variants", "weasel_words"}
CONFIG = Config(
    max_errors=100, checks={each: each not in OFF and on for each, on in DEFAULT["checks"].items()}
)
CheckRegistry().register_many(__register__)
CODE = sorted((ROOT / "operator").rglob("*.py"))
WORDS_MAX = 50
INSTEAD = {
    r"\banew\b": "again",
    r"\bthe\s+said\b": "the, this",
    r"\b(is|are|not)\s+as\s+asked\b(?!\s+for)": "up to date",
    r"\b(is|are)\s+not\s+there\s+any\s+more\b": "no longer exists",
    r"\bwhat\s+(it|they)\s+(is|are)\s+to\s+have\b": "up to date",
    r"\bthe robot before\b(?! it)": "the previous robot",
    r"\bpasswords?\s+of\s+an\s+hour\b": "a one-hour password",
    r"\bon\s+no\s+day\s+noted\b": "never used",
    r"\b(is|are|no\s+longer)\s+meant\b(?!\s+(for|to))": "selected",
}
_FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*|#>]|\d+\.)\s)")
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+")


def wrong_words(text: str) -> list[str]:
    """Return what *text* says unlike others, each with what to say instead."""
    return [
        f"{' '.join(found[0].split())!r}: say {instead!r}"
        for pattern, instead in INSTEAD.items()
        for found in re.finditer(pattern, text, re.IGNORECASE)
    ]


def prose(page: str) -> str:
    """Return *page* without its code blocks."""
    return _FENCE.sub("", page)


def long_sentences(page: str) -> Iterator[str]:
    """Yield the first words of each sentence of *page*, outside of tables, that is too long."""
    for block in _BLOCK.split(prose(page)):
        if block.lstrip().startswith("|"):
            continue
        for sentence in _SENTENCE.split(block):
            words = sentence.split()
            if len(words) > WORDS_MAX:
                yield f"{len(words)} words: {' '.join(words[:8])} ..."


def linted(name: str, text: str) -> list[str]:
    """Return what proselint has against *text*."""
    found = LintFile(name, text).lint(CONFIG) if text.strip() else []
    return [f"{name}: {each.check_result.message}" for each in found]


def texts(source: str) -> Iterator[str]:
    """Yield every text in the code *source*, those in f-strings too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("page", PAGES, ids=lambda each: each.name)
def test_a_page_says_it_in_the_usual_words_and_in_sentences_that_can_be_scanned(page: Path):
    text = page.read_text()

    assert wrong_words(text) == []
    assert linted(page.name, prose(text)) == []
    assert list(long_sentences(text)) == []


@pytest.mark.parametrize(
    "page", [*DECISIONS, *OTHERS], ids=lambda each: str(each.relative_to(ROOT))
)
def test_a_text_beside_the_docs_says_it_in_the_usual_words(page: Path):
    text = page.read_text()

    assert wrong_words(text) == []
    assert linted(page.name, prose(text)) == []


@pytest.mark.parametrize(
    "room", sorted({each.parent for each in CODE}), ids=lambda each: each.name
)
def test_messages_and_help_say_it_in_the_usual_words(room: Path):
    said = {file.name: list(texts(file.read_text())) for file in sorted(room.glob("*.py"))}

    assert [f"{name}: {each}" for name, all_of_it in said.items() for text in all_of_it
            for each in wrong_words(text)] == []  # fmt: skip
    assert [each for name, all_of_it in said.items()
            for each in linted(name, "\n\n".join(all_of_it))] == []  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "it is made anew",
        "the robot before goes",
        "a password\nof an hour",
        "last used on no day noted",
        "namespaces that are no longer meant",
        "the said robot",
        "all of them are as asked",
        "the robot is not there any more",
        "they have what they are to have",
    ],
)
def test_what_the_style_names_is_found(text):
    assert len(wrong_words(text)) == 1


@pytest.mark.parametrize("text", ["it waits for ever", "it is seen for free", "all of the time"])
def test_what_the_linter_knows_is_found(text):
    assert len(linted("page", text)) >= 1


def test_a_long_sentence_is_found_and_code_is_not_read():
    long = " ".join(["word"] * (WORDS_MAX + 1))

    assert len(list(long_sentences(f"Short.\n\n{long}.\n"))) == 1
    assert list(long_sentences(f"```sh\n{long}\n```\n\n| {long} |\n")) == []
