"""What istiod makes of manifests for one gateway workload: listeners, filter chains, clusters, patches applied.

Starts no process and reads no file. Imports the packages up to `sites`.
"""
