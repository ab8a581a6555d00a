"""The server behind the page: on this machine alone unless told otherwise."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.document import Document
from bokeh.resources import Resources
from bokeh.server.server import BaseServer
from bokeh.server.tornado import BokehTornado
from bokeh.server.util import bind_sockets
from bokeh.server.views.static_handler import StaticHandler
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

from clearchirp.io.capture import Capture
from clearchirp.types import InputError
from clearchirp.viewer.computing import Source
from clearchirp.viewer.page import Page

FIRST_PORT = 5006
_PORTS = 20
_FORGET_AFTER = 15_000
"""Milliseconds in which a page whose connection was lost finds its session again."""


class Viewer:
    """Serves the page of a recording.

    Parameters
    ----------
    capture
        The recording: nothing else is read.
    file, reading
        How the command named and opened it.
    host
        Address to listen on; the loopback by default.
    port
        By default the first free one from 5006 on.

    Raises
    ------
    InputError
        For an address or a port that cannot be had.
    """

    def __init__(
        self,
        capture: Capture,
        file: str,
        reading: Mapping[str, Any],
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
    ) -> None:
        for name in ("bokeh", "tornado.access", "tornado.application"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        source = Source(capture)
        self._pages: set[Page] = set()

        def modify(document: Document) -> None:
            page = Page(document, source, file, reading)
            self._pages.add(page)
            document.on_session_destroyed(lambda context: self._forget(page))

        application = Application(FunctionHandler(modify))
        self._server, port = _listening(application, host, port)
        shown = "127.0.0.1" if _is_any(host) else host
        self.url = f"http://{_bracketed(shown)}:{port}/"

    @property
    def loop(self) -> IOLoop:
        """The loop that answers; it belongs to the thread that made the viewer."""
        return self._server.io_loop

    def run(self, ready: Callable[[str], object], *, browser: bool = True) -> None:
        """Serve until Ctrl-C; `ready` is told the address first. For the main thread."""
        if browser:
            self.loop.add_callback(webbrowser.open, self.url)
        with _stopped_by_signals(self.loop) as received:
            self.serve(ready)
        if signal.SIGTERM in received:
            sys.exit(128 + signal.SIGTERM)

    def serve(self, ready: Callable[[str], object]) -> None:
        """Serve until the loop is stopped; `ready` is told the address first."""
        self._server.start()
        ready(self.url)
        try:
            self.loop.start()
        finally:
            self.close()

    def close(self) -> None:
        """End every page, and what it does."""
        for page in list(self._pages):
            page.close()
            page.stop_saving()
        self._server.stop()

    def _forget(self, page: Page) -> None:
        page.close()
        # Who closes a page need not wait for what it writes; who ends the server must.
        self._pages = {one for one in self._pages if one is not page or one.saving}


class _Pages(BokehTornado):
    """Bokeh's server, which sends the scripts that the page needs, itself, and no others."""

    def resources(self, absolute_url: str | bool | None = None) -> Resources:
        """Return which scripts a page loads, and from where: from here, whatever is set."""
        del absolute_url
        return Resources(
            mode="server",
            root_url="/",
            path_versioner=StaticHandler.append_version,
            components=["bokeh", "bokeh-widgets"],
        )


@contextmanager
def _stopped_by_signals(loop: IOLoop) -> Iterator[list[int]]:
    """Have Ctrl-C and SIGTERM stop the loop; gives the list of the signals that came.

    An exception from a signal would be lost where it meets the collector of garbage at work.
    """
    received: list[int] = []
    # Of all ways to call into a loop the one that wakes it up out of a signal's handler.
    waking: Any = getattr(loop, "asyncio_loop")  # noqa: B009

    def stop(number: int, frame: object) -> None:
        received.append(number)
        waking.call_soon_threadsafe(loop.stop)

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _listening(application: Application, host: str, port: int | None) -> tuple[BaseServer, int]:
    candidates = [port] if port is not None else [*range(FIRST_PORT, FIRST_PORT + _PORTS), 0]
    for candidate in candidates:
        try:
            _try(host, candidate)
            sockets, taken = bind_sockets(host, candidate)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            text = error.strerror or str(error)
            raise InputError(f"--host {host} --port {candidate}: {text}") from None
        pages = _Pages(
            {"/": application},
            extra_websocket_origins=sorted(origins(host, taken)),
            check_unused_sessions_milliseconds=1000,
            unused_session_lifetime_milliseconds=_FORGET_AFTER,
        )
        http = HTTPServer(pages)
        http.add_sockets(sockets)
        return BaseServer(IOLoop.current(), pages, http), taken
    raise InputError(f"--port: all ports from {FIRST_PORT} on are taken; give one")


def _try(host: str, port: int) -> None:
    """Raise `OSError` where a port is taken: the library would leave its socket open."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        if os.name == "posix":
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind(address)


def origins(host: str, port: int) -> set[str]:
    """Return from which pages the server takes messages: its own, by any name of this machine.

    >>> sorted(origins("127.0.0.1", 5006))
    ['127.0.0.1:5006', '[::1]:5006', 'localhost:5006']
    """
    names = {"127.0.0.1", "localhost", "::1"}
    if not _is_loopback(host):
        names.add(host)
    if _is_any(host):
        names |= {socket.gethostname(), socket.getfqdn(), *_addresses()}
    return {f"{_bracketed(name)}:{port}" for name in names}


def _addresses() -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None)}
    except OSError:
        return set()


def _is_any(host: str) -> bool:
    return host in ("", "0.0.0.0", "::")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
