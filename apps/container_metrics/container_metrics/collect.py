"""From the engine's answers to samples. Numbers that the engine does not give for a container are left out, not made up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from container_metrics.engine import Engine, EngineError, Gone
from container_metrics.text import Page

SIZES = 300.0
"""Seconds for which the size of a container's own files is kept: the engine walks through them to add it up."""

NANO = 1e9


class Collector:
    """Asks the engine for every page; two who ask at the same moment are answered one after the other."""

    def __init__(self, engine: Engine, clock: Any = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self._sizes: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()
        # The engine works on several at once; so a page takes as long as a few containers, not as all of them.
        self._pool = ThreadPoolExecutor(max_workers=4)

    def page(self) -> str:
        """All samples, as text."""
        with self._lock:
            return self._page()

    def _page(self) -> str:
        page = Page()
        info = self._engine.get("/info")
        page.add("machine_cpu_cores", {}, info.get("NCPU"))
        page.add("machine_memory_bytes", {}, info.get("MemTotal"))
        listed = self._engine.get("/containers/json")
        for samples in self._pool.map(self._container, [entry["Id"] for entry in listed]):
            for name, labels, value in samples:
                page.add(name, labels, value)
        self._sizes = {entry["Id"]: self._sizes[entry["Id"]] for entry in listed if entry["Id"] in self._sizes}
        return page.text()

    def _container(self, identity: str) -> list[tuple[str, dict[str, str], Any]]:
        try:
            details = self._engine.get(f"/containers/{identity}/json")
            stats = self._engine.get(f"/containers/{identity}/stats", stream="false", **{"one-shot": "true"})
            size = self._size(identity)
        except Gone:
            # It ended between the list and now.
            return []
        labels = {
            "id": f"/docker/{identity}",
            "image": details["Config"]["Image"],
            "name": details["Name"].lstrip("/"),
        }
        now = self._clock()
        return [
            (name, {**labels, **more}, value)
            for name, more, value in [
                *_life(details, now),
                *_processor(stats),
                *_memory(stats, details),
                *_network(stats),
                *_files(stats, size),
            ]
            if value is not None
        ]

    def _size(self, identity: str) -> int | None:
        known = self._sizes.get(identity)
        now = self._clock()
        if known and now - known[0] < SIZES:
            return known[1]
        try:
            size = self._engine.get(f"/containers/{identity}/json", size="true").get("SizeRw")
        except Gone:
            raise
        except EngineError:
            # The walk took too long; the other numbers are worth having without this one.
            return known[1] if known else None
        if size is not None:
            self._sizes[identity] = (now, size)
        return size


Sample = tuple[str, dict[str, str], Any]


def _life(details: dict[str, Any], now: float) -> Iterator[Sample]:
    yield "container_last_seen", {}, now
    started = moment(details["State"].get("StartedAt"))
    yield "container_start_time_seconds", {}, started
    health = (details["State"].get("Health") or {}).get("Status")
    if health in ("healthy", "unhealthy", "starting"):
        yield "container_health_state", {}, int(health == "healthy")
    yield "container_restarts_total", {}, details.get("RestartCount")


def _processor(stats: dict[str, Any]) -> Iterator[Sample]:
    usage = stats.get("cpu_stats", {}).get("cpu_usage", {})
    for name, key in (
        ("container_cpu_usage_seconds_total", "total_usage"),
        ("container_cpu_user_seconds_total", "usage_in_usermode"),
        ("container_cpu_system_seconds_total", "usage_in_kernelmode"),
    ):
        if key in usage:
            yield name, {"cpu": "total"} if key == "total_usage" else {}, usage[key] / NANO
    throttled = stats.get("cpu_stats", {}).get("throttling_data", {})
    yield "container_cpu_cfs_periods_total", {}, throttled.get("periods")
    yield "container_cpu_cfs_throttled_periods_total", {}, throttled.get("throttled_periods")
    if "throttled_time" in throttled:
        yield "container_cpu_cfs_throttled_seconds_total", {}, throttled["throttled_time"] / NANO
    yield "container_processes", {}, stats.get("pids_stats", {}).get("current")


def _memory(stats: dict[str, Any], details: dict[str, Any]) -> Iterator[Sample]:
    memory = stats.get("memory_stats", {})
    usage = memory.get("usage")
    parts = memory.get("stats", {})
    yield "container_memory_usage_bytes", {}, usage
    if usage is not None:
        # Control groups of version 1 say total_inactive_file, those of version 2 inactive_file.
        idle = parts.get("total_inactive_file", parts.get("inactive_file", 0))
        yield "container_memory_working_set_bytes", {}, max(usage - idle, 0)
    yield "container_memory_cache", {}, parts.get("total_cache", parts.get("file"))
    yield "container_memory_rss", {}, parts.get("total_rss", parts.get("anon"))
    yield "container_memory_failcnt", {}, memory.get("failcnt")
    # 0 is cAdvisor's word for no limit, and Docker's.
    yield "container_spec_memory_limit_bytes", {}, details["HostConfig"].get("Memory", 0)


def _network(stats: dict[str, Any]) -> Iterator[Sample]:
    for interface, numbers in (stats.get("networks") or {}).items():
        for direction, word in (("rx", "receive"), ("tx", "transmit")):
            for key, name in (("bytes", "bytes"), ("packets", "packets"), ("errors", "errors"), ("dropped", "packets_dropped")):
                value = numbers.get(f"{direction}_{key}")
                yield f"container_network_{word}_{name}_total", {"interface": interface}, value


def _files(stats: dict[str, Any], size: int | None) -> Iterator[Sample]:
    yield "container_fs_usage_bytes", {"device": "overlay"}, size
    blocks = stats.get("blkio_stats", {})
    for key, unit in (("io_service_bytes_recursive", "bytes_"), ("io_serviced_recursive", "")):
        done: dict[tuple[str, str], int] = {}
        for entry in blocks.get(key) or ():
            operation = entry.get("op", "").lower()
            if operation in ("read", "write"):
                device = f"{entry.get('major')}:{entry.get('minor')}"
                done[device, operation] = done.get((device, operation), 0) + entry.get("value", 0)
        for (device, operation), value in done.items():
            yield f"container_fs_{operation}s_{unit}total", {"device": device}, value


def moment(text: str | None) -> float | None:
    """Seconds since 1970 of a time as the engine writes it, with nine digits after the second; None of no time."""
    if not text or text.startswith("0001-"):
        return None
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = datetime.fromisoformat(f"{whole}+00:00").timestamp()
    return seconds + (float(f"0.{fraction}") if fraction else 0.0)
