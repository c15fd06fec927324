"""Turn CSV files into tables that people can trust."""

__version__ = "0.1.0"
