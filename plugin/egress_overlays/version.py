"""The version of the distribution, in this one place."""

VERSION = "0.2.0"
