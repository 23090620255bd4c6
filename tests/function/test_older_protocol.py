"""Documents in, documents out: Kustomize's older exec plugin protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

import quick_yaml as yaml
from builders import (
    INJECT,
    domains,
    dump,
    names_of,
    run,
    run_legacy,
    sites,
)
from texts import RUNNER


class TestOlderProtocol:
    """Documents in, documents out; the config is a file."""

    STREAM = "---\n".join(dump(item) for item in [*sites(), domains("a.example")])

    def test_fills_the_same_as_the_function(self, tmp_path: Path) -> None:
        outcome = run_legacy(self.STREAM, RUNNER, tmp_path)
        assert outcome.code == 0
        assert list(yaml.safe_load_all(outcome.text)) == run(*sites(), domains("a.example")).items

    def test_takes_the_list_from_the_config(self, tmp_path: Path) -> None:
        config = RUNNER + "data:\n  names: b.example\n"
        outcome = run_legacy(self.STREAM, config, tmp_path)
        assert names_of(list(yaml.safe_load_all(outcome.text)))["hosts"] == [["a.example", "b.example"]]

    def test_keeps_the_ids_that_kustomize_gave(self, tmp_path: Path) -> None:
        stream = self.STREAM.replace("annotations:\n", "annotations:\n    kustomize.config.k8s.io/id: '7'\n")
        for item in yaml.safe_load_all(run_legacy(stream, RUNNER, tmp_path).text):
            if INJECT in item["metadata"]["annotations"]:
                assert item["metadata"]["annotations"]["kustomize.config.k8s.io/id"] == "7"

    def test_a_fault_leaves_stdout_empty(self, tmp_path: Path) -> None:
        outcome = run_legacy(self.STREAM.replace("a.example", "192.0.2.1"), RUNNER, tmp_path)
        assert (outcome.code, outcome.text) == (1, "")
        assert "is an IP address" in outcome.faults[0]

    @pytest.mark.parametrize(
        "separator", ["---\n", "--- # next\n", "---   \n", "...\n---\n", "---\n---\n", "---\n# a comment alone\n---\n"]
    )
    @pytest.mark.parametrize("start", ["", "---\n", "\n\n", "# hello\n", "%YAML 1.1\n---\n", "--- \n"])
    def test_documents_however_they_are_parted(self, separator: str, start: str, tmp_path: Path) -> None:
        parts = self.STREAM.split("---\n")
        outcome = run_legacy(start + separator.join(parts), RUNNER, tmp_path)
        assert outcome.code == 0, outcome.words
        assert list(yaml.safe_load_all(outcome.text)) == run(*sites(), domains("a.example")).items

    @pytest.mark.parametrize(
        ("config", "said"),
        [
            ("", "the plugin's config holds 0 YAML documents, not one"),
            (RUNNER + "---\n" + RUNNER, "the plugin's config holds 2 YAML documents, not one"),
            ("a: [b", "the plugin's config is no valid YAML"),
            ("- a\n", "the plugin's config holds a document that is no resource"),
        ],
    )
    def test_a_config_that_is_none(self, config: str, said: str, tmp_path: Path) -> None:
        outcome = run_legacy(self.STREAM, config, tmp_path)
        assert (outcome.code, outcome.text) == (1, "")
        assert said in outcome.words

    @pytest.mark.parametrize("stream", ["- a\n", "text\n", "a: b\n---\n- c\n", "a: b\n---\n5\n"])
    def test_a_document_that_is_no_resource(self, stream: str, tmp_path: Path) -> None:
        outcome = run_legacy(stream, RUNNER, tmp_path)
        assert (outcome.code, outcome.text) == (1, "")
        assert "the input holds a document that is no resource" in outcome.words
