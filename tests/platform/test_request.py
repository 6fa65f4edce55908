"""A user's request goes through nginx and the app to PostgreSQL and Redis, and every hop shows a certificate."""

import json

import platform_fleet as fleet


def ask(who, path, **options):
    return fleet.http("edge1", 443, fleet.USERS_NAME, path, who, **options)


def test_a_request_with_a_client_certificate_reaches_database_and_cache(alice):
    status, headers, body = ask(alice, "/api/connection")
    assert status == 200, body
    said = json.loads(body)
    # What PostgreSQL itself says of the connection that served this request.
    assert "CN=app.app" in json.dumps(said).replace(" ", ""), said
    assert "TLSv1.3" in json.dumps(said), said


def test_answers_carry_the_security_headers(alice):
    _, headers, _ = ask(alice, "/")
    known = {name.lower(): value for name, value in headers.items()}
    assert known["strict-transport-security"].startswith("max-age=63072000")
    assert known["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in known and "x-request-id" in known
    assert "nginx/" not in known["server"]


def test_who_asks_too_often_is_told_so_and_let_in_again(alice):
    """Fifty a second and a hundred at once: more than that is answered with 429 before it reaches the app."""
    import http.client

    def first_refusal():
        for _ in range(10):
            connection = http.client.HTTPConnection(fleet.USERS_NAME, 443, timeout=10)
            connection.sock = fleet.connect("edge1", 443, fleet.USERS_NAME, alice)
            for _ in range(300):
                connection.request("GET", "/")
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    return answer.status
                if connection.sock is None:
                    break
            connection.close()
        return None

    assert first_refusal() == 429
    fleet.until("the user is let in again", lambda: ask(alice, "/")[0] == 200, seconds=20)


def test_http_2_is_spoken(alice):
    import socket
    context = fleet.context(alice)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection((fleet.ADDRESSES["edge1"], 443), timeout=5) as raw:
        with context.wrap_socket(raw, server_hostname=fleet.USERS_NAME) as stream:
            assert stream.selected_alpn_protocol() == "h2"


def test_plain_http_has_the_lists_and_authorities_and_nothing_else(applied):
    import http.client
    connection = http.client.HTTPConnection(fleet.ADDRESSES["edge1"], 80, timeout=5)
    for name in ("root.cer", "root.crl", "services-1.cer", "services-1.crl"):
        connection.request("GET", f"/pki/{name}", headers={"Host": f"pki.{fleet.DOMAIN}"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200 and body[:1] == b"\x30", name
    connection.request("GET", "/api/notes", headers={"Host": fleet.USERS_NAME})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 308
    assert answer.headers["Location"].startswith("https://")
