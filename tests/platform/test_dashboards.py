"""Every panel of every dashboard has something to show, and what shows traffic follows it."""

import pytest

import dashboards
import platform_fleet as fleet
from load import Load

pytestmark = pytest.mark.order(45)

# Dashboards with panels of requests.
OF_TRAFFIC = ["app", "nginx", "overview"]
COUNTING = ["Requests a second", "Requests"]


def test_every_panels_query_has_a_finite_sample_and_panels_of_requests_follow_the_load(alice, prometheus_itself):
    def look():
        return list(dashboards.look(lambda path, **parameters: fleet.prometheus(path, prometheus_itself, **parameters)))

    # What backups show wants one.
    fleet.apply(playbook="backup.yml")
    before = {str(one.query): one.total for one in look()}

    def flat_panels(answers):
        """What shows how many requests there are, and does not show more of them now."""
        counting = [one for one in answers if one.query.dashboard.lower() in OF_TRAFFIC and one.query.title in COUNTING]
        assert {one.query.dashboard.lower() for one in counting} == set(OF_TRAFFIC)
        return [str(one.query) for one in counting if not one.total > 1.5 * before.get(str(one.query), 0) + 0.1]

    def lively():
        answers = look()
        assert len(answers) > 100
        silent = [str(one.query) for one in dashboards.silent(answers)]
        flat = flat_panels(answers)
        assert not silent and not flat, (silent, flat)
        return True

    with Load(alice):
        fleet.write_notes(alice, 20)
        # Rates want some scrapes.
        fleet.until("every panel shows something, and the load", lively, seconds=240, every=5)
