"""What Kustomize starts: the KRM function, and the older exec plugin protocol.

Text in, text out; `__main__` alone reads streams and exits. Imports `injection` and `yamltext`, never a command.
"""
