"""
How large may a page of a list be?

An object has up to a mebibyte and a half, and anybody can label Secrets as ours are: a
hundred large ones on one page would take more memory than the process has. So a page
is read up to a cap, and one that is larger is asked for again with fewer objects.
"""

from __future__ import annotations

import aiohttp

__all__ = ["PAGE_BYTES", "PageLimit", "TooLargeError", "read_capped"]

# Five hundred of our own Secrets or QuayRobots have 1 to 4 MiB.
PAGE_BYTES = 16 * 2**20
FEWER = 8


class TooLargeError(Exception):
    """A page is larger than PAGE_BYTES; it was not read to its end."""


class PageLimit:
    """How many objects are asked for at once: *most* at first, fewer while they are large."""

    def __init__(self, most: int) -> None:
        self._most = self.now = most

    @property
    def cap(self) -> int | None:
        """How many bytes a page may have; None for that of a single object."""
        return PAGE_BYTES if self.now > 1 else None

    def too_large(self) -> None:
        """Note that the page was larger."""
        self.now = max(1, self.now // FEWER)

    def fitted(self, size: int) -> None:
        """Note that the page had *size* bytes."""
        if size < PAGE_BYTES // FEWER:
            self.now = min(self._most, self.now * 2)


async def read_capped(response: aiohttp.ClientResponse, cap: int | None) -> bytes:
    """
    Return the body of *response*, which nobody has read yet.

    Raises:
        TooLargeError: It has more than *cap* bytes.
        aiohttp.ClientError: It was cut off.
    """
    try:
        return await _read(response, cap)
    except BaseException:
        # What is left of the answer must not be taken for the next one's.
        response.close()
        raise


async def _read(response: aiohttp.ClientResponse, cap: int | None) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if cap is not None and len(body) > cap:
            raise TooLargeError
    return bytes(body)
