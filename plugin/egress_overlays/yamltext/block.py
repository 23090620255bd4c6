"""Edits to the text of one YAML mapping in block style that leave every other byte as it is.

Kustomize and kpt write what they hand to a function in block style. Changing a few lines of it
keeps comments, quoting, key order and odd scalars, and costs no writer. This is no YAML parser:
it finds the lines of keys by their indentation and says `Uncertain` wherever that could mislead
(flow style, anchors, tags before keys, a key twice). Whoever calls it parses the outcome with a
real parser and compares (see `document`).
"""

from __future__ import annotations

from .flowstyle import in_flow, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..manifest.edits import Edits, Path

    Flow = dict[int, tuple[dict[str, Any], str]]


class Uncertain(Exception):  # noqa: N818 - a state, not a fault: the caller takes the plain way
    """The text is not in the plain block style that edits by line are safe for."""


class _Node:
    """A key or a list item: lines `start` to `end` (exclusive), its column, what follows the colon.

    `children` holds the keys, or the items by index, that stand below it.
    """

    __slots__ = ("children", "column", "end", "inline", "start", "step")

    def __init__(self, step: str | int, column: int, start: int, inline: str | None) -> None:
        self.step = step
        self.column = column
        self.start = start
        self.end = start + 1
        self.inline = inline  # None for a list item
        self.children: dict[str | int, _Node] = {}


class Block:
    """The lines of one mapping in block style, and where in them its keys and list items stand."""

    __slots__ = ("_flow", "_lines", "_top")

    def __init__(self, text: str, root: str = "") -> None:
        """Read `text`, where `root` stands before the first key (`- ` for a list item); raises Uncertain."""
        self._lines = text.split("\n")
        self._top = _index(self._lines, root)
        self._flow: Flow = {}

    def edit(self, edits: Edits) -> str:
        """The text with `edits` made; raises Uncertain where that is not safe.

        New lists are written one double-quoted text a line, new mappings in flow style; a missing key is
        added to a mapping that is there, or to a new one in that, as `metadata.labels` may have to be.
        """
        lines = list(self._lines)
        changes: list[tuple[int, int, list[str]]] = []
        additions: dict[Path, list[tuple[str, Any]]] = {}
        for path, new in edits.items():
            node = self._find(path)
            if node is not None and node.inline is not None:
                changes.append((node.start, node.end, _written(lines, node, new, self._flow)))
            elif new is not None:
                if not isinstance(path[-1], str):
                    changes.append(self._item(path, node, new))
                    continue
                additions.setdefault(path[:-1], []).append((path[-1], new))
        for path, pairs in additions.items():
            changes.append(self._addition(path, pairs))
        # From the last line to the first, so that no change moves the lines of another.
        for start, end, new_lines in sorted(changes, reverse=True, key=lambda change: change[:2]):
            lines[start:end] = new_lines
        return "\n".join(lines)

    def shows(self, value: dict[str, Any]) -> bool:
        """Whether `value`, read by a parser, has just the keys seen: none doubled, merged or in flow style."""
        return _shows(self._top, value)

    def starts(self) -> dict[Path, int]:
        """The line, from 0, of every key and list item by path."""
        found: dict[Path, int] = {}
        pending: list[tuple[Path, _Node]] = [((), self._top)]
        while pending:
            path, node = pending.pop()
            for step, child in node.children.items():
                found[*path, step] = child.start
                pending.append(((*path, step), child))
        return found

    def _find(self, path: Path) -> _Node | None:
        node: _Node | None = self._top
        for step in path:
            node = node.children.get(step) if node is not None else None
        return node

    def _item(self, path: Path, node: _Node | None, new: Any) -> tuple[int, int, list[str]]:
        """An item of a list in the place of the one that is there, or behind the last one, in block style."""
        holder = self._find(path[:-1])
        last = holder.children.get(len(holder.children) - 1) if holder is not None else None
        end = len(holder.children) if holder is not None else 0
        if last is None or not isinstance(new, dict) or (node is None and path[-1] != end):
            raise Uncertain("an item stands where no line shows it")
        from .blockstyle import item

        start, end = (node.start, node.end) if node is not None else (last.end, last.end)
        return start, end, item(new, last.column)

    def _addition(self, path: Path, pairs: list[tuple[str, Any]]) -> tuple[int, int, list[str]]:
        """New keys as the first ones under `path`, which may be missing itself if its parent is there."""
        node = self._find(path) if path else None
        wrapper: list[str] = []
        if node is None:
            node = self._find(path[:-1]) if path[:-1] else None
            wrapper = [str(step) for step in path[-1:]]
        if node is None or node.inline is None:
            raise Uncertain("no place for a new key")
        inner = next((child.column for child in node.children.values()), node.column + 2)
        replaced: list[str] = []
        start = node.start + 1
        end = start
        if node.inline == "{}":
            line = self._lines[node.start]
            replaced = [line[: node.column] + _key_text(line, node) + ":"]
            start, end = node.start, node.end
        elif node.inline:
            raise Uncertain("a mapping in flow style")
        written = [" " * inner + f"{key}:" for key in wrapper]
        inner += 2 * len(wrapper)
        for key, value in pairs:
            written += _pair(" " * inner + key, inner, value, self._flow)
        return start, end, replaced + written


