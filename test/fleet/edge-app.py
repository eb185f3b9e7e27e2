#!/usr/bin/python3
"""Tells what came: the host and release that answer, the request's headers, how long its body is. /slow takes a second,
/long answers with forty megabytes more; an upgrade echoes."""
import json
import os
import re
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RELEASE = re.search(r"/releases/([^/]+)", os.path.realpath(__file__))[1]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.headers.get("Upgrade") == "websocket":
            self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            while line := self.rfile.readline():
                self.wfile.write(socket.gethostname().encode() + b":" + line)
            return
        if self.path == "/slow":
            time.sleep(1)
        received = len(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = {"host": socket.gethostname(), "release": RELEASE, "path": self.path, "headers": headers}
        answer |= {"received": received, "more": "x" * 40_000_000 if self.path == "/long" else ""}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


ThreadingHTTPServer.request_queue_size = 256
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
