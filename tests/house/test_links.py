"""Does every link and every command in the documents lead somewhere?"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
import typer

from quayrobot.app import cli, plugin

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "deploy/**/*.md", "changelog.d/*.md")
    for path in ROOT.glob(pattern)
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^()\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def prose(path: Path) -> str:
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text()))


@cache
def anchors(path: Path) -> frozenset[str]:
    """Return the anchors that GitHub gives the headings of *path*."""
    found: dict[str, int] = {}
    names = []
    for heading in re.findall(r"^#+ +(.*?) *$", FENCE.sub("", path.read_text()), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        names.append(f"{name}-{found[name]}" if name in found else name)
        found[name] = found.get(name, 0) + 1
    return frozenset(names)


def broken(page: Path) -> list[str]:
    found = []
    for link in LINK.findall(prose(page)):
        place, _, anchor = link.partition("#")
        if place.startswith(("http://", "https://", "mailto:")):
            continue
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda each: str(each.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    assert broken(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("# A `b` c\n[x](#a-b-c) [y](#gone) [z](gone.md) `[k](code.md)`\n")

    assert broken(page) == ["#gone", "gone.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda each: str(each.relative_to(ROOT)))
def test_every_command_is_shell_and_names_files_that_are_there(page: Path):
    for block in SHELL.findall(page.read_text()):
        subprocess.run(("bash", "-n"), input=block, text=True, check=True)
        named = re.findall(r"(?:-f|-k|--patch-file|--filename)[ =]((?:deploy|docs)/\S+)", block)
        assert [each for each in named if not (ROOT / each).exists()] == []


def commands(page: Path) -> list[tuple[str, str]]:
    """Return what *page* tells to type, as program and command."""
    typed = [line for block in SHELL.findall(page.read_text()) for line in block.splitlines()]
    typed += re.findall(r"`([^`\n]+)`", FENCE.sub("", page.read_text()))
    found = [re.match(r"[$ ]*((?:kubectl )?quayrobot) ([a-z][a-z-]*)", each) for each in typed]
    return [(each[1], each[2]) for each in found if each is not None]


@pytest.mark.parametrize("page", PAGES, ids=lambda each: str(each.relative_to(ROOT)))
def test_every_command_of_ours_exists_where_it_is_told_to_be(page: Path):
    known = {
        (name, command)
        for name, program in (("quayrobot", cli.app), ("kubectl quayrobot", plugin.app))
        for command in typer.main.get_command(program).commands  # type: ignore[attr-defined]
    }

    assert set(commands(page)) - known == set()


def test_a_command_of_the_other_program_is_found(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "`kubectl quayrobot check` `kubectl get quayrobot x`\n```sh\nquayrobot plan\n```\n"
    )

    assert commands(page) == [("quayrobot", "plan"), ("kubectl quayrobot", "check")]


def test_the_index_knows_every_page():
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}

    assert {each for each in pages if f"({each})" not in index} == set()
