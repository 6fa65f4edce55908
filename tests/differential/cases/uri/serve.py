"""A server that answers as the path says; a second one speaks TLS, a third listens on a Unix socket."""

import base64
import gzip
import hashlib
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def version_string(self):
        return "test"

    def date_time_string(self, timestamp=None):
        return "Thu, 01 Jan 1970 00:00:00 GMT"

    def address_string(self):
        return "client"

    def answer(self, status, body=b"", headers=(), reason=None):
        self.send_response(status, reason)
        for name, value in headers:
            self.send_header(name, value)
        if "Content-Length" not in dict(headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def echo(self, body, status=200, more=()):
        headers = [[k, v.replace(str(self.port()), "PORT")] for k, v in self.headers.items()]
        seen = {"method": self.command, "path": self.path.replace(str(self.port()), "PORT"), "headers": headers}
        boundary = self.headers.get_param("boundary") or ""
        seen["body"] = body.decode("latin-1").replace(boundary, "BOUNDARY") if boundary else body.decode("latin-1")
        if boundary:
            for header in headers:
                header[1] = header[1].replace(boundary, "BOUNDARY")
                if header[0] == "Content-Length":
                    header[1] = "LENGTH"
        text = json.dumps(seen).encode()
        self.answer(status, text, [("Content-Type", "application/json"), *more])

    def port(self):
        return self.server.server_address[1] if isinstance(self.server.server_address, tuple) else 0

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = url.path.strip("/").split("/")[0]
        method = getattr(self, "do_" + (name or "echo").replace("-", "_"), None)
        if method is None:
            self.echo(body)
        else:
            method(url, query, body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = do_FOO = handle_any

    def do_status(self, url, query, body):
        self.answer(int(query["code"]), query.get("body", "the body").encode(), reason=query.get("reason"))

    def do_type(self, url, query, body):
        content = base64.b64decode(query["content"]) if "content" in query else b"text"
        headers = [("Content-Type", query["type"])] if "type" in query else []
        self.answer(200, content, headers)

    def do_redirect(self, url, query, body):
        to = query.get("to", "/echo")
        if query.get("absolute"):
            to = "http://127.0.0.1:%s%s" % (self.port(), to)
        self.answer(int(query.get("code", 302)), b"moved", [("Location", to)] if to != "none" else [])

    def do_loop(self, url, query, body):
        self.answer(302, b"", [("Location", "/loop?n=%d" % (int(query.get("n", 0)) + 1))])

    def do_cookies(self, url, query, body):
        self.answer(302, b"", [("Location", "/echo"), ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=\"two\"; path=/echo"),
                               ("Set-Cookie", "gone=x; Max-Age=0"), ("Set-Cookie", "far=x; Domain=example.com")])

    def do_headers(self, url, query, body):
        self.answer(200, b"", [("X-Twice", "one"), ("x-twice", "two"), ("X-Latin", "caf\xe9"), ("Link", "</a>; rel=next")])

    def do_gzip(self, url, query, body):
        self.answer(int(query.get("code", 200)), gzip.compress(b"unpacked", mtime=0), [("Content-Encoding", "gzip")])

    def do_chunked(self, url, query, body):
        self.protocol_version = "HTTP/1.1"
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        for piece in (b"one ", b"two ", b"three"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if not query.get("broken"):
            self.wfile.write(b"0\r\n\r\n")

    def do_open(self, url, query, body):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"until the end")

    def do_short(self, url, query, body):
        self.answer(200, b"short", [("Content-Length", "50")])

    def do_drop(self, url, query, body):
        pass

    def do_garbage(self, url, query, body):
        self.wfile.write(b"SSH-2.0-nonsense\r\n")

    def do_slow(self, url, query, body):
        time.sleep(3)

    def do_basic(self, url, query, body):
        if self.headers.get("Authorization") == "Basic " + base64.b64encode(b"user:pass word").decode():
            self.echo(body)
        else:
            self.answer(401, b"who", [("WWW-Authenticate", query.get("challenge", 'Basic realm="r"'))])

    def do_digest(self, url, query, body):
        given = self.headers.get("Authorization", "")
        fields = dict(part.strip().split("=", 1) for part in given[7:].split(",") if "=" in part)
        fields = {name: value.strip('"') for name, value in fields.items()}
        h = lambda text: hashlib.md5(text.encode()).hexdigest()
        ha1, ha2 = h("user:r:pass word"), h("%s:%s" % (self.command, self.path))
        want = h(":".join([ha1, "n0nce", fields.get("nc", ""), fields.get("cnonce", ""), "auth", ha2]))
        if fields.get("response") == want:
            self.answer(200, b"welcome")
        else:
            self.answer(401, b"who", [("WWW-Authenticate", 'Digest realm="r", nonce="n0nce", qop="auth", opaque="o"')])

    def do_file(self, url, query, body):
        headers = [("Content-Disposition", query["as"])] if "as" in query else []
        self.answer(200, b"content of a file\n", headers)


class Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    pass


def tls(certificate, key, ask=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(HERE + "/tls/" + certificate, HERE + "/tls/" + key)
    if ask:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(HERE + "/tls/ca.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


servers = {
    "plain": http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler),
    "tls": tls("server.pem", "server.key"),
    "own": tls("self.pem", "self.key"),
    "ask": tls("server.pem", "server.key", ask=True),
}
for server in servers.values():
    server.handle_error = lambda *_: None
unix = Unix(HERE + "/sock", Handler)
unix.handle_error = lambda *_: None
threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in [*servers.values(), unix]]
for thread in threads:
    thread.start()
with open(HERE + "/ports.new", "w") as f:
    json.dump({name: server.server_address[1] for name, server in servers.items()}, f)
os.rename(HERE + "/ports.new", HERE + "/ports")
time.sleep(600)
