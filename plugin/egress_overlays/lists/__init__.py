"""Domains ConfigMaps as sets: groups, provenance, clients, and the list that is emitted.

Knows nothing of the resources that a list goes into. Imports `names` and `manifest`.
"""
