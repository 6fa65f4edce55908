"""Every panel of every dashboard has something to show, and what shows traffic follows it."""

import json

import pytest

import dashboards
import platform_fleet as fleet
from load import Load

pytestmark = pytest.mark.order(45)

# Panels that show traffic, by words of their titles: under load their sums are other ones.
TRAFFIC = {"app": "Requests", "nginx": "Requests", "overview": "Requests"}


@pytest.fixture(scope="module")
def answers(alice, prometheus_itself):
    """What the panels show while users read and write."""
    def ask(path, **parameters):
        return fleet.prometheus(path, prometheus_itself, **parameters)

    quiet = list(dashboards.look(ask))
    with Load(alice):
        for number in range(20):
            status, _, body = fleet.http("edge1", 443, fleet.USERS_NAME, "/api/notes", alice, method="POST",
                                         headers={"Content-Type": "application/json"}, body=json.dumps({"text": f"note {number}"}))
            assert status == 201, body
        # Rates want some scrapes.
        silent = fleet.until("every panel has an answer", lambda: not dashboards.silent(list(dashboards.look(ask))) or None, seconds=240, every=5)
        assert silent
        busy = list(dashboards.look(ask))
    return quiet, busy


def test_every_panels_query_returns_at_least_one_finite_sample(answers):
    _, busy = answers
    assert len(busy) > 100
    assert [str(one.query) for one in dashboards.silent(busy)] == []


def test_panels_of_traffic_follow_the_load(answers):
    quiet, busy = answers
    before = {str(one.query): one.total for one in quiet}
    for board, words in TRAFFIC.items():
        changed = [one for one in busy if one.query.dashboard.lower() == board and words.lower() in one.query.title.lower()
                   and one.total > 1.5 * before.get(str(one.query), 0) + 0.1]
        assert changed, board
