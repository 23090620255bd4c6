"""HCL and Bicep as values that know where they stand, read by the grammars that tree-sitter keeps for them.

A block of HCL is a mapping under its type and labels, a list of these where it comes more than once; a template of
Bicep has the shape of the ARM template that it stands for. What only the tool itself can work out is an Expression.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..installation import advice, lacking
from ..yamltext import DEEPEST, InvalidInput
from .found import Place
from .values import Expression, Map, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Node

HCL = (".tf", ".tfvars", ".hcl")
BICEP = (".bicep",)
EXTRA = "hcl"

_HCL = re.compile(r'^(?:resource|variable|locals|module|data|provider|terraform)\b(?: +"[^"\n]*")* *\{', re.MULTILINE)
_BICEP = re.compile(r"^(?:resource \w+ '|targetScope *=|param \w+ \w)", re.MULTILINE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Missing(ValueError):  # noqa: N818 - says what is missing
    """The parser is not installed; its words say how to get it."""


def language(key: str, text: str) -> str:
    """The language of a file called `key`: "hcl", "bicep", or none of the two."""
    if key.endswith(HCL) or (not key.rpartition(".")[1] and _HCL.search(text)):
        return "hcl"
    return "bicep" if key.endswith(BICEP) or (not key.rpartition(".")[1] and _BICEP.search(text)) else ""


def tree(text: str, file: str, kind: str) -> Map:
    """What `text` says, which is "hcl" or "bicep"; raises InvalidInput with line and column, and Missing."""
    try:
        import tree_sitter
        import tree_sitter_bicep
        import tree_sitter_hcl
    except ImportError:
        raise Missing(advice(EXTRA, lacking(EXTRA))) from None
    data = text.encode()
    grammar = tree_sitter_hcl if kind == "hcl" else tree_sitter_bicep
    root = tree_sitter.Parser(tree_sitter.Language(grammar.language())).parse(data).root_node
    if root.has_error:
        row, column = _fault(root)
        named = "HCL" if kind == "hcl" else "Bicep"
        raise InvalidInput(f"is no valid {named} at line {row + 1}, column {column + 1}")
    reader = (_Hcl if kind == "hcl" else _Bicep)(data, file)
    return reader.document(root)


def _fault(root: Node) -> tuple[int, int]:
    """Where the text stops to be of its language."""
    node = root
    while not (node.is_error or node.is_missing):
        inner = next((one for one in node.children if one.has_error or one.is_missing), None)
        if inner is None:
            break
        node = inner
    return node.start_point[0], node.start_point[1]


class _Reader:
    """What both languages share."""

    def __init__(self, data: bytes, file: str) -> None:
        self._data = data
        self._file = file
        self._depth = 0

    def _place(self, node: Node) -> Place:
        return Place(self._file, node.start_point[0] + 1, node.start_point[1] + 1)

    def _source(self, node: Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode()

    def _expression(self, node: Node, function: str = "", parts: Iterable[Node] = ()) -> Expression:
        source = " ".join(self._source(node).split())
        return Expression(source, self._place(node), function, [self.value(one) for one in parts])

    def value(self, node: Node) -> Any:
        """What `node` says."""
        self._depth += 1
        if self._depth > DEEPEST:
            at = self._place(node)
            raise InvalidInput(f"nests deeper than {DEEPEST} levels at line {at.line}, column {at.column}")
        try:
            return self._value(node)
        finally:
            self._depth -= 1

    def _value(self, node: Node) -> Any:
        raise NotImplementedError

    def _put(self, made: Map, key: str, value: Any, place: Place) -> None:
        if key in made:
            raise InvalidInput(f"has the key {key!a} twice in one mapping at line {place.line}, column {place.column}")
        made[key] = value
        made.keys_at[key] = place


class _Hcl(_Reader):
    """HCL 2, native syntax."""

    def document(self, root: Node) -> Map:
        """The body of a file."""
        body = next((one for one in root.named_children if one.type == "body"), None)
        return self._body(body, Place(self._file, 1, 1))

    def _body(self, node: Node | None, place: Place) -> Map:
        made = Map(place)
        for one in node.named_children if node else ():
            if one.type == "attribute":
                name, value = [child for child in one.named_children if child.type != "comment"][:2]
                self._put(made, self._source(name), self.value(value), self._place(one))
            elif one.type == "block":
                self._block(made, one)
        return made

    def _block(self, made: Map, node: Node) -> None:
        parts = [one for one in node.named_children if one.type in ("identifier", "string_lit")]
        *outer, last = [self._source(one).strip('"') for one in parts]
        place = self._place(node)
        for label in outer:
            inner = made.get(label)
            if not isinstance(inner, Map):
                made[label] = inner = Map(place)
                made.keys_at[label] = place
            made = inner
        self._depth += 1
        body = next((one for one in node.named_children if one.type == "body"), None)
        if self._depth > DEEPEST:
            raise InvalidInput(f"nests deeper than {DEEPEST} levels at line {place.line}, column {place.column}")
        value = self._body(body, place)
        self._depth -= 1
        known = made.get(last)
        made[last] = value if known is None else [*known, value] if isinstance(known, list) else [known, value]
        made.keys_at.setdefault(last, place)

    def _value(self, node: Node) -> Any:
        inner = [one for one in node.named_children if one.type != "comment"]
        kind = node.type
        if kind in ("expression", "literal_value", "collection_value", "template_expr") and len(inner) == 1:
            return self.value(inner[0])
        if kind == "tuple":
            return [self.value(one) for one in inner if one.type == "expression"]
        if kind == "object":
            return self._object(node, inner)
        return self._text(node, inner) if "template" in kind or kind == "string_lit" else self._other(node, inner)

    def _text(self, node: Node, inner: Sequence[Node]) -> Text:
        if node.type == "string_lit":
            return Text(self._unescaped(node), self._place(node))
        if node.type == "quoted_template" and [one.type for one in inner[1:-1]] == ["template_interpolation"]:
            found = self.value(next(one for one in inner[1].named_children if one.type == "expression"))
            return found if isinstance(found, Text) else self._expression(node)
        if node.type == "heredoc_template" and all(one.type != "template_interpolation" for one in inner):
            text = "".join(self._source(one) for one in inner if one.type == "template_literal")
            return Text(text, self._place(node), is_block=True)
        return self._expression(node)

    def _other(self, node: Node, inner: Sequence[Node]) -> Any:
        if node.type == "function_call":
            arguments = next((one.named_children for one in inner if one.type == "function_arguments"), [])
            return self._expression(node, self._source(inner[0]), (one for one in arguments if one.type != "ellipsis"))
        return _scalar(self._source(node)) if node.type.endswith("_lit") else self._expression(node)

    def _object(self, node: Node, inner: Iterable[Node]) -> Map:
        made = Map(self._place(node))
        for one in inner:
            if one.type == "object_elem":
                key, value = one.child_by_field_name("key"), one.child_by_field_name("val")
                if key is not None and value is not None:
                    self._put(made, self._source(key).strip('"'), self.value(value), self._place(one))
        return made

    def _unescaped(self, node: Node) -> str:
        text = "".join(self._source(one) for one in node.named_children if one.type == "template_literal")
        return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text).replace("$${", "${")


class _Bicep(_Reader):
    """Bicep, as the ARM template that is made of it: `resources`, `variables`, `parameters`."""

    def document(self, root: Node) -> Map:
        """The declarations of a file."""
        made = Map(Place(self._file, 1, 1))
        resources: list[Map] = []
        made |= {"resources": resources, "variables": Map(made.place), "parameters": Map(made.place)}
        for one in root.named_children:
            if one.type == "resource_declaration":
                resources.append(self._resource(one))
            elif one.type in ("variable_declaration", "parameter_declaration"):
                self._declared(made, one)
        return made

    def _declared(self, made: Map, node: Node) -> None:
        inner = [one for one in node.named_children if one.type not in ("comment", "decorators", "type", "diagnostic")]
        name = next(one for one in inner if one.type == "identifier")
        value = self.value(inner[-1]) if inner[-1] != name else None
        if node.type == "variable_declaration":
            self._put(made["variables"], self._source(name), value, self._place(node))
        else:
            default = Map(self._place(node))
            if value is not None:
                default["defaultValue"] = value
            self._put(made["parameters"], self._source(name), default, self._place(node))

    def _resource(self, node: Node) -> Map:
        """A resource, by its type, with what it says of itself; `properties` that depend on more are an Expression."""
        made = Map(self._place(node))
        kind = next((one for one in node.named_children if one.type == "string"), node)
        made["type"] = Text(self._source(kind).strip("'").partition("@")[0], self._place(kind))
        last = node.named_children[-1]
        body = self.value(last) if last != kind else None
        if isinstance(body, Map):
            made |= {"name": self._source(node.named_children[0])} | body
            made.keys_at |= body.keys_at
        else:
            made["properties"] = body if isinstance(body, Expression) else self._expression(last)
        return made

    def _value(self, node: Node) -> Any:
        inner = [one for one in node.named_children if one.type != "comment"]
        kind = node.type
        if kind == "string":
            return self._string(node, inner)
        if kind == "array":
            return [self.value(one) for one in inner]
        if kind == "object":
            return self._object(node, inner)
        if kind == "call_expression" and inner and inner[0].type == "identifier":
            arguments = next((one.named_children for one in inner if one.type == "arguments"), [])
            return self._expression(node, self._source(inner[0]), arguments)
        return _scalar(self._source(node)) if kind in ("number", "boolean", "null") else self._expression(node)

    def _string(self, node: Node, inner: Iterable[Node]) -> Text:
        if any(one.type == "interpolation" for one in inner):
            return self._expression(node)
        is_block = self._source(node).startswith("'''")
        if is_block:
            return Text(self._source(node)[3:-3], self._place(node), is_block=True)
        text = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), self._source(node)[1:-1])
        return Text(text, self._place(node))

    def _object(self, node: Node, inner: Iterable[Node]) -> Map:
        made = Map(self._place(node))
        for one in inner:
            if one.type == "object_property" and len(one.named_children) > 1:
                key, value = one.named_children[0], one.named_children[-1]
                self._put(made, self._source(key).strip("'"), self.value(value), self._place(one))
            elif one.type == "resource_declaration":
                made.setdefault("resources", []).append(self._resource(one))
        return made


def _scalar(source: str) -> Any:
    """A number, a truth value, or nothing; a number with a point stays text."""
    if source in ("true", "false"):
        return source == "true"
    return None if source == "null" else int(source) if source.isdecimal() else source


def worked_out(value: Any, known: dict[str, Any], joins: Iterable[str], depth: int = 0) -> Iterator[Text]:
    """The texts that `value` stands for; where that cannot be told, the Expression.

    `known` has what names refer to; functions of `joins` make one list of their arguments.
    """
    if isinstance(value, list):
        for one in value:
            yield from worked_out(one, known, joins, depth)
    elif isinstance(value, Expression) and depth < 20:
        if value.function in joins:
            yield from worked_out(value.parts, known, joins, depth + 1)
        elif not value.function and str(value) in known:
            yield from worked_out(known[str(value)], known, joins, depth + 1)
        else:
            yield value
    elif isinstance(value, Text):
        yield value
    elif isinstance(value, Map):
        yield Expression("a mapping", value.place, "", [])
