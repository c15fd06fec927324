"""Entry point: the server that GATEWAY_SERVER=threads names."""

import ssl
import threading
from typing import Any

from localemu.runtime.server.core import RuntimeServer, RuntimeServerPlugin


class ThreadsServerPlugin(RuntimeServerPlugin):  # type: ignore[misc] # LocalEmu is untyped
    """A thread for each connection (GATEWAY_SERVER=threads)."""

    name = "threads"

    def load(self, *_args: Any, **_kwargs: Any) -> RuntimeServer:
        """Return the server."""
        return ThreadsServer()


class ThreadsServer(RuntimeServer):  # type: ignore[misc] # LocalEmu is untyped
    """What LocalEmu expects of a server."""

    def __init__(self) -> None:
        self._servers: list[Any] = []
        self._ended = threading.Event()

    def register(self, gateway: Any, listen: list[Any], ssl_creds: tuple[str, str] | None = None) -> None:
        """Bind each address."""
        from rolo.gateway.wsgi import WsgiGateway

        from local.gateway.server import GatewayServer

        tls = None
        if ssl_creds:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(*ssl_creds)
        self._servers += [GatewayServer((one.host, one.port), WsgiGateway(gateway), tls) for one in listen]

    def run(self) -> None:
        """Serve until `shutdown`."""
        for server in self._servers:
            server.start()
        self._ended.wait()

    def shutdown(self) -> None:
        """Take no more connections."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._ended.set()
