"""Asks the DNS for names, many at a time and within a bound of time: for `verify --resolve` alone."""

from __future__ import annotations

import asyncio
import re
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..installation import advice, lacking
from ..review.verification.answer import Answer
from .console import Failure

try:
    import dns.asyncresolver
    import dns.exception
    import dns.name
    import dns.rcode
    import dns.resolver
except ImportError:
    raise Failure(f"--resolve asks by dnspython; {advice('resolve', lacking('resolve'))}") from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_AT_ONCE = 32
_TRY = 2.0  # seconds for one packet
_QUESTION = 5.0  # seconds for one question with all its tries
_WITH_PORT = re.compile(r"(\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<v4>[0-9.]+)):(?P<port>[0-9]{1,5})")
_LONGEST_CHAIN = 8  # questions after CNAMEs that a resolver does not follow itself


class Asked:
    """The resolver that is asked, and what it has said so far: each name is asked for once.

    `within` bounds all of the asking in seconds. What is not answered by then counts as not asked.
    """

    def __init__(self, resolver: str, within: float) -> None:
        self._resolver = _resolver(resolver)
        self._within = within
        self._left = within
        self.answers: dict[str, Answer] = {}
        self.server = resolver or ", ".join(map(str, self._resolver.nameservers))

    def ask(self, names: Iterable[str], progress: Callable[[int, int], None]) -> None:
        """Ask for those of `names` that were not asked for yet."""
        new = [name for name in dict.fromkeys(names) if name not in self.answers]
        if not new:
            return
        start = monotonic()
        self.answers |= asyncio.run(self._all(new, progress))
        self._left = max(self._left - (monotonic() - start), 0.0)

    async def _all(self, names: list[str], progress: Callable[[int, int], None]) -> dict[str, Answer]:
        gate = asyncio.Semaphore(_AT_ONCE)
        done = 0

        async def one(name: str) -> Answer:
            nonlocal done
            async with gate:
                answer = await self._one(name)
            done += 1
            progress(done, len(names))
            return answer

        tasks = {name: asyncio.create_task(one(name)) for name in names}
        _, late = await asyncio.wait(tasks.values(), timeout=self._left)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        unasked = Answer(failure=f"no time was left (--resolve-within {self._within:g})")
        return {name: unasked if task in late else task.result() for name, task in tasks.items()}

    async def _one(self, name: str) -> Answer:
        """Addresses of both families, up to the first question that has no answer."""
        first = await self._question(name, "A")
        if not first.exists or first.failure:
            return first
        second = await self._question(name, "AAAA")
        if not second.exists:
            return first  # a server that denies a name for one type alone is wrong (RFC 8020, 2)
        return second._replace(addresses=(*first.addresses, *second.addresses), alias=first.alias or second.alias)

    async def _question(self, name: str, kind: str) -> Answer:
        """The addresses of one `kind`, after every CNAME."""
        target = dns.name.from_text(name)
        alias = ""
        for _ in range(_LONGEST_CHAIN):
            try:
                found = await self._resolver.resolve(target, kind, raise_on_no_answer=False, search=False)
            except dns.resolver.NXDOMAIN as fault:
                last = fault.canonical_name
                alias = last.to_text(omit_final_dot=True) if last != target else alias
                return Answer(exists=False, alias=alias)
            except dns.exception.DNSException as fault:
                return Answer(alias=alias, failure=_reason(fault, kind))
            except OSError as fault:
                return Answer(alias=alias, failure=f"{kind}: {fault.strerror or fault}")
            if found.canonical_name != target:
                target, alias = found.canonical_name, found.canonical_name.to_text(omit_final_dot=True)
                if not found.rrset:
                    continue  # the resolver did not follow it, or it has no such address
            return Answer(addresses=tuple(map(str, found.rrset or ())), alias=alias)
        return Answer(alias=alias, failure=f"{kind}: more than {_LONGEST_CHAIN} aliases, one of the other")


def _resolver(text: str) -> dns.asyncresolver.Resolver:
    """The resolver of `--resolver`: ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT; of the machine for ""."""
    if text:
        resolver = dns.asyncresolver.Resolver(configure=False)
        address, port = _address(text)
        resolver.nameservers = [address]
        resolver.port = port
    else:
        try:
            resolver = dns.asyncresolver.Resolver()
        except dns.resolver.NoResolverConfiguration as fault:
            raise Failure(f"--resolve: this machine names no resolver ({fault}); name one with --resolver") from None
    resolver.timeout, resolver.lifetime = _TRY, _QUESTION
    return resolver


def _address(text: str) -> tuple[str, int]:
    found = _WITH_PORT.fullmatch(text)
    host, port = (found["v6"] or found["v4"], int(found["port"])) if found else (text, 53)
    try:
        address = str(ip_address(host))
        if not 0 < port < 65536:
            raise ValueError(port)
    except ValueError:
        raise Failure(
            f'--resolver "{text}" is no address; write one as in 10.96.0.10, 127.0.0.1:5353 or [2001:db8::53]:53'
        ) from None
    return address, port


def _reason(fault: dns.exception.DNSException, kind: str) -> str:
    """In a few words, why there is no answer."""
    errors: list[Any] = list(fault.kwargs.get("errors") or [])
    if not errors:
        late = isinstance(fault, dns.exception.Timeout)
        return f"{kind}: no answer in time" if late else f"{kind}: {fault}"
    _, _, _, what, _ = errors[-1]
    if isinstance(what, dns.exception.Timeout):
        return f"{kind}: no answer in time"
    if isinstance(what, Exception):
        return f"{kind}: {getattr(what, 'strerror', '') or what or type(what).__name__}"
    return f"{kind}: {what}"
