"""Why a line of a list is refused, and what would be accepted in its place."""

from __future__ import annotations

from .characters import invisible
from .domain import RESERVED, InvalidDomain, is_reserved, read
from .mending import at_port, mended, suggested

_NAME = 'write a host name of two or more labels, such as "api.example.com", or "*.example.com"'


def explain(text: str) -> InvalidDomain:
    """The fault in `text`, which `domain.read` does not take.

    Checks go from what a person would call it (a URL, an address) to single characters.
    """
    if text.isascii():
        name = text.lower()
    else:
        from .idn import Unencodable, to_alabels

        try:
            name = to_alabels(text)
        except Unencodable as fault:
            if fault.is_about_letters:
                return _proposing(text, fault.reason, fault.accepted)
            name = fault.name
    name = name.removesuffix(".")
    for check in CHECKS:
        found = check(text, name)
        if found:
            reason, accepted = found
            return _proposing(text, reason, accepted)
    # read() refuses nothing that the checks above accept; a property test holds them together.
    return InvalidDomain(text, "is no host name", _NAME)


def _proposing(text: str, reason: str, accepted: str) -> InvalidDomain:
    """The refusal, which ends in the one name that may have been meant, where one can be made out."""
    meant = mended(text)
    name = meant.name if meant else suggested(text)
    if not name:
        return InvalidDomain(text, reason, accepted)
    if accepted.rstrip('"').rpartition('"')[2].rpartition(" ")[2] != name:
        accepted = f'{accepted}, perhaps "{name}"'
    return InvalidDomain(text, reason, accepted, name)


def _characters(text: str, _name: str) -> tuple[str, str] | None:
    if text.startswith("\ufeff"):
        return (
            "begins with a byte order mark (U+FEFF), which an editor put before the first line of the file",
            'save the file as "UTF-8", not as "UTF-8 with BOM"',
        )
    found = invisible(text.replace("\t", " "))
    if found:
        return f"holds the invisible character {found}", "delete it: type the name anew instead of pasting it"
    return None


def _yaml(text: str, _name: str) -> tuple[str, str] | None:
    if text.startswith(("- ", "-\t")):
        name = text[1:].strip(" \t\"'")
        return (
            "starts with the dash of a YAML list, but a group is plain text, one name a line",
            f'remove the dash: "{name}"',
        )
    if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
        return "stands in quotes, but a group is plain text", f"remove them: {text[1:-1]}"
    if text.endswith(":"):
        return "looks like a YAML key", "groups do not nest: give the group a key of its own under data"
    return None


def _separators(text: str, _name: str) -> tuple[str, str] | None:
    if "," in text or ";" in text:
        return "holds several names or a list separator", "write one name a line"
    if " " in text or "\t" in text:
        return (
            "has white space inside",
            'write one name a line (a block that starts with ">" folds lines into one: use "|")',
        )
    return None


def _address(_text: str, name: str) -> tuple[str, str] | None:
    import ipaddress

    bare, slash, _ = name.lstrip("*.").partition("/")
    if bare.startswith("[") and "]" in bare:
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return None
    what = "an IP range" if slash else "an IP address"
    return f"is {what}, which no SNI carries (RFC 6066 section 3)", _NAME


def _url(_text: str, name: str) -> tuple[str, str] | None:
    if "://" in name:
        return "is a URL", f"write the host name alone{_such_as(suggested(name) or name.partition('://')[2])}"
    if "@" in name:
        return "holds a user or an e-mail address", "write the host name alone"
    if "\\." in name:
        return "is a regular expression", "write the names that it means"
    if "/" in name or "?" in name or "#" in name or "\\" in name:
        return (
            "holds a path; the gateway sees names, never paths",
            f"write the host name alone{_such_as(suggested(name) or name)}",
        )
    if ":" in name:
        return (
            "holds a port, where a name alone can stand",
            f"write the host name alone{_such_as(name.partition(':')[0])}",
        )
    return None


