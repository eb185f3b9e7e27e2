#!/usr/bin/python3
"""The tests' app: says who it is. The line below is replaced for each release; "sick" never gets
healthy, "brief" is healthy for two seconds."""
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = 'VERSION'


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        sick = VERSION == 'sick' and self.path == '/health'
        text = f"{VERSION} {os.environ['SLOT']} {os.environ['GREETING']}\n".encode()
        self.send_response(500 if sick else 200)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    allow_reuse_address = True


print(f'{VERSION} starts', flush=True)
if VERSION == 'dead':
    sys.exit('cannot go on')
if VERSION == 'brief':
    threading.Timer(2, lambda: os.write(2, b'out of memory\n') and os._exit(7)).start()
Server(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
