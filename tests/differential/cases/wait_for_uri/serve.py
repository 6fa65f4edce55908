import http.server, os, sys, threading


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def version_string(self):
        return "test"

    def date_time_string(self, timestamp=None):
        return "Thu, 01 Jan 1970 00:00:00 GMT"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type") or ""
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        import json
        self.wfile.write(json.dumps({"got": body.decode(), "kind": kind}).encode())


os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "www"))
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open("../port.new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename("../port.new", "../port")
threading.Timer(60, server.shutdown).start()
server.serve_forever()
