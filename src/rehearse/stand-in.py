#!/usr/bin/python3
"""Stands in for an app in a rehearsal: answers every path with 200 and the name of its release.

A body that was posted comes back on the lines after it; a websocket answers each message with the release and the
message. It finds its slot by the path that it was started by (/opt/APP/SLOT/release/PROGRAM), or the one that is in its
environment where a process manager resolves links first, and the slot's port in /opt/vgen/apps; the words that the
inventory gives the app are not looked at.
"""
import base64
import glob
import hashlib
import os
import re
import select
import socket
import sys


def facts(file):
    """The assignments of a file of /opt/vgen/apps: plain words, or lists of plain words in brackets."""
    text = open(file, encoding="utf-8").read()
    return {name: value.strip("()'\"").split() for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)}


def own_port(started_as):
    slots = [
        (f"{app['dir'][0]}/{slot}/release/", f"/opt/vgen/apps/{app['app'][0]}/{slot}.sh")
        for app in map(facts, glob.glob("/opt/vgen/apps/*.sh")) for slot in app["slots"]
    ]
    for path in [started_as, *os.environ.values()]:
        for folder, file in slots:
            if f"{path}/".startswith(folder):
                return int(facts(file)["slot_port"][0])
    sys.exit(f"{started_as} is in no slot of an app in /opt/vgen/apps")


def own_release():
    return re.search(r"/releases/([^/]+)", os.path.realpath(__file__))[1].encode()


RELEASE = own_release()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s\n"
GREETING = ANSWER % (len(RELEASE) + 1, RELEASE)
UPGRADE = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Accept: %s\r\n\r\n")
HEADER = re.compile(rb"\r\n(content-length|connection|transfer-encoding|sec-websocket-key): *([^\r]*)", re.IGNORECASE)


class Connection:
    """One connection. Its socket blocks, but is read only when there is something to read, and answers are short."""

    def __init__(self, peer):
        self.peer = peer
        self.waiting = b""
        self.is_open = True
        self.is_websocket = False

    def read(self):
        """Takes in what came and answers it; False when the connection has ended."""
        try:
            data = self.peer.recv(65536)
            self.waiting += data
            self.is_open = data != b""
            while self.is_open and self.waiting and (self.message() if self.is_websocket else self.request()):
                pass
        except OSError:
            self.is_open = False
        if not self.is_open:
            self.peer.close()
        return self.is_open

    def request(self):
        """Answers one request if it is there whole; whether there may be another."""
        end = self.waiting.find(b"\r\n\r\n")
        if end < 0:
            return False
        headers = {name.lower(): value for name, value in HEADER.findall(self.waiting, 0, end + 2)}
        if b"sec-websocket-key" in headers:
            key = headers[b"sec-websocket-key"] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            self.peer.sendall(UPGRADE % base64.b64encode(hashlib.sha1(key).digest()))
            self.waiting = self.waiting[end + 4:]
            self.is_websocket = True
            return True
        if b"transfer-encoding" in headers:
            self.peer.sendall(b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.is_open = False
            return False
        size = int(headers.get(b"content-length", 0))
        if len(self.waiting) < end + 4 + size:
            return False
        if size:
            text = RELEASE + b"\n" + self.waiting[end + 4:end + 4 + size]
            self.peer.sendall(ANSWER % (len(text) + 1, text))
        else:
            self.peer.sendall(GREETING)
        self.waiting = self.waiting[end + 4 + size:]
        if headers.get(b"connection", b"").lower() == b"close":
            self.is_open = False
            return False
        return True

    def message(self):
        """Answers one frame, RFC 6455 section 5.2; frames of clients are masked, and here shorter than 126 bytes."""
        if len(self.waiting) < 6:
            return False
        size = self.waiting[1] & 127
        if size > 125 or len(self.waiting) < 6 + size:
            if size > 125:
                self.is_open = False
            return False
        mask = self.waiting[2:6]
        text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.waiting[6:6 + size]))
        kind = self.waiting[0] & 15
        self.waiting = self.waiting[6 + size:]
        if kind == 8:
            self.peer.sendall(b"\x88\x00")
            self.is_open = False
        elif kind == 9:
            self.peer.sendall(bytes((0x8A, size)) + text)
        elif kind in (1, 2):
            answer = RELEASE + b" " + text
            if len(answer) < 126:
                self.peer.sendall(bytes((0x80 | kind, len(answer))) + answer)
            else:
                self.peer.sendall(bytes((0x80 | kind, 126)) + len(answer).to_bytes(2, "big") + answer)
        return kind != 8


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", own_port(os.path.abspath(sys.argv[0]))))
    listener.listen(1024)
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    connections = {}
    while True:
        for number, _ in poll.poll():
            if number != listener.fileno():
                if not connections[number].read():
                    del connections[number]
                continue
            try:
                peer, _ = listener.accept()
            except OSError:
                continue  # gone before it was taken
            connections[peer.fileno()] = Connection(peer)
            poll.register(peer, select.EPOLLIN)


main()
