"""Keys and tables: naming, schema agreement, publishing, ledger. Talks to ports only."""
