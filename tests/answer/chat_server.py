"""A real HTTP server on loopback that speaks the OpenAI streaming protocol, and misbehaves as told."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[str], str]
"""What the model writes, given the last message it was sent."""
Script = Callable[["Exchange"], None]
"""What the server does with one request."""


class Exchange:
    """One request, and the ways to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        length = int(handler.headers.get("Content-Length", 0))
        self.messages: list[dict[str, Any]] = json.loads(handler.rfile.read(length))["messages"]
        self.prompt = str(self.messages[-1]["content"])
        self.closing = closing
        self._handler = handler

    def send(self, status: int, kind: str, body: bytes) -> None:
        """A whole response."""
        self.start(status, kind, ("Content-Length", str(len(body))))
        self._handler.wfile.write(body)

    def start(self, status: int, kind: str, *headers: tuple[str, str]) -> None:
        """The head of a response."""
        self._handler.send_response(status)
        for name, value in (("Content-Type", kind), *headers):
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def event(self, data: str) -> None:
        """One server-sent event, as a chunk of its own."""
        body = f"data: {data}\n\n".encode()
        self._handler.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")

    def begin_stream(self) -> None:
        """The head of a stream."""
        self.start(200, "text/event-stream", ("Transfer-Encoding", "chunked"))

    def piece(self, text: str, finish: str | None = None) -> None:
        """A piece of the model's text."""
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
        self.event(json.dumps({"id": "1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}))

    def end_stream(self) -> None:
        """The end of a stream."""
        self.piece("", "stop")
        self.event("[DONE]")
        self._handler.wfile.write(b"0\r\n\r\n")


class ChatServer:
    """Serves on a free port inside ``with``; ``script`` may be changed any time, ``exchanges`` keeps the requests."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.exchanges: list[Exchange] = []
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> ChatServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        chat = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                exchange = Exchange(self, chat._closing)
                chat.exchanges.append(exchange)
                chat.script(exchange)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Silent."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is no error here."""


def says(reply: Reply | str, pause: float = 0.0) -> Script:
    """Streams a text in small pieces, ``pause`` seconds apart."""

    def script(exchange: Exchange) -> None:
        exchange.begin_stream()
        for piece in _pieces(reply, exchange.prompt):
            exchange.piece(piece)
            if exchange.closing.wait(pause):
                return
        exchange.end_stream()

    return script


def drops_after(reply: Reply | str, share: float) -> Script:
    """Streams a share of a text and cuts the connection."""

    def script(exchange: Exchange) -> None:
        exchange.begin_stream()
        pieces = _pieces(reply, exchange.prompt)
        for piece in pieces[: int(len(pieces) * share)]:
            exchange.piece(piece)

    return script


def hangs(reply: str = "", share: float = 0.0) -> Script:
    """Streams a share of a text, then nothing more; with none, not even a head."""

    def script(exchange: Exchange) -> None:
        if share:
            drops_after(reply, share)(exchange)
        exchange.closing.wait(30)

    return script


def sends(status: int, kind: str, body: str) -> Script:
    """Answers with that, whatever was asked."""
    return lambda exchange: exchange.send(status, kind, body.encode())


def fails(status: int) -> Script:
    """Answers with an error as OpenAI's servers word it."""
    return sends(status, "application/json", json.dumps({"error": {"message": "no", "type": "error", "code": "no"}}))


def garbles() -> Script:
    """Streams events that are no JSON."""

    def script(exchange: Exchange) -> None:
        exchange.begin_stream()
        exchange.event("{not json")
        exchange.end_stream()

    return script


def in_turn(*scripts: Script) -> Script:
    """One script for each request, the last one for all further ones."""
    left = list(scripts)

    def script(exchange: Exchange) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        now(exchange)

    return script


def number_of(prompt: str, text: str) -> int:
    """The number by which a passage stands in a prompt."""
    flat = text.translate(str.maketrans("<>[]", "‹›()"))
    line = next(line for line in prompt.splitlines() if flat in line)
    return int(line[1 : line.index("]")])


def _pieces(reply: Reply | str, prompt: str) -> list[str]:
    text = reply if isinstance(reply, str) else reply(prompt)
    return re.findall(r"\s*\S{1,6}", text)
