"""Kustomize's older exec plugin protocol: the config is a file, resources come and go as YAML documents.

It needs `--enable-alpha-plugins` alone, so it also runs in `kubectl kustomize`.
"""

from __future__ import annotations

from ..injection.inject import plan
from ..manifest.findings import Finding, has_errors, ordered
from ..yamltext import InvalidInput, NotPlain
from ..yamltext.document import Document
from ..yamltext.resource_list import decode
from .krm import carried_out, named

_SEPARATOR = "\n---\n"


def process(config: bytes, data: bytes) -> tuple[str, list[Finding], int]:
    """What to print on stdout, what to say, and the exit code, for the documents in `data`.

    Raises InvalidInput where `config` or `data` cannot be read.
    """
    configs = named("the plugin's config", lambda: read(decode(config)))
    if len(configs) != 1:
        raise InvalidInput(f"the plugin's config holds {len(configs)} YAML documents, not one")
    found = named("the input", lambda: read(decode(data)))
    outcome = plan([document.resource for document in found], configs[0].resource)
    findings = ordered(outcome.findings)
    if has_errors(findings):
        return "", findings, 1
    return _SEPARATOR.join(carried_out(found, outcome)) + "\n", findings, 0


def read(text: str) -> list[Document]:
    """The documents of a YAML stream; raises InvalidInput."""
    text = text.removeprefix("---\n")
    try:
        if "\r" in text or "\n..." in text or text[:1] == "%" or text.count("\n---") != text.count(_SEPARATOR):
            raise NotPlain("directives, odd line ends or odd separators")
        # One line end and no more: blank lines may belong to a text that keeps them (`|+`).
        parts = (part.lstrip("\n") for part in text.removesuffix("\n").split(_SEPARATOR))
        return [Document(part, "") for part in parts if part]
    except NotPlain:
        from ..yamltext.anystyle import documents

        try:
            return [Document(part, "") for part in documents(text)]
        except NotPlain as fault:
            raise InvalidInput(f"holds a document that is no resource: {ascii(str(fault))[1:-1]}") from None
