"""Does the proxy break what it says that it breaks?"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from .processes import wait_for
from .proxy import Bodies, Proxy

BODY = b"0123456789" * 10
EVENTS = 1000


class Server(BaseHTTPRequestHandler):
    """Answers BODY; a watch gets an event now and then until nobody reads."""

    def do_GET(self) -> None:
        self.send_response(200)
        if "watch" not in self.path:
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)
            return
        self.end_headers()
        try:
            for number in range(EVENTS):
                self.wfile.write(json.dumps({"number": number}).encode() + b"\n")
                self.wfile.flush()
                threading.Event().wait(0.02)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Proxy("quay", f"http://127.0.0.1:{server.server_port}") as proxy:
            yield proxy
        server.shutdown()


def fetched(proxy: Proxy) -> bytes:
    with urllib.request.urlopen(f"{proxy.url}/it", timeout=20) as answer:
        content: bytes = answer.read()
    return content


class Reader(threading.Thread):
    """Reads in the background: a watch, or one answer; *lines* are whole ones."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self.lines: list[bytes] = []
        self.broken = False
        self.start()

    def run(self) -> None:
        try:
            with urllib.request.urlopen(self._url, timeout=20) as answer:
                for line in answer:
                    self.lines.append(line)
        except (OSError, urllib.error.URLError):
            pass
        self.broken = len(self.lines) < EVENTS


def test_a_way_that_is_cut_lets_nobody_through_and_ends_watches(proxy: Proxy):
    watch = Reader(f"{proxy.url}/it?watch=true")
    wait_for(lambda: len(watch.lines) > 2, "events")

    proxy.lead("cut")

    wait_for(lambda: watch.broken, "the end of the watch")
    with pytest.raises(OSError, match=r"."):
        fetched(proxy)
    proxy.lead("open")
    assert fetched(proxy) == BODY


def test_a_silent_way_says_nothing_until_it_is_open(proxy: Proxy):
    watch = Reader(f"{proxy.url}/it?watch=true")
    wait_for(lambda: len(watch.lines) > 2, "events")
    proxy.lead("silent")
    asked = Reader(f"{proxy.url}/it")
    asked.join(0.5)

    assert asked.is_alive()

    proxy.lead("open")
    asked.join(20)
    assert asked.lines == []
    heard = len(watch.lines)
    wait_for(lambda: len(watch.lines) > heard + 2, "events that were held back")
    numbers = [json.loads(each)["number"] for each in watch.lines]
    assert numbers == [*range(len(numbers))]


@pytest.mark.parametrize("bodies", ["whole", "slow"])
def test_a_body_comes_whole_however_slowly(proxy: Proxy, bodies: Bodies):
    proxy.bodies, proxy.slow_s = bodies, 0.2

    assert fetched(proxy) == BODY


def test_a_body_is_torn_off(proxy: Proxy):
    proxy.bodies = "torn"

    with pytest.raises((OSError, HTTPException)):
        fetched(proxy)
