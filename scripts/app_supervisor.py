"""What stands for Home Assistant's Supervisor where its app is tried without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
import json
from queue import Queue
from threading import Thread
from typing import Any

from fresh_root import UnavailableError


@contextmanager
def supervisor() -> Iterator["Queue[dict[str, Any]]"]:
    """Answer at port 80 of this machine, as apps expect it; yield what it heard."""
    heard: Queue[dict[str, Any]] = Queue()

    class Answer(BaseHTTPRequestHandler):
        """Takes messages of discovery."""

        def do_POST(self) -> None:
            """Keep what an app says."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.put(json.loads(body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"result": "ok", "data": {}}')

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    try:
        server = HTTPServer(("127.0.0.1", 80), Answer)
    except OSError as err:
        raise UnavailableError(f"port 80 can't be had: {err.strerror}") from None
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
