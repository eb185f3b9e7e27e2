"""Keep-alive clients and a websocket against an address, for some seconds. Prints one JSON object of what they saw.

usage: load.py HOST:PORT SECONDS CLIENTS
"""
import asyncio
import base64
import json
import os
import sys
import time

host, port = sys.argv[1].split(":")
until = time.monotonic() + float(sys.argv[2])
seen = {"requests": 0, "failed": [], "flips": 0, "releases": [], "echoes": 0, "websocket": ""}


def note(release):
    if release not in seen["releases"]:
        seen["releases"].append(release)


async def client(number):
    reader = writer = None
    count = 0
    last = None
    while time.monotonic() < until:
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(host, int(port))
            body = b"x%d" % count if number % 3 == 0 else b""
            method = b"POST" if body else b"GET"
            writer.write(b"%s / HTTP/1.1\r\nHost: load\r\nContent-Length: %d\r\n\r\n" % (method, len(body)) + body)
            status = await reader.readline()
            size = 0
            close = False
            while (line := await reader.readline()) != b"\r\n":
                if not line:
                    raise ConnectionError("closed in the headers")
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split(b":")[1])
                close = close or line.lower().startswith(b"connection: close")
            answer = (await reader.readexactly(size)).decode().split()
            seen["requests"] += 1
            count += 1
            if b" 200 " not in status or (body and answer[1] != body.decode()):
                raise ConnectionError(status.decode().strip())
            note(answer[0])
            if number == 0 and last not in (None, answer[0]):
                seen["flips"] += 1
            last = answer[0]
            if close:  # nginx ends a connection politely after keepalive_requests (RFC 9112, 9.6)
                writer.close()
                writer = None
        except (OSError, asyncio.IncompleteReadError, IndexError, ValueError) as problem:
            seen["failed"].append(str(problem))
            writer = None
    if writer:
        writer.close()


async def websocket():
    reader, writer = await asyncio.open_connection(host, int(port))
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(b"GET /ws HTTP/1.1\r\nHost: load\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 + f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    try:
        while time.monotonic() < until:
            mask = os.urandom(4)
            writer.write(b"\x81\x84" + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(b"ping")))
            head = await reader.readexactly(2)
            seen["websocket"] = (await reader.readexactly(head[1])).decode()
            seen["echoes"] += 1
            await asyncio.sleep(0.05)
    except (OSError, asyncio.IncompleteReadError) as problem:
        seen["failed"].append(f"websocket: {problem!r}")
    writer.close()


async def main():
    await asyncio.gather(websocket(), *(client(i) for i in range(int(sys.argv[3]))))
    seen["failures"] = len(seen["failed"])
    seen["failed"] = seen["failed"][:5]
    print(json.dumps(seen))


asyncio.run(main())
