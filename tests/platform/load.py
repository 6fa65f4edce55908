"""Users that go on asking while something else happens: as `wrk` would, but with a client certificate."""

import http.client
import json
import ssl
import threading
import time

import platform_fleet as fleet

# A client's connection serves so many requests before it makes a new one.
REQUESTS_PER_CONNECTION = 25


class Load:
    """`with Load(alice) as load:` runs users until the block ends; then `load.failures` says what failed and when.

    A connection begins by writing a note, which nobody on the way may ask twice; the requests after it read. `load.again` counts
    those that were asked once more because a kept connection had been closed.
    """

    def __init__(self, who, users=4, path="/api/notes", pause=0.1):
        self.who, self.users, self.path, self.pause = who, users, path, pause
        self.answered = self.again = 0
        self.failures = []
        self._end = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self):
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._user, daemon=True) for _ in range(self.users)]
        for thread in self._threads:
            thread.start()
        try:
            fleet.until("the load is answered", lambda: self.answered > 20, seconds=30)
        except AssertionError as error:
            self._end.set()
            raise AssertionError(f"{error}; {self.answered} answered, failed: {self.failures[:5]}") from error
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join(30)
        self.seconds = time.monotonic() - self._began

    def _user(self):
        connection, used = None, 0
        while not self._end.is_set():
            try:
                if connection is None or used >= REQUESTS_PER_CONNECTION:
                    if connection is not None:
                        connection.close()
                    connection, used = self._connect(), 0
                try:
                    status = self._write(connection) if used == 0 else self._ask(connection)
                except (ConnectionError, http.client.RemoteDisconnected, ssl.SSLError):
                    # A kept connection may be closed by the server between two requests (RFC 9112 section 9.3.1): a client asks
                    # again on a new one, once. A new connection that breaks is a failure.
                    if used == 0:
                        raise
                    connection, used = self._connect(), 0
                    status = self._ask(connection)
                    with self._lock:
                        self.again += 1
                # The server may say that an answer is the last one on a connection.
                used = REQUESTS_PER_CONNECTION if connection.sock is None else used + 1
                with self._lock:
                    if status in (200, 201):
                        self.answered += 1
                    else:
                        self.failures.append((round(time.monotonic() - self._began, 2), f"status {status}"))
            except Exception as error:  # noqa: BLE001 - whatever it was, a user's request failed
                with self._lock:
                    self.failures.append((round(time.monotonic() - self._began, 2), repr(error)))
                connection = None
                time.sleep(0.05)
            time.sleep(self.pause)

    def _connect(self):
        connection = http.client.HTTPConnection(fleet.USERS_NAME, 443, timeout=15)
        connection.sock = fleet.connect("edge1", 443, fleet.USERS_NAME, self.who, timeout=15)
        return connection

    def _ask(self, connection):
        connection.request("GET", self.path)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def _write(self, connection):
        connection.request("POST", self.path, body=json.dumps({"text": "written under load"}), headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
