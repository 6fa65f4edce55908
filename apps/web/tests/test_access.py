"""Who is let in, and for what."""

import pytest

EVERYTHING = ["/", "/api/whoami", "/api/notes", "/api/connection", "/metrics", "/healthz", "/readyz", "/nothing-here"]


@pytest.mark.parametrize("path", EVERYTHING)
@pytest.mark.parametrize(
    "peer",
    [
        None,
        "grafana.monitor1.fleet.test",
        "nginx.edge1.fleet.test.evil.test",
        "evil-nginx.edge1.fleet.test",
        "nginx.edge1.other.test",
        "ann.users.fleet.test",
    ],
)
def test_a_peer_that_no_pattern_names_gets_nothing(world, path, peer):
    assert world.ask("GET", path, peer, "root").status_code == 403


def test_a_connection_without_tls_gets_nothing(world):
    client = world.app.test_client()
    headers = {"X-Client-Verify": "SUCCESS", "X-Client-CN": "root.users.fleet.test"}
    assert {client.get(path, headers=headers).status_code for path in EVERYTHING} == {403}


@pytest.mark.parametrize(
    ("peer", "open_paths"),
    [
        ("nginx.edge1.fleet.test", {"/", "/api/whoami", "/api/notes", "/api/connection"}),
        ("prometheus.monitor1.fleet.test", {"/metrics"}),
        ("host.app1.fleet.test", {"/healthz", "/readyz"}),
    ],
)
def test_each_peer_gets_only_what_it_is_for(world, peer, open_paths):
    allowed = {path for path in EVERYTHING if world.ask("GET", path, peer, "root").status_code == 200}
    assert allowed == open_paths


def test_headers_from_another_peer_than_the_proxy_do_not_make_a_user(world):
    answer = world.ask("GET", "/api/notes", "prometheus.monitor1.fleet.test", "root")
    assert answer.status_code == 403


@pytest.mark.parametrize("word", ["NONE", "FAILED:certificate has expired", "success", ""])
def test_a_client_that_the_proxy_did_not_verify_is_refused(world, word):
    headers = {"X-Client-Verify": word, "X-Client-CN": "root.users.fleet.test"}
    answer = world.ask("GET", "/api/notes", headers=headers)
    assert answer.status_code == 403
    assert "did not verify" in answer.json["error"]["message"]


def test_a_verified_client_without_a_name_is_refused(world):
    assert world.ask("GET", "/api/notes", headers={"X-Client-Verify": "SUCCESS"}).status_code == 403


@pytest.mark.parametrize(
    ("user", "role", "statuses"),
    [
        ("bob", "reader", (200, 403, 403)),
        ("ann", "writer", (200, 201, 403)),
        ("root", "admin", (200, 201, 204)),
    ],
)
def test_a_role_may_do_what_those_before_it_may(world, user, role, statuses):
    world.ask("POST", "/api/notes", user="root", json={"text": "first"})
    assert world.ask("GET", "/api/whoami", user=user).json["role"] == role
    seen = (
        world.ask("GET", "/api/notes", user=user).status_code,
        world.ask("POST", "/api/notes", user=user, json={"text": "more"}).status_code,
        world.ask("DELETE", "/api/notes/1", user=user).status_code,
    )
    assert seen == statuses


def test_a_name_that_no_grant_matches_has_no_role(world):
    headers = {"X-Client-Verify": "SUCCESS", "X-Client-CN": "root.users.fleet.test.evil"}
    assert world.ask("GET", "/api/whoami", headers=headers).json["role"] is None
    answer = world.ask("GET", "/api/notes", headers=headers)
    assert answer.status_code == 403
    assert "needs the role reader, and has none" in answer.json["error"]["message"]
