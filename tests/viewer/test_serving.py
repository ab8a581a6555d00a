"""The command and the server, without a browser."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
import urllib.error
import urllib.request

import numpy as np
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from clearchirp.viewer.serving import origins
from tests.cli.conftest import run  # noqa: F401
from tests.viewer.conftest import served

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def answer(url: str) -> int:
    try:
        return urllib.request.urlopen(url, timeout=30).status
    except urllib.error.HTTPError as error:
        return error.code


def test_only_this_machine_and_only_this_page(simulated):
    with served(simulated) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        assert url == f"http://127.0.0.1:{port}/"
        if sys.platform == "linux":
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port), timeout=5)
        assert answer(url) == 200
        for path in ("etc/passwd", "..%2f..%2fetc/passwd",
                     str(simulated)):  # fmt: skip
            assert answer(url + path) in (403, 404), path

        async def code(origin: str) -> int:
            request = HTTPRequest(f"ws://127.0.0.1:{port}/ws", headers={"Origin": origin})
            try:
                connection = await websocket_connect(request, subprotocols=["bokeh", "x"])
                connection.close()
            except HTTPClientError as error:
                return error.code
            return 101

        assert asyncio.run(code("http://elsewhere.example")) == 403
        assert asyncio.run(code(f"http://elsewhere.example:{port}")) == 403
        assert asyncio.run(code("http://127.0.0.1:1")) == 403
        assert asyncio.run(code(f"http://127.0.0.1:{port}")) != 403


def test_names_of_this_machine():
    assert "0.0.0.0:1" in origins("0.0.0.0", 1)
    assert f"{socket.gethostname()}:1" in origins("0.0.0.0", 1)
    assert f"{socket.gethostname()}:1" not in origins("127.0.0.1", 1)
    assert "radar.example:1" in origins("radar.example", 1)


def test_a_port_that_is_taken(simulated, run):  # noqa: F811
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ran = run("view", simulated, "--no-browser", "--port", port)
    assert ran.code == 2
    assert f"--port {port}" in ran.line
    assert run("view", simulated, "--no-browser", "--port", 70000).code == 2


@pytest.mark.parametrize("damage", ["cut", "noise", "missing", "nan"])
def test_a_damaged_file_is_told_before_any_page(damage, simulated, run, tmp_path):  # noqa: F811
    path = tmp_path / "damaged.npz"
    if damage == "cut":
        path.write_bytes(simulated.read_bytes()[:100_000])
    elif damage == "noise":
        path.write_bytes(bytes(range(256)) * 40)
    elif damage == "nan":
        np.savez(path, beat=np.full((8, 64), np.nan, np.complex64))
    ran = run("view", path, "--no-browser")
    assert ran.code == 2
    assert "damaged.npz" in ran.line


def test_without_the_extra(simulated, run, monkeypatch):  # noqa: F811
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "bokeh" else find(name)
    )
    ran = run("view", simulated)
    assert ran.code == 2
    assert "pip install 'clearchirp[viewer]'" in ran.line
