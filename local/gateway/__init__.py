"""LocalEmu's HTTP server: a thread for each connection, on loopback alone."""
