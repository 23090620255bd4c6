"""The program as a process: where it finds Python and packages, its streams, its exit codes."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

import pytest

import quick_yaml as yaml
from builders import domains, generated, names_of, resource_list, run_text, sites, virtual_service
from egress_overlays import __main__ as program
from processes import INPUT, ROOT, refused, start

EXECUTABLE = ROOT / "plugin/egress-overlays"
LEGACY = ROOT / "plugin/egress-overlays.dev/v1alpha1/egressdomains/EgressDomains"
CONSOLE = Path(sys.prefix) / "bin/egress-overlays"
MODULE = (sys.executable, "-m", "egress_overlays")
RUNNER = "apiVersion: egress-overlays.dev/v1alpha1\nkind: EgressDomains\nmetadata:\n  name: inject\n"
HOSTS = ["xn--bcher-kva.example"]


def test_both_executables_are_executable_here_and_in_git() -> None:
    for path in (EXECUTABLE, LEGACY):
        assert stat.S_IMODE(path.stat().st_mode) & 0o111 == 0o111, path
        if (ROOT / ".git").exists():
            (entry,) = start("git", "-C", ROOT, "ls-files", "-s", path).stdout.splitlines()
            assert entry.startswith("100755 "), "git update-index --chmod=+x " + str(path)


@pytest.mark.parametrize("argv", [(EXECUTABLE,), (CONSOLE,), MODULE], ids=["checkout", "installed", "module"])
def test_every_way_in_is_the_function(argv: tuple[str | Path, ...]) -> None:
    done = start(*argv)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert names_of(yaml.safe_load(done.stdout)["items"])["hosts"] == [HOSTS]
    assert done.stdout == run_text(INPUT).text


def test_the_older_protocol_is_a_name_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(RUNNER)
    stream = "---\n".join(yaml.safe_dump(item) for item in yaml.safe_load(INPUT)["items"])
    done = start(LEGACY, tmp_path / "config", text=stream)
    assert done.returncode == 0, done.stderr
    assert names_of(list(yaml.safe_load_all(done.stdout)))["server_names"] == [HOSTS]


def test_the_executable_runs_through_links_and_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "absolute").symlink_to(EXECUTABLE)
    (tmp_path / "bin/relative").symlink_to("../absolute")
    for path in (tmp_path / "bin/relative", "./bin/relative"):
        assert start(path, cwd=tmp_path).returncode == 0
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert start("absolute", cwd="/", env=environ).returncode == 0


def test_the_environment_and_the_working_directory_cannot_put_code_in_the_way(tmp_path: Path) -> None:
    for module in ("yaml12", "sitecustomize", "hashlib"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('taken over')\n")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "yaml12.py")}
    assert start(EXECUTABLE, cwd=tmp_path, env=environ).returncode == 0


@pytest.mark.parametrize("environ", [{}, {"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LANG": "tr_TR.ISO-8859-9"}])
def test_the_locale_changes_nothing(environ: dict[str, str]) -> None:
    text = resource_list([virtual_service(), domains("a.example # caf\u00e9 \U0001f600\n", name="\u00e9")])
    text = text.replace("\\U0001F600", "\U0001f600")  # libyaml, which wrote it, escapes what kyaml does not
    done = start(*MODULE, text=text, env={"PATH": os.environ["PATH"], **environ})
    assert done.returncode == 0, done.stderr
    assert done.stdout == run_text(text).text
    assert "caf\u00e9 \U0001f600" in done.stdout


class TestStreams:
    """Streams that fail are told in one line, and nothing is left half told."""

    @pytest.mark.parametrize(
        ("redirection", "said"),
        [
            (">/dev/full", "No space left on device: a standard stream"),
            (">&-", "Bad file descriptor: a standard stream"),
            ("<&-", "Bad file descriptor: a standard stream"),
        ],
    )
    @pytest.mark.parametrize("argv", [(EXECUTABLE,), MODULE], ids=["executable", "module"])
    def test_a_stream_that_fails(self, redirection: str, said: str, argv: tuple[str | Path, ...]) -> None:
        line = refused(start("sh", "-c", f'exec "$@" {redirection}', "sh", *argv))
        assert line == f"egress-overlays: error: {said}"

    def test_stderr_closed_still_exits_1(self) -> None:
        assert start("sh", "-c", '"$@" 2>&-', "sh", *MODULE).returncode == 1

    def test_a_reader_that_left(self) -> None:
        text = resource_list([*sites(), domains("\n".join(generated(4_000)))])
        done = start("bash", "-c", '"$@" | true; exit "${PIPESTATUS[0]}"', "bash", *MODULE, text=text)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", "")

    def test_an_interrupt(self) -> None:
        code = (
            "import egress_overlays.__main__ as m\ndef stop(*_, **__): raise KeyboardInterrupt\nm.main = stop\nm.run()"
        )
        assert start(sys.executable, "-c", code).returncode == 128 + signal.SIGINT

    def test_a_fault_of_our_own_is_one_line_with_its_place(self) -> None:
        code = "import egress_overlays.__main__ as m\nm.main = lambda *a, **k: 1 / 0\nm.run()"
        done = start(sys.executable, "-c", code)
        assert (done.returncode, done.stdout) == (3, "")
        (line,) = done.stderr.splitlines()
        assert "a fault of egress-overlays itself, nothing was written; please report it: ZeroDivisionError" in line
        assert "<string>:2" in line


def test_the_older_protocol_needs_its_file(tmp_path: Path) -> None:
    assert "legacy takes one argument" in refused(start(*MODULE, "legacy"))
    assert "legacy takes one argument" in refused(start(*MODULE, "legacy", "a", "b"))
    assert refused(start(*MODULE, "legacy", tmp_path / "no")).endswith(f"No such file or directory: {tmp_path / 'no'}")


class TestInThisProcess:
    """The same without a process of its own, so that coverage sees it."""

    def run(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *argv: str, text: str = INPUT) -> int:
        def leave(code: int) -> None:
            raise SystemExit(code)

        (tmp_path / "stdin").write_text(text)
        monkeypatch.setattr("posix._exit", leave)
        monkeypatch.setattr(sys, "argv", ["egress-overlays", *argv])
        kept = os.dup(0)
        try:
            with (tmp_path / "stdin").open() as stdin:
                os.dup2(stdin.fileno(), 0)
            with pytest.raises(SystemExit) as left:
                program.run()
        finally:
            os.dup2(kept, 0)
            os.close(kept)
        assert isinstance(left.value.code, int)
        return left.value.code

    def test_the_function(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(monkeypatch, tmp_path) == 0
        assert capfd.readouterr() == (run_text(INPUT).text, "")

    def test_a_command(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(monkeypatch, tmp_path, "--version") == 0
        assert capfd.readouterr().out.startswith("egress-overlays ")

    @pytest.mark.parametrize(
        ("fault", "code", "said"),
        [
            (KeyboardInterrupt(), 130, ""),
            (BrokenPipeError(), 1, ""),
            (OSError(28, "No space left on device"), 1, "No space left on device: a standard stream\n"),
            (FileNotFoundError(2, "No such file or directory", "x.yaml"), 1, "No such file or directory: x.yaml\n"),
            (
                KeyError("x"),
                3,
                "a fault of egress-overlays itself, nothing was written; please report it: KeyError('x')",
            ),
        ],
    )
    def test_faults(
        self,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        capfd: pytest.CaptureFixture[str],
        *,
        fault: BaseException,
        code: int,
        said: str,
    ) -> None:
        def fail(*_: object, **__: object) -> int:
            raise fault

        monkeypatch.setattr(program, "main", fail)
        assert self.run(monkeypatch, tmp_path) == code
        out, err = capfd.readouterr()
        assert out == ""
        assert err.startswith(f"egress-overlays: error: {said}" if said else "")
        assert len(err.splitlines()) == bool(said)

    @pytest.mark.parametrize(("fault", "code"), [(OSError(28, "No space left on device"), 2), (KeyError("x"), 3)])
    def test_faults_of_a_command_are_no_answer(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: Exception, code: int
    ) -> None:
        def fail(*_: object, **__: object) -> int:
            raise fault

        monkeypatch.setattr(program, "main", fail)
        assert self.run(monkeypatch, tmp_path, "check", "example.com", "overlays/prod") == code

    def test_stderr_that_cannot_be_opened(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        def closed(*_: object, **__: object) -> None:
            raise OSError(9, "Bad file descriptor")

        monkeypatch.setattr(program, "open", closed, raising=False)
        assert self.run(monkeypatch, tmp_path) == 1

    def test_a_part_of_ours_that_is_missing_is_no_missing_package(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "egress_overlays.function.krm", None)
        assert self.run(monkeypatch, tmp_path) == 3
        out, err = capfd.readouterr()
        assert out == ""
        assert err.startswith("egress-overlays: error: a fault of egress-overlays itself")

    def test_the_older_protocol_without_its_file(self) -> None:
        assert "legacy takes one argument" in run_text(INPUT, "legacy").words


def test_a_person_without_a_resource_list_gets_help(capsys: pytest.CaptureFixture[str]) -> None:
    from io import BytesIO, StringIO

    out = StringIO()
    assert program.main([], BytesIO(), out, StringIO(), interactive=True) == 0
    assert out.getvalue().startswith("usage: egress-overlays")
    assert capsys.readouterr().out == ""


def test_arguments_are_for_the_command() -> None:
    assert start(*MODULE, "--version").stdout.startswith("egress-overlays ")
    assert start(*MODULE, "no-such-command").returncode == 2


@pytest.mark.parametrize("line", ["a.example", "a.example:9093"])
def test_the_function_imports_nothing_heavy(line: str) -> None:
    gateway = {"servers": [{"port": {"number": 8443, "name": "tls-egress", "protocol": "TLS"}, "hosts": ["*"]}]}
    service = {"ports": [{"name": "tls-egress", "port": 443, "targetPort": 8443}]}
    metadata = {"name": "gateway", "annotations": {"egress-overlays.dev/ports": "default"}}
    items = [
        *sites(),
        domains(f"{line}\n"),
        {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": metadata, "spec": gateway},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service},
    ]
    code = f"""
import sys
sys.path += {sys.path!r}
from egress_overlays.__main__ import main
class Sink:
    write = writelines = flush = lambda *_: None
assert main([], sys.stdin.buffer, Sink(), Sink()) == 0
print(*sys.modules)
"""
    done = start(sys.executable, "-I", "-S", "-c", code, text=resource_list(items))
    loaded = set(done.stdout.split())
    assert "egress_overlays.injection.inject" in loaded, done.stderr
    heavy = {"argparse", "re", "json", "dataclasses", "typing", "yaml", "ruamel", "idna", "pathlib", "hashlib", "enum"}
    assert loaded & heavy == set()
