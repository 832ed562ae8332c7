"""What is suggested after `kubectl quayrobot`, as far as no cluster has to be asked?"""

from __future__ import annotations

import pytest

from quayrobot.app.completion import NO_FILES, PLAIN, suggestions


@pytest.mark.parametrize(
    ("words", "found", "number"),
    [
        ([""], ["status", "plan", "rotate"], NO_FILES),
        (["st"], ["status"], NO_FILES),
        (["status", "--na"], ["--namespace"], NO_FILES),
        (["status", "-o", ""], ["text", "json", "yaml"], NO_FILES),
        (["plan", "-o", "y"], ["yaml"], NO_FILES),
        (["plan", "-f", ""], [], PLAIN),
        (["plan", "-n", ""], [], NO_FILES),
        (["nothing", ""], [], NO_FILES),
    ],
)
def test_words_are_completed_as_kubectl_reads_it(words, found, number):
    told, how = suggestions(words)

    assert [each.split("\t")[0] for each in told] == found
    assert how == number
