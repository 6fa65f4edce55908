"""Alive and ready are two questions."""

HOST = "host.app1.fleet.test"


def ready(world):
    answer = world.ask("GET", "/readyz", HOST)
    return answer.status_code, answer.json["checks"]


def test_ready_when_database_and_cache_answer(world):
    assert ready(world) == (200, {"database": "ok", "cache": "ok"})


def test_not_ready_without_the_database_but_alive(world):
    world.database.away = True
    assert ready(world) == (503, {"database": "OperationalError", "cache": "ok"})
    assert world.ask("GET", "/healthz", HOST).status_code == 200


def test_not_ready_without_the_cache_but_alive(world):
    world.redis.away = True
    assert ready(world) == (503, {"database": "ok", "cache": "ConnectionError"})
    assert world.ask("GET", "/healthz", HOST).status_code == 200


def test_not_ready_before_the_migrations_ran(world):
    for version in (None, 1):
        world.database.version = version
        assert ready(world) == (503, {"database": "MigrationsMissing", "cache": "ok"})


def test_ready_with_a_schema_of_the_next_version(world):
    world.database.version = world.app.config["SCHEMA"] + 1
    assert ready(world)[0] == 200
