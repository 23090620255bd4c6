"""The names of components/bundles, by bundle: what `verify` knows a list by. A test holds them against the files."""

from __future__ import annotations

BUNDLES = {
    "debian": ("deb.debian.org",),
    "docker-hub": (
        "registry-1.docker.io",
        "auth.docker.io",
        "production.cloudflare.docker.com",
        "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com",
    ),
    "github-actions": (
        "github.com",
        "api.github.com",
        "*.actions.githubusercontent.com",
        "codeload.github.com",
        "ghcr.io",
        "*.blob.core.windows.net",
        "objects.githubusercontent.com",
        "objects-origin.githubusercontent.com",
        "github-releases.githubusercontent.com",
        "github-registry-files.githubusercontent.com",
        "*.pkg.github.com",
        "github-cloud.githubusercontent.com",
        "github-cloud.s3.amazonaws.com",
        "dependabot-actions.githubapp.com",
    ),
    "go": (
        "proxy.golang.org",
        "sum.golang.org",
    ),
    "letsencrypt": ("acme-v02.api.letsencrypt.org",),
    "maven-central": ("repo.maven.apache.org",),
    "npm": ("registry.npmjs.org",),
    "pypi": (
        "pypi.org",
        "files.pythonhosted.org",
    ),
    "rubygems": (
        "rubygems.org",
        "index.rubygems.org",
    ),
}
