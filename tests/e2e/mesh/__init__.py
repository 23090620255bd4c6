"""A whole mesh on one machine: control plane, proxies, application and an internet of its own, without containers."""
