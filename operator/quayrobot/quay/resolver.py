"""
Which addresses does a name have, as seen from here?

The one place that asks the name service. That there is no such name is not the
same as an answer that did not come.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

from ..model.errors import Reason, TryLater
from ..model.world import Absent, HostSeen, Present, Unknown

__all__ = ["addresses_of"]

_NO_SUCH_NAME = {socket.EAI_NONAME, socket.EAI_NODATA}


async def addresses_of(host: str, port: int) -> HostSeen:
    """Return the addresses that *host* has now."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        return Absent()
    except OSError as error:
        if isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME:
            return Absent()
        msg = f"the name {host} cannot be looked up now"
        return Unknown(TryLater(Reason.QUAY_UNREACHABLE, msg))
    return Present(tuple(dict.fromkeys(ip_address(each[4][0]) for each in found)))
