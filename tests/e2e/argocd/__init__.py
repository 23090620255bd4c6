"""The real Argo CD, installed as deploy/argocd says, with a git repository and Applications of it."""
