"""The plain way in: a text in any YAML style, rewritten in the block style that the fast way reads.

Taken for what Kustomize and kpt do not write themselves: anchors, flow style at the top, several
spaces of indentation. Scalars keep their text and quoting, so that no value changes its type;
comments are lost. PyYAML reads it, its C parser where there is one, and what would hurt is
refused before it is built: nesting without end, aliases that expand without end, keys twice.
"""

from __future__ import annotations

from typing import Any

import yaml

from . import DEEPEST, ODD_BREAKS, InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..manifest.edits import Path

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_MOST_REPEATED = 1_000_000  # characters that aliases add: bombs add far more, manifests a few thousand


def is_simple(text: str) -> bool:
    """Whether `text`, which may be a part of a document, has no anchor, no alias, and text for every key."""
    counts: list[int] = []  # of each collection that is open: how many of a mapping have been met, -1 for a sequence
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if getattr(event, "anchor", None) is not None:
                return False
            if isinstance(event, yaml.CollectionEndEvent):
                counts.pop()
            elif isinstance(event, yaml.NodeEvent):
                is_key = bool(counts) and counts[-1] >= 0 and counts[-1] % 2 == 0
                if counts and counts[-1] >= 0:
                    counts[-1] += 1
                if isinstance(event, yaml.CollectionStartEvent):
                    if is_key or len(counts) >= DEEPEST:
                        return False
                    counts.append(0 if isinstance(event, yaml.MappingStartEvent) else -1)
    except yaml.YAMLError:
        return False
    return True


def nodes(text: str) -> list[yaml.Node]:
    """The documents of `text` as nodes, which know where they stand; empty ones are left out.

    Raises InvalidInput, with line and column, where `text` is no YAML or would hurt to read.
    """
    try:
        _check_depth(text)
        found = [node for node in yaml.compose_all(text, Loader=_LOADER) if node.tag != "tag:yaml.org,2002:null"]
    except yaml.YAMLError as fault:
        if "maximum nesting depth" in str(fault):
            # libyaml's own limit, since the one of PyYAML 6.0.4: it reads a thousand brackets ahead of the first event.
            raise InvalidInput(_too_deep(getattr(fault, "problem_mark", None))) from None
        raise InvalidInput(f"is no valid YAML: {_words(fault)}") from None
    for node in found if "&" in text else ():  # an alias stands for an anchor
        _check_aliases(node)
    return found


def documents(text: str) -> list[str]:
    """The documents of `text`, one after the other, each in block style; raises InvalidInput as `nodes` does."""
    return [_serialise(node) for node in nodes(text)]


def lines(text: str) -> dict[Path, int]:
    """The line, from 0, of every key and list item of the first document of `text`, in any style, by path."""
    found: dict[Path, int] = {}

    def walk(node: yaml.Node, path: Path) -> None:
        if isinstance(node, yaml.MappingNode):
            _check_unique(node)
            for key, value in node.value:
                found[*path, key.value] = key.start_mark.line
                walk(value, (*path, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                found[*path, index] = item.start_mark.line
                walk(item, (*path, index))

    for node in nodes(text)[:1]:
        walk(node, ())
    return found


def _serialise(node: yaml.Node) -> str:
    text: str = yaml.serialize(_expanded(node), Dumper=_DUMPER, allow_unicode=True, width=1 << 30, line_break="\n")
    return text.removesuffix("...\n").removesuffix("\n")


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise InvalidInput(_too_deep(event.start_mark))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep(mark: Any) -> str:
    return f"nests deeper than {DEEPEST} levels at {_mark(mark)}"


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _check_aliases(root: yaml.Node) -> None:
    """Raise InvalidInput where aliases, once each is a copy, hold themselves, nest too deeply or repeat too much."""
    known: dict[int, tuple[int, int]] = {}
    above: set[int] = set()
    repeated = 0

    def measure(node: yaml.Node) -> tuple[int, int]:
        """The size in characters, about, and the height of the tree below `node`."""
        nonlocal repeated
        key = id(node)
        if key in above:
            raise InvalidInput(f"has an alias that holds itself at {_mark(node.start_mark)}")
        if key in known:
            repeated += known[key][0]
        else:
            above.add(key)
            below = [measure(child) for child in _children(node)]
            above.discard(key)
            own = len(node.value) if isinstance(node, yaml.ScalarNode) else 0
            known[key] = 8 + own + sum(size for size, _ in below), 1 + max((height for _, height in below), default=0)
        if known[key][1] > DEEPEST:
            raise InvalidInput(f"has aliases that nest deeper than {DEEPEST} levels at {_mark(node.start_mark)}")
        if repeated > _MOST_REPEATED:
            raise InvalidInput(
                f"has aliases that repeat more than {_MOST_REPEATED:,} characters at {_mark(node.start_mark)}; "
                "write the values out"
            )
        return known[key]

    measure(root)


def _expanded(node: yaml.Node) -> yaml.Node:
    """A tree like `node` in block style, in which no node stands twice, so that none is written as an alias."""
    if isinstance(node, yaml.MappingNode):
        _check_unique(node)
        pairs = [(_expanded(key), _expanded(value)) for key, value in node.value]
        return yaml.MappingNode(node.tag, pairs, flow_style=not pairs)
    if isinstance(node, yaml.SequenceNode):
        items = [_expanded(child) for child in node.value]
        return yaml.SequenceNode(node.tag, items, flow_style=not items)
    # In double quotes alone such characters are written as escapes, which mean the same to every reader.
    odd = any(char in node.value for char in ODD_BREAKS)
    style = '"' if odd else getattr(node, "style", None)
    # With a tag before quotes PyYAML would write a tag of another kind: a number stands for itself without quotes.
    return yaml.ScalarNode(node.tag, node.value, style=style if node.tag == "tag:yaml.org,2002:str" else None)


def _check_unique(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        at = _mark(key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            raise InvalidInput(
                f"has a key that is a list or a mapping at {at}; the keys of Kubernetes objects are text"
            )
        if key.value in seen:
            raise InvalidInput(f"has the key {key.value!a} twice in one mapping at {at}; keep one of the two")
        seen.add(key.value)


def _words(fault: yaml.YAMLError) -> str:
    if isinstance(fault, yaml.MarkedYAMLError):
        mark = fault.problem_mark or fault.context_mark
        words = " ".join(filter(None, (fault.context, fault.problem)))
        return ascii(words)[1:-1] + (f" at {_mark(mark)}" if mark else "")
    return ascii(" ".join(str(fault).split()))[1:-1]


def _mark(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else "an unknown line"
