"""How to install what the package or an optional part of it needs."""

from __future__ import annotations

import importlib.metadata
import re


def _requirements() -> list[str]:
    """As pyproject.toml lists them, with their extras; [] when run from the source folder."""
    try:
        return importlib.metadata.requires("diffusiontalker") or []
    except importlib.metadata.PackageNotFoundError:
        return []


def _command(wanted: list[str], otherwise: str) -> str:
    names = [line.split(";")[0].strip() for line in wanted]
    return "pip install " + " ".join(f"'{name}'" for name in names) if names else otherwise


def install_command(extra: str) -> str:
    """A `pip install` command for the requirements of an extra, such as "video".

    It names the requirements and not this package: the package may come from a wheel or a source folder, and its name
    on the public index is not ours. extra: as in pyproject.toml."""
    of_extra = re.compile(rf"extra == ['\"]{re.escape(extra)}['\"]")
    wanted = [line for line in _requirements() if of_extra.search(line)]
    return _command(wanted, f"pip install '.[{extra}]' in the source folder")
