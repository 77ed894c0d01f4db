"""Ending of asyncio tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

_AGAIN_S = 0.05


async def end(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancels tasks and waits until they are over. Once may not do: before Python 3.12 asyncio.wait_for() swallows a
    cancellation that comes together with its result."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains about it
