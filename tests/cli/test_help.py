"""--help, docs/commands.md, completion, colour: what a person sees first."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest

from command import Run, one_line
from egress_overlays import __version__
from egress_overlays.cli import COMMANDS, module_of, parse, parser
from egress_overlays.cli.console import Console
from egress_overlays.cli.formats.text import table
from egress_overlays.cli.report import Column, Row
from tooling import tool_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example_that_the_parser_takes(name: str, run: Run) -> None:
    outcome = run(name, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    example = module_of(name).EXAMPLE
    assert f"example: {example}" in outcome.out
    words = shlex.split(example.partition(">")[0])
    assert words[0] == "egress-overlays"
    arguments = parse(words[1:])
    assert arguments.run is module_of(name).run


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("check a.example -o json b.example PATH", {"hosts": ["a.example", "b.example"], "path": "PATH"}),
        ("diff A --exit-code B", {"a": "A", "b": "B", "exit_code": True}),
        ("verify A --strict B", {"paths": ["A", "B"], "strict": True}),
        ("add --group g -- --help FILE", {"domains": ["--help"], "file": "FILE"}),
    ],
)
def test_options_may_stand_between_the_arguments(words: str, wanted: dict[str, Any]) -> None:
    arguments = vars(parse(words.split()))
    assert {name: arguments[name] for name in wanted} == wanted


def test_wrong_use_names_the_help_of_its_command(run: Run) -> None:
    assert one_line(run("list", "PATH", "--no-such"), 2) == (
        "egress-overlays list: error: unrecognized arguments: --no-such; see egress-overlays list --help"
    )


@pytest.mark.parametrize("words", ["check --as a/b --as c/d a.example.com PATH", "verify -o json PATH --output text"])
def test_an_option_that_takes_one_value_is_refused_twice(words: str, run: Run) -> None:
    said = one_line(run(*words.split()), 2)
    assert "is given twice; give one, and ask again for the other" in said


def test_an_option_that_takes_several_is_not() -> None:
    assert parse(["probe", "--host", "a.example", "--host", "b.example=deny", "PATH"]).host == [
        "a.example",
        "b.example=deny",
    ]


@pytest.mark.parametrize("name", ["commands", "manpage"])
def test_the_page_is_made_from_the_help(name: str) -> None:
    tool = tool_of(name)
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run `make commands`"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not on PATH")
def test_the_man_page_is_one_that_groff_takes_whole() -> None:
    command = ["groff", "-man", "-ww", "-Tutf8", "-P-cbou", tool_of("manpage").PAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    shown = " ".join(done.stdout.split())
    (choices,) = (action.choices for action in parser()._actions if isinstance(action.choices, dict))  # noqa: SLF001
    for name, command_parser in choices.items():
        assert " ".join((command_parser.description or "").split()) in shown, name
        assert module_of(name).EXAMPLE.split("\n")[0] in shown
        for action in command_parser._actions:  # noqa: SLF001 - as below
            assert action.dest == "help" or all(option in shown for option in action.option_strings)


def test_the_version(run: Run) -> None:
    assert run("--version").out == f"egress-overlays {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing",), "invalid choice: 'nothing'"),
        (("check",), "required: HOST, PATH; see egress-overlays check --help"),
        (("list", "-o", "xml", "base"), "invalid choice: 'xml'"),
        (("add", "x.example.com", "file"), "required: --group"),
    ],
)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], words: str, run: Run) -> None:
    assert words in one_line(run(*arguments), 2)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_completion_is_a_script_that_knows_every_command(shell: str, run: Run, tmp_path: Path) -> None:
    script = run("completion", shell).out
    for name in COMMANDS:
        assert name in script
    if shell == "bash":
        file = tmp_path / "completion"
        file.write_text(script)
        words = "source $1; COMP_WORDS=(egress-overlays ma); COMP_CWORD=1; _shtab_egress_overlays; echo ${COMPREPLY[@]}"
        done = subprocess.run(["bash", "-c", words, "-", file], capture_output=True, text=True, check=False)
        assert done.stdout.strip() == "matrix", done.stderr


class Terminal(StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "coloured"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (StringIO(), {}, False),
    ],
)
def test_colour_is_for_terminals_without_no_color(stream: StringIO, environ: dict[str, str], coloured: bool) -> None:
    assert Console(BytesIO(), stream, stream, environ).colour(stream) is coloured


def test_a_table_leaves_out_empty_columns() -> None:
    columns = [Column(title) for title in "abc"]
    assert table(columns, [Row(("1", "", "three")), Row(("22", "", ""))]) == ["A   C", "1   three", "22"]


def test_a_table_is_no_wider_than_the_terminal() -> None:
    columns = (Column("name", matters=9), Column("comment", matters=1), Column("from", matters=4))
    rows = [Row(("a-rather-long-name.example.com", "why it is there, in many words", "overlays/prod/domains.yaml:7"))]
    for width in (80, 60, 45, 31):
        lines = table(columns, rows, width)
        assert max(map(len, lines)) <= width
        assert all("a-rather-long-name.example.com" in line for line in lines[1:])
    assert "comment" not in table(columns, rows, 45)[0].lower()


def test_a_reader_that_stops_early_ends_the_command_quietly(tmp_path: Path) -> None:
    words = "\n".join(f"h{number}.example.com" for number in range(20000))
    (tmp_path / "names.txt").write_text(words)
    command = f"{shlex.quote(os.fspath(ROOT / 'plugin/egress-overlays'))} import names.txt | head -1"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("apiVersion: v1\n", "")


def test_every_parser_has_help_for_every_argument() -> None:
    (choices,) = (action.choices for action in parser()._actions if isinstance(action.choices, dict))  # noqa: SLF001
    for name, command in choices.items():
        for action in command._actions:  # noqa: SLF001 - argparse shows them nowhere else
            assert action.help, f"{name} {action.dest}"
            assert isinstance(action, argparse.Action)
