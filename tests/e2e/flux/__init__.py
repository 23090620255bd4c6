"""The real Flux, a registry and a git server to sync from, and the job that fills them."""
