# SPDX-License-Identifier: GPL-3.0-or-later
"""A bare HTTP server in a process of its own: ``/N`` answers a chat completion with N MB of GLB
as base64. Prints its port first. Ends when its standard input closes.
"""

from __future__ import annotations

import base64
import socket
import sys
import threading

PIECE = base64.b64encode(b"glTF" + bytes(range(256)) * 255 + b"12345")  # a multiple of 3 bytes
HEAD = b'{"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"message":{'
HEAD += b'"role":"assistant","content":"data:model/gltf-binary;base64,'
TAIL = b'"},"finish_reason":"stop"}],"usage":{"total_tokens":1}}'


def serve(connection: socket.socket) -> None:
    """Answer one request and close."""
    with connection:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65536)
        megabytes = int(request.split(b" ")[1].strip(b"/"))
        count = megabytes * 1_000_000 * 4 // 3 // len(PIECE)
        length = len(HEAD) + count * len(PIECE) + len(TAIL)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            + f"Content-Length: {length}\r\n\r\n".encode()
            + HEAD
        )
        for _ in range(count):
            connection.sendall(PIECE)
        connection.sendall(TAIL)


def main() -> None:
    """Accept until the parent is gone."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)

        def accept() -> None:
            while True:
                serve(server.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        sys.stdin.read()


if __name__ == "__main__":
    main()
