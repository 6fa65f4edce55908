"""Users that go on asking while something else happens: as `wrk` would, but with a client certificate."""

import http.client
import ssl
import threading
import time

import platform_fleet as fleet

# A client's connection serves so many requests before it makes a new one.
REQUESTS_PER_CONNECTION = 25


class Load:
    """`with Load(alice) as load:` runs users until the block ends; then `load.failures` says what failed and when."""

    def __init__(self, who, users=4, path="/api/notes", pause=0.1):
        self.who, self.users, self.path, self.pause = who, users, path, pause
        self.answered = 0
        self.failures = []
        self._end = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self):
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._user, daemon=True) for _ in range(self.users)]
        for thread in self._threads:
            thread.start()
        fleet.until("the load is answered", lambda: self.answered > 20, seconds=30)
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
                    status = self._ask(connection)
                except (ConnectionError, http.client.RemoteDisconnected, ssl.SSLError):
                    # A kept connection may be closed by the server between two requests (RFC 9112 section 9.3.1): a client asks
                    # again on a new one, once. A new connection that breaks is a failure.
                    if used == 0:
                        raise
                    connection, used = self._connect(), 0
                    status = self._ask(connection)
                # The server may say that an answer is the last one on a connection.
                used = REQUESTS_PER_CONNECTION if connection.sock is None else used + 1
                with self._lock:
                    if status == 200:
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
