"""A server that answers as the path says, and one that speaks TLS."""

import base64
import email.utils
import gzip
import http.server
import json
import os
import ssl
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
SUMS = """\
0000000000000000000000000000000000000000  other
7fe70820e08a1aac0ef224d9c66ab66831cc4ab1 *file
MD5 (dir/named.txt) = 0123
SHA1 (named.txt) = 7fe70820e08a1aac0ef224d9c66ab66831cc4ab1
"""


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def version_string(self):
        return "test"

    def date_time_string(self, timestamp=None):
        return "Thu, 01 Jan 1970 00:00:00 GMT"

    def answer(self, status, body=b"", headers=(), reason=None):
        self.send_response(status, reason)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name == "Content-Length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = url.path.strip("/").split("/")[0]
        since = self.headers.get("If-Modified-Since")
        if name == "sums":
            self.answer(200, SUMS.encode())
        elif name == "sum":
            self.answer(200, b"7fe70820e08a1aac0ef224d9c66ab66831cc4ab1\n")
        elif name == "old" and since and not self.headers.get("Cache-Control"):
            parsed = email.utils.parsedate_to_datetime(since).timestamp()
            self.answer(304 if parsed >= 1700000000 else 200, b"new content\n")
        elif name == "asked":
            named = ("Cache-Control", "If-Modified-Since", "User-Agent", "X-Mine", "Authorization", "Accept-Encoding")
            asked = [[k, v] for k, v in self.headers.items() if k in named]
            self.answer(200, json.dumps(asked).encode() + b"\n")
        elif name == "short":
            self.answer(200, b"short", [("Content-Length", "50")])
        elif name == "gzip":
            self.answer(200, gzip.compress(b"unpacked\n", mtime=0), [("Content-Encoding", "gzip")])
        elif name == "redirect":
            self.answer(302, b"", [("Location", query["to"])])
        elif name == "status":
            self.answer(int(query["code"]), b"body", reason=query.get("reason"))
        elif name == "basic" and self.headers.get("Authorization") != "Basic " + base64.b64encode(b"u:p").decode():
            self.answer(401, b"", [("WWW-Authenticate", 'Basic realm="r"')])
        elif name == "drop":
            pass
        else:
            headers = [("Content-Disposition", query["as"])] if "as" in query else []
            self.answer(200, b"content\n", headers)

    do_HEAD = do_GET


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(HERE + "/tls/server.pem", HERE + "/tls/server.key")
servers = {name: http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) for name in ("plain", "tls")}
servers["tls"].socket = context.wrap_socket(servers["tls"].socket, server_side=True)
for server in servers.values():
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
with open(HERE + "/ports.new", "w") as f:
    json.dump({name: server.server_address[1] for name, server in servers.items()}, f)
os.rename(HERE + "/ports.new", HERE + "/ports")
time.sleep(600)
