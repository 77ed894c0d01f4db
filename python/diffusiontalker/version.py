"""The version of the package; pyproject.toml reads it from here, and CMakeLists.txt must name the same."""

__version__ = "0.3.0"
