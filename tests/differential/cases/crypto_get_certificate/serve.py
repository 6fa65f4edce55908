"""Servers for the case, each on a port of its own; the ports are written to the file "ports"."""

import json
import os
import socket
import ssl
import threading

here = os.path.dirname(os.path.abspath(__file__))


def context(name, **chosen):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(f"{here}/files/{name}.pem", f"{here}/files/{name}.key")
    for option, value in chosen.items():
        setattr(made, option, value)
    return made


def chained():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(f"{here}/chain.pem", f"{here}/files/server.key")
    return made


def by_name():
    made = context("server")
    other = context("self")

    def choose(sock, name, _):
        if name == "other.example.org":
            sock.context = other

    made.sni_callback = choose
    return made


def client():
    made = context("self", verify_mode=ssl.CERT_REQUIRED, minimum_version=ssl.TLSVersion.TLSv1_3)
    made.load_verify_locations(f"{here}/files/ca.pem")
    return made


def tls(made):
    def serve(sock):
        with made.wrap_socket(sock, server_side=True) as wrapped:
            wrapped.recv(1)

    return serve


def mysql(sock):
    sock.sendall(b"\x05\x00\x00\x00\x0ahello")
    request = sock.recv(36, socket.MSG_WAITALL)
    if request[:9] == b"\x20\x00\x00\x01\x85\xae\x7f\x00\x00" and len(request) == 36:
        tls(context("server"))(sock)


def proxy(sock):
    asked = sock.recv(8192).decode()
    host, port = asked.split()[1].rsplit(":", 1)
    with socket.create_connection((host, int(port))) as there:
        sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        threading.Thread(target=pump, args=(there, sock), daemon=True).start()
        pump(sock, there)


def pump(here, there):
    try:
        while part := here.recv(8192):
            there.sendall(part)
    except OSError:
        pass


def plain(sock):
    sock.sendall(b"220 hello, this is no TLS at all\r\n")
    sock.recv(8192)


def silent(sock):
    while sock.recv(8192):
        pass


def listen(serve):
    listener = socket.create_server(("127.0.0.1", 0))

    def one(sock):
        with sock:
            try:
                serve(sock)
            except (OSError, ValueError):
                pass

    def loop():
        while True:
            threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    return listener.getsockname()[1]


with open(f"{here}/chain.pem", "w") as whole:
    for name in ("server", "ca"):
        with open(f"{here}/files/{name}.pem") as part:
            whole.write(part.read())
closed = socket.create_server(("127.0.0.1", 0))
ports = {
    "server": listen(tls(context("server"))),
    "chain": listen(tls(chained())),
    "self": listen(tls(context("self"))),
    "old": listen(tls(context("self", maximum_version=ssl.TLSVersion.TLSv1_2))),
    "names": listen(tls(by_name())),
    "client": listen(tls(client())),
    "mysql": listen(mysql),
    "proxy": listen(proxy),
    "plain": listen(plain),
    "silent": listen(silent),
    "closed": closed.getsockname()[1],
}
closed.close()
with open(f"{here}/ports.new", "w") as file:
    json.dump(ports, file)
os.rename(f"{here}/ports.new", f"{here}/ports")
threading.Event().wait()
