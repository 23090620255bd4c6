"""YAML as text that keeps its bytes: reading documents, and editing them without touching the rest.

Knows what Kustomize and kpt write, and nothing of lists or of what is injected. Imports `names` and `manifest`.
"""
