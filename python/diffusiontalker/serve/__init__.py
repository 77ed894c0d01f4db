"""The network server: speech in over WebSocket or HTTP, frames out (docs/reference/server.md has the protocol).

Starlette and uvicorn are imported by app, connection, files and run only, so that the rest works without them."""