def _such_as(rest: str) -> str:
    host = rest
    for mark in "/?#\\":
        host = host.partition(mark)[0]
    host, _, port = host.partition(":")
    found = read(host)
    name = f"{'.' if host[:1] == '.' else ''}{found[0]}" if found else ""
    name = at_port(name, port if port.isdecimal() else "") if name else ""
    return f': "{name}"' if name else ""


def _wildcard(_text: str, name: str) -> tuple[str, str] | None:
    if name == "*":
        return "admits every name there is", 'name the domains: "*.example.com" admits all names below example.com'
    if "*" not in name:
        return None
    if not name.startswith("*.") or "*" in name[1:]:
        return (
            "has a * that is not the whole first label (Envoy refuses the listener)",
            'a * may stand alone as the first label: "*.example.com"',
        )
    return None


def _labels(_text: str, name: str) -> tuple[str, str] | None:
    base = name.removeprefix("*.") if name[:1] == "*" else name.removeprefix(".")
    if not base:
        return "names nothing", _NAME
    if len(base) > 253:
        return f"is {len(base)} octets long; DNS allows 253 (RFC 1035 section 2.3.4)", _NAME
    for label in base.split("."):
        fault = _label_fault(label)
        if fault:
            return fault, _NAME
    return None


def _reach(_text: str, name: str) -> tuple[str, str] | None:
    base = name.removeprefix("*.") if name[:1] == "*" else name.removeprefix(".")
    last = base.rpartition(".")[2]
    if last.isdecimal() or (last.startswith("0x") and not last[2:].strip("0123456789abcdef")):
        return "ends in a number, as only IP addresses do", _NAME
    if is_reserved(base):
        zone = next(zone for zone in RESERVED if base == zone or base.endswith("." + zone))
        return f'lies under "{zone}", which no egress gateway may serve', "write a name of the public DNS"
    if "." not in base and base == name:
        return "has one label only", _NAME
    return None


def _label_fault(label: str) -> str | None:
    if not label:
        return "has an empty label (two dots, or a dot at the end too many)"
    if len(label) > 63:
        return f'has the label "{label[:20]}..." of {len(label)} octets; DNS allows 63 (RFC 1035 section 2.3.4)'
    if label[0] == "-" or label[-1] == "-":
        return f'has the label "{label}", which starts or ends with a hyphen (RFC 1123 section 2.1)'
    if "_" in label:
        return f'has the label "{label}" with an underscore, which no host name may hold (Istio refuses it)'
    for char in label:
        if not (char.isascii() and (char.isalnum() or char == "-")):
            return f"holds the character {char!a}, which no host name may hold (RFC 1123 section 2.1)"
    return None


def _meaning(_text: str, name: str) -> tuple[str, str] | None:
    base = name.lstrip("*.")
    if "xn--" in base:
        from .idn import is_valid_alabels

        if not is_valid_alabels(base):
            return "has an xn-- label that decodes to nothing valid (RFC 5891 section 5.4)", "write the name in Unicode"
    if "." not in base:
        return f'opens the whole top-level domain "{base}"', f'name the registered domain: "*.example.{base}"'
    if name[:1] in "*.":
        return (
            f'opens everything under "{base}", where anyone may register (public suffix list, ICANN section)',
            f'name the registered domain: "*.example.{base}"',
        )
    return None


CHECKS = (_characters, _yaml, _separators, _address, _url, _wildcard, _labels, _reach, _meaning)
"""In the order in which they are asked, each for the text of a line and its normal form."""


def no_text(value: object) -> str:
    """Why `value` is no group, which is text, and what to make of it."""
    if isinstance(value, list):
        return 'is a YAML list; make it text: write "|" after the colon and one name a line, without dashes'
    if isinstance(value, dict):
        return "is a mapping; groups do not nest, give each a key of its own"
    if value is None:
        return 'has no value; write names under it, "" for none, or remove the key'
    return f"is {value!a}, not text; write names, one a line, and quote what YAML takes for a value"
