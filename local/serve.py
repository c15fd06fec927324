"""Run LocalEmu in this process, on loopback alone.

LocalEmu 1.3.2 binds every interface whatever GATEWAY_LISTEN says (`runtime/server/twisted.py`: "TODO: interface =
host?"), so the endpoint that it makes is given its interface here, before it is imported.
"""

import functools

from twisted.internet import endpoints


def main() -> None:
    """Serve until SIGTERM. All settings come from the environment (`local.server`)."""
    endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")
    from localemu.runtime.main import main as run  # reads the environment when imported

    run()


if __name__ == "__main__":
    main()
