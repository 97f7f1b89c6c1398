"""A way to a server that loses answers, as a failing network does."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SOCKET = ".s.PGSQL.5432"


class CutAnswers:
    """Forwards connections to `server`, and cuts those that send a statement.

    The statement reaches the server; its answer never comes back. It happens `left`
    times.
    """

    def __init__(self, folder: Path, server: str, statement: bytes) -> None:
        self._target = f"{parse_qs(urlsplit(server).query)['host'][0]}/{SOCKET}"
        self._statement, self.left = statement, 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen()
        self.uri = urlsplit(server)._replace(query=f"host={folder}").geturl()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            answers = threading.Thread(
                target=self._forward_answers, args=(server, client), daemon=True
            )
            answers.start()
            threading.Thread(
                target=self._forward, args=(client, server, answers), daemon=True
            ).start()

    def _forward(
        self, client: socket.socket, server: socket.socket, answers: threading.Thread
    ) -> None:
        while data := client.recv(65536):
            if self.left and self._statement in data:
                self.left -= 1
                client.shutdown(socket.SHUT_RDWR)
                server.sendall(data)
                server.shutdown(socket.SHUT_WR)
                answers.join()  # the server closes once it has done its work
                break
            server.sendall(data)
        server.close()
        client.close()

    @staticmethod
    def _forward_answers(server: socket.socket, client: socket.socket) -> None:
        try:
            while data := server.recv(65536):
                try:
                    client.sendall(data)
                except OSError:
                    continue  # nobody listens any more; the server still works
        except OSError:
            return
