"""Does a result leave a command as programs and people want it?"""

from __future__ import annotations

import json

import pytest
import yaml
from rich.text import Text

from quayrobot.app.commands.access.documents import read_documents
from quayrobot.app.commands.render.output import Output, console, echo_items
from quayrobot.model.errors import InvalidSpec

LONG = "word " * 60 + "end"
ITEMS = [{"name": "ci", "ready": True, "more": {"none": None, "text": "007"}, "many": [1, 2]}]


def test_what_is_piped_is_not_wrapped(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)

    console().print(Text(LONG))

    assert capsys.readouterr().out == f"{LONG}\n"


def test_a_width_that_was_asked_for_is_kept(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")

    console().print(Text(LONG))

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 120


def test_yaml_says_what_json_says(capsys):
    echo_items(ITEMS, Output.JSON)
    as_json = json.loads(capsys.readouterr().out)
    echo_items(ITEMS, Output.YAML)

    assert yaml.safe_load(capsys.readouterr().out) == as_json == {"items": ITEMS}


def manifest(name: str) -> str:
    return f"apiVersion: quayrobot.io/v1alpha1\nkind: QuayRobot\nmetadata: {{name: {name}}}\n"


def test_a_folder_is_read_file_by_file_in_the_order_of_names(tmp_path):
    for name in ("b.yaml", "a.yml", "c.json"):
        text = manifest(name[0])
        (tmp_path / name).write_text(json.dumps(yaml.safe_load(text)) if "json" in name else text)
    (tmp_path / "notes.txt").write_text("a: [")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "d.yaml").write_text(manifest("d"))

    found = read_documents(str(tmp_path), "shop")

    assert [(each.name, each.namespace) for each in found] == [
        ("a", "shop"), ("b", "shop"), ("c", "shop"),
    ]  # fmt: skip


def test_a_folder_without_manifests_is_a_mistake(tmp_path):
    with pytest.raises(InvalidSpec, match="has no file that ends in"):
        read_documents(str(tmp_path), "shop")
