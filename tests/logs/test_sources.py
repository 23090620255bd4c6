"""Where logs come from: files, directories, stdin, compressed, and exports that are one JSON document."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from backports import zstd

from accesslogs import in_json, outcomes, text
from egress_overlays.logs import connection, reading, sources
from egress_overlays.logs.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINES = "".join(f"{text(f'n{number}.example.com')}\n" for number in range(3)).encode()
ALL = {f"n{number}.example.com" for number in range(3)}


def read(*paths: str, stdin: bytes = b"") -> Tally:
    tally = Tally()
    reading.count(sources.found(list(paths)), tally, io.BytesIO(stdin))
    return tally


def names(tally: Tally) -> set[str]:
    return {name for _, name in tally.pairs}


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
def test_a_log_may_be_packed(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = tmp_path / "proxy.log"
    file.write_bytes(pack(LINES))
    assert names(read(str(file))) == names(read("-", stdin=pack(LINES))) == ALL


def test_the_last_line_may_have_no_end() -> None:
    assert names(read("-", stdin=LINES[:-1])) == ALL


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_a_packed_log_that_is_cut_off_is_said_to_be(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = tmp_path / "proxy.log"
    file.write_bytes(pack(LINES * 100)[:-9])
    with pytest.raises(sources.Unreadable, match=r"proxy\.log: cannot be read: "):
        read(str(file))


DIRECTORIES = {
    "of kubelet's pods": "pods/shop_pay-0_3f2a1b4c-1111-2222-3333-444455556666/istio-proxy/0.log",
    "of kubelet's containers": f"containers/pay-0_shop_istio-proxy-{'0a' * 32}.log",
    "a file a pod": "shop_pay-0.log",
    "a packed file a pod": "shop_pay-0.log.gz",
}


@pytest.mark.parametrize("path", DIRECTORIES.values(), ids=DIRECTORIES)
def test_a_path_names_the_pod(path: str, tmp_path: Path) -> None:
    file = tmp_path / "logs" / path
    file.parent.mkdir(parents=True)
    file.write_bytes(LINES)
    assert {str(workload) for workload, _ in read(str(tmp_path / "logs")).pairs} == {"shop/pay"}


LABELS = {"namespace": "shop", "pod": "pay-0"}
DOCUMENTS: dict[str, Any] = {
    "Loki": {"status": "success", "data": {"resultType": "streams", "result": [{"stream": LABELS, "values": "LINES"}]}},
    "Elasticsearch": {"took": 3, "hits": {"total": 3, "hits": "LINES"}},
    "CloudWatch events": {"events": "LINES", "nextToken": "x"},
    "CloudWatch Logs Insights": {"results": "LINES", "status": "Complete"},
    "a list": "LINES",
}
SHAPES: dict[str, Callable[[str], Any]] = {
    "Loki": lambda line: ["1762094000000000000", line],
    "Elasticsearch": lambda line: {"_source": {"message": line, "kubernetes": LABELS}},
    "CloudWatch events": lambda line: {"message": line, "logStreamName": "x"},
    "CloudWatch Logs Insights": lambda line: [
        {"field": "@timestamp", "value": "x"},
        {"field": "@message", "value": line},
    ],
    "a list": lambda line: {"log": line, "kubernetes": LABELS},
}


@pytest.mark.parametrize("indent", [None, 2], ids=["one line", "indented"])
@pytest.mark.parametrize("what", DOCUMENTS)
def test_an_export_may_be_one_document(what: str, indent: int | None) -> None:
    lines = [in_json("n0.example.com"), text("n1.example.com"), text("n2.example.com")]
    value = json.loads(json.dumps(DOCUMENTS[what]).replace('"LINES"', json.dumps([SHAPES[what](one) for one in lines])))
    tally = read("-", stdin=json.dumps(value, indent=indent).encode())
    assert names(tally) == ALL
    whose = {str(workload) for workload, _ in tally.pairs}
    assert whose == ({"unknown"} if what.startswith("CloudWatch") else {"shop/pay"})


def test_a_line_without_end_is_never_held() -> None:
    tally = read("-", stdin=LINES + b"x" * 3_000_000 + b"\n" + LINES)
    assert names(tally) == ALL
    assert (tally.lines, dict(tally.aside)) == (7, {connection.TOO_LONG: 1})


def test_every_fault_of_a_path_is_a_line(tmp_path: Path) -> None:
    for path, word in ((tmp_path / "none", "no such file"), (tmp_path, "holds no file")):
        with pytest.raises(sources.Unreadable, match=word):
            read(str(path))
    with pytest.raises(sources.Unreadable, match="stdin can be one"):
        read("-", "-")


def test_the_pieces_of_a_log_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = outcomes(read("-", stdin=LINES * 20))
    for size in (1, 7, 200, 201):
        monkeypatch.setattr(sources, "_PIECE", size)
        assert outcomes(read("-", stdin=LINES * 20)) == whole
