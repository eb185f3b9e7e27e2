#!/usr/bin/python3
"""A small real server in the place of the seed's Go program: HTTP/1.1 with keep-alive, POST, and websockets.

Release @RELEASE@. Wants REDIS_PASSWORD in its environment, and talks to Redis with it.
"""
import asyncio
import base64
import hashlib
import os
import sys

RELEASE = "@RELEASE@"


async def redis(command):
    reader, writer = await asyncio.open_connection(*os.environ["REDIS_HOST"].split(":"))
    for words in (["AUTH", os.environ["REDIS_PASSWORD"]], command):
        writer.write(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words))
        line = await reader.readline()
        if line[:1] == b"$" and line != b"$-1\r\n":
            line = await reader.readexactly(int(line[1:]) + 2)
    writer.close()
    return line.strip().decode()


async def websocket(reader, writer, key):
    accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
    while True:
        head = await reader.readexactly(2)
        size = head[1] & 127
        mask = await reader.readexactly(4)
        data = bytes(b ^ mask[i % 4] for i, b in enumerate(await reader.readexactly(size)))
        if head[0] & 15 == 8:
            return
        answer = f"{RELEASE} {data.decode()}".encode()
        writer.write(bytes([0x81, len(answer)]) + answer)


async def serve(reader, writer):
    try:
        while True:
            request = await reader.readline()
            if not request:
                return
            method, path, _ = request.decode().split(" ", 2)
            headers = {}
            while (line := await reader.readline()) not in (b"\r\n", b""):
                name, value = line.decode().split(":", 1)
                headers[name.lower()] = value.strip()
            if headers.get("upgrade") == "websocket":
                return await websocket(reader, writer, headers["sec-websocket-key"])
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            if path == "/health":
                text = "ok"
            elif path == "/redis":
                text = await redis(["GET", "greeting"])
            elif path == "/environment":
                text = "\n".join(f"{k}={v}" for k, v in sorted(os.environ.items()))
            elif path == "/headers":
                text = "\n".join(f"{k}: {v}" for k, v in sorted(headers.items()))
            else:
                text = f"{RELEASE} {body.decode()}".strip()
            payload = (text + "\n").encode()
            close = headers.get("connection", "").lower() == "close"
            connection = b"Connection: close\r\n" if close else b""
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (len(payload), connection) + payload)
            await writer.drain()
            if close:
                return
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    host, port = sys.argv[sys.argv.index("--addr") + 1].rsplit(":", 1)
    server = await asyncio.start_server(serve, host, int(port), backlog=1024)
    async with server:
        await server.serve_forever()


asyncio.run(main())
