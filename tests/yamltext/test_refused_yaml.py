"""YAML that is refused: what parsers read differently, and what would take them too long."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from builders import (
    INJECT,
    SET,
    domains,
    resource_list,
    run_legacy,
    run_text,
    virtual_service,
)
from texts import HEAD, LIST, ROUTES, RUNNER, check

DOUBLED = {
    "annotation": (ROUTES.replace("default\n", f"default\n      {INJECT}: other\n"), "VirtualService routes"),
    "annotation in quotes": (
        ROUTES.replace("default\n", f"default\n      '{INJECT}': other\n"),
        "VirtualService routes",
    ),
    "annotation, escaped": (
        ROUTES.replace("default\n", 'default\n      "egress-overlays.dev\\/inject": x\n'),
        "VirtualService",
    ),
    "annotation, apart from its colon": (
        ROUTES.replace("default\n", f"default\n      '{INJECT}' : x\n"),
        "VirtualService",
    ),
    "annotation, plain, apart": (ROUTES.replace("default\n", f"default\n      {INJECT} : x\n"), "VirtualService"),
    "annotation, complex": (ROUTES.replace("default\n", f"default\n      ? {INJECT}\n      : x\n"), "VirtualService"),
    "annotation, complex without value": (
        ROUTES.replace("default\n", f"default\n      ? {INJECT}\n"),
        "VirtualService",
    ),
    "annotation with a quote in its key": (
        ROUTES.replace("default\n", 'default\n      a"b: x\n      "a\\"b": y\n'),
        "VirtualService",
    ),
    "annotations": (ROUTES.replace("  spec", "    annotations: {}\n  spec"), "VirtualService routes"),
    "metadata, the last without annotation": (ROUTES + "  metadata:\n    name: x\n", "VirtualService x"),
    "in flow style": (
        ROUTES.replace("  spec:\n    hosts:\n    - ", "  spec: {hosts: [], hosts: [a] }\n  x:\n    y:\n    - "),
        "VirtualService",
    ),
    "hosts": (ROUTES + "    hosts:\n    - evil.example\n", "VirtualService routes"),
    "group": (LIST + "    names: evil.example\n", "ConfigMap egress-domains"),
    "label": (LIST.replace("default\n", f"default\n      {SET}: other\n"), "ConfigMap egress-domains"),
}


@pytest.mark.parametrize(("item", "title"), DOUBLED.values(), ids=DOUBLED.keys())
def test_a_key_twice_is_refused_since_parsers_differ_in_which_they_keep(item: str, title: str, tmp_path: Path) -> None:
    others = (LIST if "ConfigMap" not in item else "") + (ROUTES if "VirtualService" not in item else "")
    outcome = run_text(HEAD + others + item)
    assert (outcome.code, outcome.text) == (1, "")
    assert title in outcome.words
    assert "duplicate key" in outcome.words or "twice" in outcome.words
    documents = "".join("---\n" + part.replace("\n  ", "\n") for part in ("\n" + others + item).split("\n- ")[1:])
    assert "duplicate key" in run_legacy(documents, RUNNER, tmp_path).words


@pytest.mark.parametrize("key", [f"<<: {{{INJECT}: default}}", f"<<:\n        {INJECT}: default", f"!!str {INJECT}: x"])
def test_merge_keys_and_tagged_keys_in_a_resource_that_takes_part_are_refused(key: str) -> None:
    item = ROUTES.replace("default\n", f"default\n      {key}\n")
    outcome = run_text(HEAD + LIST + item)
    assert (outcome.code, outcome.text) == (1, "")
    assert 'merge keys ("<<") and tagged keys are not followed here' in outcome.words


@pytest.mark.parametrize("key", ["metadata", "annotations", "labels"])
@pytest.mark.parametrize("value", ["!mine {a: b}", "[a]", "text"])
def test_metadata_that_would_read_as_absent_is_refused(key: str, value: str) -> None:
    item = virtual_service()
    text = resource_list([domains(), item])
    whole, _, rest = text.rpartition(f"{key}:\n")
    outcome = run_text(f"{whole}{key}: {value}\n  {'  ' if key != 'metadata' else ''}xx:\n{rest}")
    assert outcome.code == 1
    assert "must be a mapping, without a tag" in outcome.words or "has the tag !mine" in outcome.words


@pytest.mark.parametrize("escape", ["\\x6f", "\\u006f", "\\U0000006f"])
def test_an_escaped_key_of_ours_that_a_second_mapping_hides_is_seen(escape: str) -> None:
    key = INJECT.replace("o", escape, 1)
    hidden = f'- kind: VirtualService\n  metadata:\n    name: v\n    annotations:\n      "{key}": default\n'
    outcome = run_text(HEAD + ROUTES + LIST + hidden + "  metadata:\n    name: v\n")
    assert (outcome.code, outcome.text) == (1, "")
    assert 'duplicate key "metadata"' in outcome.words


@pytest.mark.parametrize("value", ["!mine default", "!!int 5"])
def test_a_set_with_a_tag_is_no_name(value: str) -> None:
    outcome = run_text(HEAD + ROUTES.replace(": default", f": {value}") + LIST)
    assert "must name a set" in outcome.faults[0] or "has the tag" in outcome.faults[0]


def deep(kind: str, levels: int) -> str:
    if kind == "block":
        return "\n".join(" " * (4 + level) + "a:" for level in range(levels))
    if kind == "block lists":
        return "    a:\n    " + "- " * levels + "x"
    brackets = ("[", "]") if kind == "flow" else ("{a: ", "}")
    return "    a: " + brackets[0] * levels + brackets[1] * levels


@pytest.mark.parametrize("kind", ["flow", "flow mappings", "block", "block lists"])
@pytest.mark.parametrize("place", ["a resource that takes part", "a list", "the functionConfig"])
def test_deep_nesting_is_refused_where_it_is_walked(kind: str, place: str) -> None:
    nested = "  x:\n" + deep(kind, 2_000) + "\n"
    parts = {"a resource that takes part": ROUTES, "a list": LIST}
    text = HEAD + "".join(part + nested * (name == place) for name, part in parts.items())
    if place == "the functionConfig":
        text += "functionConfig:\n" + RUNNER.replace("\n", "\n  ").join(["  ", ""]).rstrip() + "\n" + nested
    outcome = run_text(text)
    assert (outcome.code, outcome.text) == (1, "")
    assert "deeper than 100 levels" in outcome.words


@pytest.mark.parametrize("kind", ["flow", "flow mappings", "block", "block lists"])
def test_deep_nesting_elsewhere_is_refused_or_passes_unread(kind: str) -> None:
    outcome = run_text(HEAD + ROUTES + LIST + "- kind: A\n  x:\n" + deep(kind, 2_000) + "\n")
    assert outcome.code == 0 or "deeper than 100 levels" in outcome.words


def bomb(levels: int, width: int, leaf: str) -> str:
    lines = [f"    a0: &a0 {leaf}"]
    lines += [f"    a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * width)}]" for at in range(1, levels + 1)]
    return "\n".join(lines) + "\n"


BOMBS = {
    "laughs": bomb(9, 9, "lol"),
    "many laughs": bomb(60, 2, "lol"),
    "one long text": bomb(1, 1_000, "x" * 20_000),
    "a chain": bomb(1_500, 1, "x"),
    "in keys": "    a: &a {x: 1}\n    b:\n"
    + "".join(f"      ? [{', '.join(['*a'] * 500)}, {n}]\n      : 1\n" for n in range(500)),
    "merge keys": "    a0: &a0 {x: 1}\n" + "".join(
        f"    a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], y: *a{n - 1}, z: *a{n - 1}}}\n" for n in range(1, 30)
    ),
    "100,000 levels": "    a: " + "[" * 100_000 + "]" * 100_000 + "\n",
    "100,000 levels behind an anchor": "    a: &a " + "[" * 100_000 + "]" * 100_000 + "\n",
    "laughs in block style": "    a0: &a0 lol\n"
    + "".join(f"    a{n}: &a{n}\n" + f"    - *a{n - 1}\n" * 9 for n in range(1, 10)),
    # Behind an escape, for which the item is read.
    "keys in keys": '    a: "\\t"\n    ' + "? " * 5_000 + "x\n",
    "keys in keys in lists": '    a: "\\t"\n    ' + "? - " * 5_000 + "x\n",
    "keys in keys in flow style": "    a: " + "{? " * 5_000 + "\n",
    "100,000 lists": "    a: &a\n    " + "- " * 100_000 + "x\n",
}  # fmt: skip


REFUSALS = ("has aliases that", "nests deeper than 100 levels")


@pytest.mark.parametrize("legacy", [False, True], ids=["function", "older protocol"])
@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_within_a_second_and_200_mb(text: str, legacy: bool, tmp_path: Path) -> None:
    whole = HEAD + ROUTES + LIST + "- kind: A\n  metadata:\n    name: a\n  spec:\n" + text
    argv = [sys.executable, "-m", "egress_overlays"]
    if legacy:
        whole = "".join("---\n" + part.replace("\n  ", "\n") for part in whole.split("\n- ")[1:])
        (tmp_path / "config.yaml").write_text(RUNNER)
        argv += ["legacy", str(tmp_path / "config.yaml")]

    def limit() -> None:
        # CPU seconds, since other tests run beside this one: whole seconds are the finest that there is.
        resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
        resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))

    (tmp_path / "input.yaml").write_text(whole)
    with (tmp_path / "input.yaml").open() as stdin:
        done = subprocess.run(argv, stdin=stdin, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert any(words in done.stderr for words in REFUSALS), done.stderr


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_in_the_function_config_is_refused(text: str) -> None:
    config = "functionConfig:\n  " + RUNNER.replace("\n", "\n  ") + "spec:\n" + text
    outcome = run_text(HEAD + ROUTES + LIST + config)
    assert (outcome.code, outcome.text) == (1, "")
    assert any(words in outcome.words for words in REFUSALS)


@pytest.mark.parametrize("text", ["a&" * 500_000, "a& " * 300_000, "a\t&" * 300_000, "? " * 500_000, "x? " * 300_000])
def test_a_long_line_takes_no_longer_than_its_length(text: str, tmp_path: Path) -> None:
    whole = HEAD + ROUTES + LIST + "- kind: A\n  metadata:\n    name: a\n  spec:\n    a: x " + text + "\n"
    (tmp_path / "input.yaml").write_text(whole)
    with (tmp_path / "input.yaml").open() as stdin:
        done = subprocess.run(
            [sys.executable, "-m", "egress_overlays"],
            stdin=stdin,
            capture_output=True,
            text=True,
            check=False,
            # CPU seconds, as above; twice as many, for a text of a megabyte is read and written as well.
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (2, 2)),
        )
    assert done.returncode in (0, 1), done


def test_aliases_as_people_use_them_are_no_bomb() -> None:
    labels = "".join(f"- kind: A\n  metadata:\n    labels: &l{n} {{app: a}}\n  spec: *l{n}\n" for n in range(300))
    started = time.process_time()
    check(HEAD + ROUTES + labels + LIST)
    assert time.process_time() - started < 60


def test_an_and_sign_in_the_function_config_is_no_anchor() -> None:
    config = domains({"a": "# see: &this\nb.example\n"}, of=None)
    text = resource_list([virtual_service()], config)
    assert run_text(text).item("VirtualService")["spec"]["hosts"] == ["b.example"]
    anchored = text.replace("kind: ConfigMap", "kind: &kind ConfigMap")
    assert run_text(anchored).item("VirtualService")["spec"]["hosts"] == ["b.example"]
