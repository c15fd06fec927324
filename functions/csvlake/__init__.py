"""Turn CSV files into tables that people can trust."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from csvlake.engine.model import ConvertOptions
    from csvlake.files import convert_file, inspect_file

__all__ = ["ConvertOptions", "__version__", "convert_file", "inspect_file"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the library's functions when they are first used: ``import csvlake`` itself costs nothing."""
    if name == "ConvertOptions":
        from csvlake.engine.model import ConvertOptions

        return ConvertOptions
    if name in {"convert_file", "inspect_file"}:
        from csvlake import files

        return getattr(files, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
