"""Datagrams to one receiver, which may come and go."""

from __future__ import annotations

import contextlib
import socket

from diffusiontalker.errors import OutputError
from diffusiontalker.senders.base import FaceFrame, Sender


class UdpSender(Sender):
    """A sender whose frame is one datagram or a few. Raises OutputError when the host has no address."""

    def __init__(self, kind: str, host: str, port: int):
        super().__init__(f"{kind} {host}:{port}")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as e:
            raise OutputError(
                f"{host}:{port} has no address: {getattr(e, 'strerror', None) or e}; name another host"
            ) from e
        family, self._address = found[0][0], found[0][4]
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)

    def datagrams(self, frame: FaceFrame) -> list[bytes]:
        raise NotImplementedError

    def send(self, frame: FaceFrame) -> None:
        try:
            for datagram in self.datagrams(frame):
                self._socket.sendto(datagram, self._address)
        except OSError as e:  # no network, no room in the queue of the system
            self.n_lost += 1
            self.state = f"not sent: {e.strerror or e}"
            return
        self.n_sent += 1
        self.state = ""

    def close(self) -> None:
        self._socket.close()
