"""What answers at a URL may be anything: the probe says in a sentence what it is."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator

import pytest

from voicekit.tools.commands import probe as command
from voicekit.tools.probe import probe

Answering = Callable[[bytes], str]
PAGE = b"<!DOCTYPE html><html><head><title>Log in &amp; wait</title></head>" + b"<p>Hi</p>" * 2000


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
    return f"{head}\r\nConnection: close\r\n\r\n".encode() + body


def read_whole(sock: socket.socket) -> None:
    """Read a request to the end of its body."""
    data = b""
    while not data or (data.startswith(b"POST") and b"\r\n\r\n" not in data):
        data += sock.recv(1 << 16)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.I)
    while length and len(body) < int(length[1]):
        body += sock.recv(1 << 16)


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A server that sends the same bytes to whoever calls; its address without a scheme."""
    servers = []

    def start(data: bytes) -> str:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                read_whole(self.request)  # what is unread at the end resets the connection
                with contextlib.suppress(OSError):  # the probe has read enough
                    self.request.sendall(data)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_address[1]}/v1"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (http(PAGE, "Content-Type: text/html"), "a web page “Log in & wait” of 18"),
        (http(PAGE), "a web page “Log in & wait”"),
        (http(b"\n<!-- hi --> <HTML><body>x"), "a web page of"),
        (http(b"<?xml version='1.0'?><Error>"), "a web page of"),
        (http(PAGE, "Content-Type: text/html", status="404 Not Found"), "404 at http://"),
        (http(PAGE, "Content-Type: text/html", status="502 Bad Gateway"), "502: a web page “Log"),
        (http(b"\x89PNG\0\1" * 900, "Content-Type: image/png"), "a file of 5400 bytes"),
        (http(b"\1\0\2" * 9), "a file of 27 bytes that is no text (of no type)"),
        (http(b'{"error": {"message": "No key."}}', status="400 Bad Request"), "400: {"),
        (http(b"", "Location: https://other.example/", status="302 Found"), "a redirection to"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "what came is not HTTP"),
        (b"\x15\x03\x01\0\2\2\x46", "what came is not HTTP"),
        (b"", "the connection was closed without a response"),
    ],
)
def test_the_command_says_in_a_sentence_what_it_met(
    answering: Answering, capsys: pytest.CaptureFixture[str], data: bytes, says: str
) -> None:
    assert command.main([f"http://{answering(data)}"]) == 1
    printed = capsys.readouterr().out
    (row,) = [line for line in printed.splitlines() if line.startswith("path ")]
    assert says in row
    assert "<p>" not in printed.lower()
    assert "\0" not in printed


def test_tls_at_a_server_without_it_names_the_scheme(answering: Answering) -> None:
    row = probe(f"https://{answering(http(b''))}")["path"]
    assert row.says == "TLS failed: is it https that is spoken there, or http?"


@pytest.mark.parametrize("host", ["nobody.invalid", "a..b", "x" * 80 + ".invalid"])
def test_a_name_that_nobody_has_is_said_to_be_unknown(host: str) -> None:
    row = probe(f"http://{host}/v1")["path"]
    assert (row.outcome, row.says) == ("FAIL", "no machine of this name is known")


def test_a_body_without_end_is_cut_off_and_shown_in_short(answering: Answering) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + b"la la\n" * 900_000
    report = probe(f"http://{answering(endless)}", checks=["frames"])
    assert "frames" in report.failing
    assert "cut off by the probe after 4 MB" in report["frames"].response
    assert len(str(report)) + len(report["frames"].response) < 5000


def test_no_answer_moves_the_terminals_cursor(answering: Answering) -> None:
    data = http(b"\x1b[2J\x1b]0;title\x07 words", status="400 \x1b[31mBad")
    report = probe(f"http://{answering(data)}")
    told = str(report) + report["path"].response + report["path"].request
    assert "words" in told
    assert not {"\x1b", "\x07"} & set(told)
    assert "\\u001b" not in json.dumps(report.json())


def test_letters_beyond_ascii_in_a_path_are_sent_as_they_have_to_be(answering: Answering) -> None:
    row = probe(f"http://{answering(http(b'{}'))}/späte kopie".replace(" ", "%20"))["path"]
    assert "HTTP/1.1 200" in row.response
