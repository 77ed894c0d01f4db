"""How many messages of a client are read in a second."""

from __future__ import annotations


class TokenBucket:
    """per_s: messages a second, on average.   burst: messages at once."""

    def __init__(self, per_s: float, burst: int):
        self._per_s, self._burst = per_s, float(burst)
        self._tokens, self._at = float(burst), 0.0

    def wait_s(self, now_s: float) -> float:
        """Takes one message. Seconds to wait before it is looked at; 0 for most."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now_s - self._at) * self._per_s)
        self._at = now_s
        self._tokens -= 1
        return max(0.0, -self._tokens / self._per_s)
