"""The fleet comes up once for all pages; pages that need long drills run with --full."""

import os
import sys
import time
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import platform_fleet as fleet  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="the drills too")
    parser.addoption("--as-it-is", action="store_true", help="use the fleet as it is, without bringing it up or applying")


def pytest_configure(config):
    config.addinivalue_line("markers", "full: a drill that runs with --full alone")
    config.addinivalue_line("markers", "order(n): pages run by this number; drills change the fleet, so they come last")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--full"):
        skip = pytest.mark.skip(reason="a drill: runs with --full")
        for item in items:
            if "full" in item.keywords:
                item.add_marker(skip)

    def order(item):
        marker = item.get_closest_marker("order")
        return marker.args[0] if marker else 50

    items.sort(key=order)


@pytest.fixture(scope="session")
def applied(request):
    """The first `apply` on bare hosts: the run, and how long it took in seconds."""
    if request.config.getoption("--as-it-is"):
        return fleet.apply(), 0.0
    began = time.monotonic()
    fleet.fleet("up", timeout=1500)
    print(f"\nimages, registry and hosts: {time.monotonic() - began:.0f} s", file=sys.stderr)
    began = time.monotonic()
    done = fleet.apply()
    took = time.monotonic() - began
    print(f"first apply: {took:.0f} s", file=sys.stderr)
    return done, took


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A private folder for certificates of strangers."""
    return tmp_path_factory.mktemp("who")


@pytest.fixture(scope="session")
def alice(applied, folder):
    """A user who may write."""
    return fleet.issue(folder, "alice")


@pytest.fixture(scope="session")
def prometheus_itself(applied, folder):
    """Somebody with Prometheus' name, who may read what it reads."""
    return fleet.issue(folder, "prometheus", names=[f"prometheus.monitor1.{fleet.DOMAIN}"])
