"""From a project manifest of any earlier schema to today's, one step at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.method import DataError

SCHEMA = 2
"""The schema that this version writes. Raise it only together with a migration and a golden file
of the schema before."""

Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {
    # From 2 on, arrays can be squeezed and models share them; what was before is read as it is.
    1: lambda manifest: manifest,
}
"""Schema n to the function that makes a manifest of schema n + 1 of it."""


def migrated(manifest: dict[str, Any], name: str) -> tuple[dict[str, Any], bool]:
    """The manifest at today's schema, and whether it is of a newer one (and left as it is).

    Raises
    ------
    DataError
        When the schema is no number, or no chain leads from it to today's.
    """
    schema = manifest.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise DataError(f"'{name}' is damaged: it does not say which schema it has.")
    if schema > SCHEMA:
        return manifest, True
    while schema < SCHEMA:
        if schema not in MIGRATIONS:
            raise DataError(f"'{name}' has the schema {schema}, which cannot be read any more.")
        manifest = {**MIGRATIONS[schema](manifest), "schema": schema + 1}
        schema += 1
    return manifest, False
