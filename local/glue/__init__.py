"""Glue on the local AWS: a crawler that crawls, and what moto's Glue lacks."""
