"""Notes: written, read, kept in the cache, removed."""

import pytest


def write(world, text="hello", user="ann", **more):
    return world.ask("POST", "/api/notes", user=user, json={"text": text}, **more)


def test_a_note_is_its_authors_whatever_the_body_says(world):
    answer = world.ask("POST", "/api/notes", user="ann", json={"text": "hello", "author": "root"})
    assert answer.status_code == 201
    assert answer.json["author"] == "ann.users.fleet.test"
    assert world.ask("GET", answer.headers["Location"], user="bob").json == answer.json


def test_the_second_look_at_a_page_comes_from_the_cache_and_a_write_ends_that(world):
    write(world, "one")
    seen = [world.ask("GET", "/api/notes", user="bob") for _ in range(2)]
    assert [answer.headers["X-Cache"] for answer in seen] == ["miss", "hit"]
    assert seen[0].json == seen[1].json
    write(world, "two")
    after = world.ask("GET", "/api/notes", user="bob")
    assert after.headers["X-Cache"] == "miss"
    assert [note["text"] for note in after.json["notes"]] == ["two", "one"]


def test_a_page_that_was_read_before_a_write_is_not_found_after_it(world):
    write(world, "one")
    cache = world.app.extensions["cache"]
    generation = cache.generation()
    write(world, "two")
    cache.put(generation, "page:50", ["stale"])
    assert len(world.ask("GET", "/api/notes", user="bob").json["notes"]) == 2


def test_without_the_cache_notes_are_read_and_written_all_the_same(world):
    world.redis.away = True
    assert write(world).status_code == 201
    answer = world.ask("GET", "/api/notes", user="bob")
    assert (answer.status_code, answer.headers["X-Cache"], len(answer.json["notes"])) == (200, "miss", 1)


def test_without_the_database_the_answer_says_to_try_again(world):
    world.database.away = True
    answer = world.ask("GET", "/api/notes", user="bob")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "refused" not in answer.text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"x"', b'{"text": 5}', b'{"text": ""}', b'{"text": "  "}', b'{"text": "a\\u0000b"}', b"{", b'{"note": "x"}']
)
def test_a_body_that_is_no_note_is_refused_with_how_it_should_be(world, body):
    answer = world.ask("POST", "/api/notes", user="ann", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert '{"text": "..."}' in answer.json["error"]["message"]
    assert not world.database.rows


def test_a_note_may_have_2000_characters_and_no_more(world):
    assert write(world, "ä" * 2000).status_code == 201
    assert write(world, "ä" * 2001).status_code == 400


def test_a_body_beyond_64_kib_is_refused(world):
    assert write(world, "x" * 70000).status_code == 413


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "٣", "", "99999999999999999999"])
def test_a_limit_that_is_none_is_refused(world, limit):
    assert world.ask("GET", f"/api/notes?limit={limit}", user="bob").status_code == 400


def test_a_limit_gives_the_newest(world):
    for number in range(3):
        write(world, f"note {number}")
    answer = world.ask("GET", "/api/notes?limit=2", user="bob")
    assert [note["text"] for note in answer.json["notes"]] == ["note 2", "note 1"]


def test_what_is_not_there_is_404_with_the_requests_identity(world):
    for method, path in [("GET", "/api/notes/7"), ("DELETE", "/api/notes/7"), ("GET", "/nothing-here")]:
        answer = world.ask(method, path, user="root", headers={"X-Request-ID": "abc-1"})
        assert answer.status_code == 404
        assert answer.json["error"]["request_id"] == "abc-1"


def test_the_connection_shows_what_the_database_sees_of_it(world):
    answer = world.ask("GET", "/api/connection", user="bob")
    assert answer.json["client_dn"] == "/O=Test/CN=app.app1.fleet.test"
    assert (answer.json["ssl"], answer.json["version"], answer.json["user"]) == (True, "TLSv1.3", "app")


def test_answers_are_not_kept_by_others_unless_they_say_so(world):
    assert world.ask("GET", "/api/notes", user="bob").headers["Cache-Control"] == "no-store"