def _index(lines: list[str], root: str) -> _Node:  # noqa: C901 - one pass, the hot path
    top = _Node("", -2, -1, None)
    stack = [top]
    scalar = ""  # the indentation that every line of the block scalar has in which this one stands
    last = 0  # the line after the last one that is neither blank nor a comment
    for number, line in enumerate(lines):
        if scalar and line.startswith(scalar):
            last = number + 1
            continue
        content = line.lstrip(" ")
        if not content or content[0] == "#":
            continue
        scalar = ""
        column = len(line) - len(content)
        if number == 0 and root:
            content = content[len(root) :].lstrip(" ")
            column = len(line) - len(content)
        while content and content[0] == "-" and content[1:2] in (" ", ""):
            _close(stack, column, number, last, item=True)
            holder = stack[-1]
            if holder.inline is None:
                raise Uncertain("a list in a list, or at the top")
            index = len(holder.children)
            node = holder.children[index] = _Node(index, column, number, None)
            stack.append(node)
            rest = content[1:].lstrip(" ")
            column += len(content) - len(rest)
            content = rest
        last_before, last = last, number + 1
        key, inline = _key(content) if content else (None, "")
        if key is None:
            continue
        if stack[-1].column >= column:
            _close(stack, column, number, last_before, item=False)
        parent = stack[-1]
        if key in parent.children:
            raise Uncertain(f"the key {key!r} stands twice")
        node = parent.children[key] = _Node(key, column, number, inline)
        stack.append(node)
        if inline and inline[0] in "|>":
            scalar = " " * (column + 1)
    _close(stack, -1, len(lines), last, item=False)
    if not top.children:
        raise Uncertain("holds no key")
    return top


def _close(stack: list[_Node], column: int, number: int, last: int, *, item: bool) -> None:
    """End what stands at `column` or deeper before line `number`; a list item keeps the key at its own column open.

    Blank lines and comments from `last` on are left to what comes after, but for a block scalar's.
    """
    while True:
        node = stack[-1]
        if node.column < column or (node.column == column and item and node.inline is not None):
            return
        node.end = number if node.inline and node.inline[0] in "|>" else max(last, node.start + 1)
        stack.pop()


def _shows(node: _Node, value: Any) -> bool:
    if not node.children:
        return not _holds_mapping(value)
    if node.inline or not isinstance(value, (dict, list)) or len(value) != len(node.children):
        return False
    for step, child in value.items() if isinstance(value, dict) else enumerate(value):
        found = node.children.get(step)
        if found is None or step == "<<":
            return False
        # Most are texts, of which there is no more to ask.
        if (found.children or isinstance(child, (dict, list))) and not _shows(found, child):
            return False
    return True


def _holds_mapping(value: Any) -> bool:
    """Whether a mapping that is not empty stands in `value`, where flow style would hide its keys."""
    return bool(value) if isinstance(value, dict) else isinstance(value, list) and any(map(_holds_mapping, value))


def _key(content: str) -> tuple[str | None, str]:
    """The key that `content` starts with, and what follows its colon without a comment."""
    if content[0] in "\"'":
        close = content.find(content[0], 1)
        if "\\" in content and ":" in content:
            raise Uncertain("an escape, which could be in a key")
        if close == -1 or content[close + 1 : close + 2] != ":":
            if close != -1 and content[close + 1 :].lstrip(" \t")[:1] == ":":
                raise Uncertain("white space between a key and its colon")
            return None, ""
        key, rest = content[1:close], content[close + 1 :]
    elif content[0] == "?":
        raise Uncertain("what looks like a complex key")
    else:
        colon = content.find(": ")
        if colon == -1:
            if content[-1] != ":":
                return None, ""
            colon = len(content) - 1
        key, rest = content[:colon], content[colon:]
        if not key or key[0] in "?&*!|>{}[]%@`," or " #" in key:
            raise Uncertain(f"the key {key!r} is not plain")
    inline = rest[1:].strip(" ")
    if inline[:1] in ("&", "*", "!"):
        raise Uncertain("an anchor, an alias or a tag")
    return key, "" if inline[:1] == "#" else inline


def _written(lines: list[str], node: _Node, new: Any, flow: Flow) -> list[str]:
    """The lines that stand for `node` with its new value."""
    line = lines[node.start]
    head = line[: node.column] + _key_text(line, node)
    if new is None:
        if line[: node.column].strip(" "):
            raise Uncertain("a key to remove shares its line with a list item")
        return []
    return _pair(head, node.column, new, flow)


def _pair(head: str, column: int, new: Any, flow: Flow) -> list[str]:
    """The lines of a key, whose text to the left of the colon is `head`, with its value.

    `flow` keeps mappings by identity, each with its text: a large one may be the value of several keys, and of edits
    that are made twice.
    """
    if isinstance(new, str):
        return [f"{head}: {quoted(new)}"]
    if type(new) is int:
        return [f"{head}: {new}"]
    if isinstance(new, dict):
        if id(new) not in flow:
            flow[id(new)] = new, in_flow(new)
        return [f"{head}: {flow[id(new)][1]}"]
    dash = " " * column + "- "
    if new and isinstance(new[0], dict):
        return [f"{head}:", *(line for entry in new for line in _entry(dash, entry))]
    # One text for all of its lines, which is ten times as quick where they are many.
    return [f"{head}:", dash + '"' + f'"\n{dash}"'.join(new) + '"']


def _entry(dash: str, entry: dict[str, Any]) -> list[str]:
    """The lines of a mapping as an item of a list: one key a line where it is a mapping of text."""
    if not all(isinstance(value, str) for value in entry.values()):
        return [dash + in_flow(entry)]
    pairs = [f"{key}: {quoted(value)}" for key, value in entry.items()]
    return [dash + pairs[0], *(" " * len(dash) + pair for pair in pairs[1:])]


def _key_text(line: str, node: _Node) -> str:
    key = str(node.step)
    content = line[node.column :]
    return content[: len(key) + 2] if content[0] in "\"'" else key
