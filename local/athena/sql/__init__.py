"""Athena's SQL for DuckDB: parsed, its names resolved, rewritten by type where the two engines differ."""
