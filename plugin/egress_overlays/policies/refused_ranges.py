"""The ranges of docs/addresses.md, which the gateway of base/ refuses: written by `make addresses`, never by hand."""

from __future__ import annotations

REFUSED = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("34.118.224.0/20", "Services of GKE clusters by default"),
    ("100.64.0.0/10", "shared address space; metadata service 100.100.100.200"),
    ("127.0.0.0/8", "loopback"),
    ("161.26.0.0/16", "IBM Cloud's own services"),
    ("166.8.0.0/14", "IBM Cloud's own services"),
    ("168.63.129.16/32", "Azure's platform address"),
    ("169.254.0.0/16", "link-local; metadata service 169.254.169.254"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments; metadata service 192.0.0.192"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved, broadcast"),
    ("::/3", "loopback, IPv4-mapped, NAT64 and all else below 2000::/3"),
    ("2001::/23", "protocol assignments, Teredo"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("4000::/2", "not assigned"),
    ("8000::/1", "unique local, link-local, multicast; metadata service fd00:ec2::254"),
)
"""Each range, and what it is."""
