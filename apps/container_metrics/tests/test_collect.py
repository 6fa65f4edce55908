"""Samples out of what an engine answers."""

import pytest

from container_metrics.collect import Collector, moment
from container_metrics.engine import EngineError, Gone

ID = "f" * 64


def answers():
    """What an engine 20.10 on control groups of version 1 says, shortened to what is read."""
    return {
        "/info": {"NCPU": 2, "MemTotal": 8000},
        "/containers/json": [{"Id": ID}],
        f"/containers/{ID}/json": {
            "Name": "/app",
            "Config": {"Image": "registry.test/app@sha256:1"},
            "HostConfig": {"Memory": 4096},
            "RestartCount": 3,
            "SizeRw": 77,
            "State": {"StartedAt": "2026-01-02T03:04:05.500000000Z", "Health": {"Status": "healthy"}},
        },
        f"/containers/{ID}/stats": {
            "cpu_stats": {
                "cpu_usage": {"total_usage": 2_500_000_000, "usage_in_usermode": 2_000_000_000, "usage_in_kernelmode": 500_000_000},
                "throttling_data": {"periods": 4, "throttled_periods": 1, "throttled_time": 1_000_000_000},
            },
            "memory_stats": {"usage": 1000, "limit": 4096, "failcnt": 0, "stats": {"total_inactive_file": 300, "total_rss": 600}},
            "networks": {"eth0": {"rx_bytes": 10, "tx_bytes": 20, "rx_packets": 1, "tx_packets": 2}},
            "blkio_stats": {
                "io_service_bytes_recursive": [
                    {"major": 8, "minor": 0, "op": "Read", "value": 512},
                    {"major": 8, "minor": 0, "op": "Write", "value": 1024},
                    {"major": 8, "minor": 0, "op": "Total", "value": 1536},
                ],
                "io_serviced_recursive": None,
            },
            "pids_stats": {"current": 9},
        },
    }


class Engine:
    def __init__(self, said):
        self.said, self.asked = said, []

    def get(self, path, **query):
        self.asked.append((path, query))
        answer = self.said[path]
        if isinstance(answer, Exception):
            raise answer
        return answer


def samples(said, clock=lambda: 1_800_000_000.0):
    return read(Collector(Engine(said), clock).page())


def read(text):
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def of(found, name, more=""):
    return found[f'{name}{{id="/docker/{ID}",image="registry.test/app@sha256:1",name="app"{more}}}']


@pytest.mark.parametrize(
    ("name", "more", "value"),
    [
        ("container_cpu_usage_seconds_total", ',cpu="total"', "2.5"),
        ("container_cpu_user_seconds_total", "", "2.0"),
        ("container_cpu_cfs_throttled_seconds_total", "", "1.0"),
        ("container_memory_usage_bytes", "", "1000"),
        ("container_memory_working_set_bytes", "", "700"),
        ("container_memory_rss", "", "600"),
        ("container_spec_memory_limit_bytes", "", "4096"),
        ("container_network_receive_bytes_total", ',interface="eth0"', "10"),
        ("container_network_transmit_packets_total", ',interface="eth0"', "2"),
        ("container_fs_reads_bytes_total", ',device="8:0"', "512"),
        ("container_fs_writes_bytes_total", ',device="8:0"', "1024"),
        ("container_fs_usage_bytes", ',device="overlay"', "77"),
        ("container_processes", "", "9"),
        ("container_last_seen", "", "1800000000.0"),
        ("container_start_time_seconds", "", "1767323045.5"),
        ("container_health_state", "", "1"),
        ("container_restarts_total", "", "3"),
    ],
)
def test_a_containers_numbers_have_cadvisors_names(name, more, value):
    assert of(samples(answers()), name, more) == value


def test_the_machines_numbers():
    found = samples(answers())
    assert (found["machine_cpu_cores"], found["machine_memory_bytes"]) == ("2", "8000")


def test_control_groups_of_version_2_have_the_working_set_too():
    said = answers()
    said[f"/containers/{ID}/stats"]["memory_stats"] = {"usage": 1000, "stats": {"inactive_file": 400, "anon": 500, "file": 450}}
    found = samples(said)
    assert of(found, "container_memory_working_set_bytes") == "600"
    assert of(found, "container_memory_rss") == "500"
    assert of(found, "container_memory_cache") == "450"


def test_what_the_engine_does_not_say_is_left_out():
    said = answers()
    said[f"/containers/{ID}/stats"] = {"cpu_stats": {}, "memory_stats": {}, "blkio_stats": {}}
    found = samples(said)
    assert not [name for name in found if name.startswith(("container_cpu", "container_network", "container_memory_"))]
    assert of(found, "container_spec_memory_limit_bytes") == "4096"


def test_a_container_that_ends_meanwhile_is_left_out_and_others_stay():
    said = answers()
    said["/containers/json"].append({"Id": "gone"})
    said["/containers/gone/json"] = Gone("x")
    found = samples(said)
    assert of(found, "container_processes") == "9"
    assert not [name for name in found if "gone" in name]


def test_an_engine_that_does_not_answer_is_an_error_and_not_an_empty_page():
    said = answers()
    said["/containers/json"] = EngineError("refused")
    with pytest.raises(EngineError):
        samples(said)


def test_sizes_are_asked_for_once_in_five_minutes():
    engine, now = Engine(answers()), [0.0]
    collector = Collector(engine, lambda: now[0])
    for moment_of_page in (0.0, 200.0, 301.0):
        now[0] = moment_of_page
        collector.page()
    assert len([1 for _, query in engine.asked if "size" in query]) == 2


def test_each_name_is_described_once_and_before_its_samples():
    lines = Collector(Engine(answers()), lambda: 0.0).page().splitlines()
    types = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(types) == len(set(types))
    assert {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")} == set(types)


def test_labels_are_escaped():
    said = answers()
    said[f"/containers/{ID}/json"]["Config"]["Image"] = 'a"b\\c'
    assert any('image="a\\"b\\\\c"' in name for name in samples(said))


def test_times_of_the_engine():
    assert moment("0001-01-01T00:00:00Z") is None
    assert moment("1970-01-01T00:00:01Z") == 1.0
    assert moment("1970-01-01T00:00:01.123456789Z") == pytest.approx(1.123456789)
