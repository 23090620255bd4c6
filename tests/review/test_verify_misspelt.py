"""Keys one letter off from ours, in manifests that were rendered already: the function looks at those no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Run

pytestmark = pytest.mark.usefixtures("tree")
ENTRY = """---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: x
  %s
spec:
  hosts: [a.example.com]
"""
LIST = """---
apiVersion: v1
kind: ConfigMap
metadata:
  name: x
  labels: {egress-overlays.dev/set: default}
  annotations: {%s: blog}
data:
  all: pypi.org
"""
PROPOSALS = {
    ENTRY % "annotations: {egress-overlay.dev/inject: default}": "write egress-overlays.dev/inject",
    ENTRY % "annotations: {egress-overlays.dev/injct: default}": "write egress-overlays.dev/inject",
    ENTRY % "annotations: {Egress-Overlays.dev/inject: default}": "write egress-overlays.dev/inject",
    ENTRY % "annotation: {egress-overlays.dev/inject: default}": "write metadata.annotations",
    ENTRY % "labels: {egress-overlays.dev/inject: default}": "it is an annotation, not a label",
    LIST % "egress-overlays.dev/client": "write egress-overlays.dev/clients",
    LIST % "clients": "write egress-overlays.dev/clients",
}


@pytest.mark.parametrize(("text", "words"), PROPOSALS.items(), ids=range(len(PROPOSALS)))
def test_a_misspelt_key_of_a_rendered_file_is_an_error_with_the_proposal(
    text: str, words: str, run: Run, rendered: Callable[[str], Path]
) -> None:
    file = rendered("prod")
    file.write_text(file.read_text() + text)
    found = json.loads(run("verify", "-o", "json", file).out)[0]["findings"]
    assert [words in one["message"] for one in found if one["rule"] == "misplaced"] == [True]


def test_keys_of_others_are_their_own(run: Run, rendered: Callable[[str], Path]) -> None:
    file = rendered("prod")
    theirs = ENTRY % "annotations: {example.com/inject: default, clients: some, team: egress}"
    file.write_text(file.read_text() + theirs)
    assert "misplaced" not in run("verify", file).out
