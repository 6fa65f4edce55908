"""What is seen from outside: metrics, spans, logs."""

import json
import logging

from web import logs

PROMETHEUS = "prometheus.monitor1.fleet.test"


def samples(world):
    text = world.ask("GET", "/metrics", PROMETHEUS).text
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def test_requests_are_counted_by_route_so_that_clients_make_no_series(world):
    name = 'app_http_requests_total{method="GET",route="/api/notes/<int:number>",status="404"}'
    before = float(samples(world).get(name, 0))
    for number in (1, 2, 3):
        world.ask("GET", f"/api/notes/{number}", user="bob")
    world.ask("GET", "/made/up/by/a/client", user="bob")
    after = samples(world)
    assert float(after[name]) == before + 3
    assert not [series for series in after if "made/up" in series]


def test_refused_requests_are_counted_too(world):
    name = 'app_http_requests_total{method="GET",route="/api/notes",status="403"}'
    before = float(samples(world).get(name, 0))
    world.ask("GET", "/api/notes", "grafana.monitor1.fleet.test")
    assert float(samples(world)[name]) == before + 1


def test_no_request_stays_at_work(world):
    world.ask("GET", "/api/notes", user="bob")
    world.ask("GET", "/api/notes", None)
    # The scrape itself is at work while it counts.
    assert float(samples(world)["app_http_requests_in_progress"]) == 1


def test_a_request_goes_on_with_the_callers_trace_and_its_calls_are_below_it(world):
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    world.ask("GET", "/api/notes", user="bob", headers={"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"})
    world.app.extensions["tracer_provider"].force_flush()
    spans = {span.name: span for span in world.spans.get_finished_spans()}
    assert set(spans) == {"GET /api/notes", "GET", "SELECT notes"}
    assert {f"{span.context.trace_id:032x}" for span in spans.values()} == {trace_id}
    parent = spans["GET /api/notes"]
    assert f"{parent.parent.span_id:016x}" == "b7ad6b7169203331"
    assert spans["SELECT notes"].parent.span_id == parent.context.span_id
    assert parent.attributes["http.response.status_code"] == 200
    assert parent.attributes["user.name"] == "bob.users.fleet.test"


def test_health_checks_and_scrapes_make_no_spans(world):
    world.ask("GET", "/healthz", "host.app1.fleet.test")
    world.ask("GET", "/metrics", PROMETHEUS)
    world.app.extensions["tracer_provider"].force_flush()
    assert world.spans.get_finished_spans() == ()


def lines(caplog):
    return [json.loads(logs.Formatter().format(record)) for record in caplog.records if record.name == "web.access"]


def test_a_request_is_one_line_with_who_asked_and_its_identity(world, caplog):
    with caplog.at_level(logging.INFO):
        # The line is made while the request is at hand, so format it there.
        seen = []
        handler = logging.Handler()
        handler.emit = lambda record: seen.append(json.loads(logs.Formatter().format(record)))
        logs.access.addHandler(handler)
        try:
            world.ask("POST", "/api/notes", user="ann", json={"text": "x"}, headers={"X-Request-ID": "r-1", "X-Forwarded-For": "10.0.0.9"})
        finally:
            logs.access.removeHandler(handler)
    (line,) = seen
    assert line["request_id"] == "r-1"
    assert line["client"] == "ann.users.fleet.test"
    assert line["peer"] == "nginx.edge1.fleet.test"
    assert (line["method"], line["path"], line["status"], line["forwarded_for"]) == ("POST", "/api/notes", 201, "10.0.0.9")
    assert len(line["trace_id"]) == 32


def test_health_checks_that_went_well_are_not_logged_and_others_are(world, caplog):
    with caplog.at_level(logging.INFO):
        world.ask("GET", "/readyz", "host.app1.fleet.test")
        assert lines(caplog) == []
        world.redis.away = True
        world.ask("GET", "/readyz", "host.app1.fleet.test")
    assert [line["status"] for line in lines(caplog)] == [503]


def test_an_identity_that_could_forge_log_lines_is_replaced(world):
    answer = world.ask("GET", "/api/whoami", user="bob", headers={"X-Request-ID": 'x" "y'})
    assert answer.headers["X-Request-ID"] != 'x" "y'
    assert len(answer.headers["X-Request-ID"]) == 32
