"""The local AWS: everything that knows of LocalEmu."""
