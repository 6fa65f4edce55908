"""The text format of Prometheus: samples of one name together, with what they are."""

from __future__ import annotations

from typing import Any

HELP = {
    "container_cpu_cfs_periods_total": "Periods in which a limit of processor time was enforced",
    "container_cpu_cfs_throttled_periods_total": "Periods in which the limit held the container up",
    "container_cpu_cfs_throttled_seconds_total": "For how long the limit held the container up",
    "container_cpu_system_seconds_total": "Processor time in the kernel",
    "container_cpu_usage_seconds_total": "Processor time",
    "container_cpu_user_seconds_total": "Processor time outside the kernel",
    "container_fs_reads_bytes_total": "Bytes read from block devices",
    "container_fs_reads_total": "Reads from block devices",
    "container_fs_usage_bytes": "Bytes of the files that the container has beyond its image",
    "container_fs_writes_bytes_total": "Bytes written to block devices",
    "container_fs_writes_total": "Writes to block devices",
    "container_health_state": "Whether the container's health check finds it well",
    "container_last_seen": "When the container was last seen",
    "container_memory_cache": "Memory of the page cache",
    "container_memory_failcnt": "How often the limit of memory was reached",
    "container_memory_rss": "Memory that is no file's",
    "container_memory_usage_bytes": "Memory, the page cache included",
    "container_memory_working_set_bytes": "Memory without what the kernel can take back at once",
    "container_network_receive_bytes_total": "Bytes received",
    "container_network_receive_errors_total": "Errors in receiving",
    "container_network_receive_packets_dropped_total": "Packets dropped in receiving",
    "container_network_receive_packets_total": "Packets received",
    "container_network_transmit_bytes_total": "Bytes sent",
    "container_network_transmit_errors_total": "Errors in sending",
    "container_network_transmit_packets_dropped_total": "Packets dropped in sending",
    "container_network_transmit_packets_total": "Packets sent",
    "container_processes": "Processes and threads",
    "container_restarts_total": "How often the engine started the container again by itself",
    "container_spec_memory_limit_bytes": "The limit of memory; 0 is none",
    "container_start_time_seconds": "When the container was started",
    "machine_cpu_cores": "Processors of the host",
    "machine_memory_bytes": "Memory of the host",
}
_COUNTERS_WITHOUT_SUFFIX = frozenset(("container_memory_failcnt",))


class Page:
    """Collects samples; the text has them by name."""

    def __init__(self) -> None:
        self._samples: dict[str, list[str]] = {}

    def add(self, name: str, labels: dict[str, str], value: Any) -> None:
        """One sample; None is no value, and then there is no sample."""
        if value is None:
            return
        inside = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
        self._samples.setdefault(name, []).append(f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}")

    def text(self) -> str:
        """The page."""
        lines = []
        for name in sorted(self._samples):
            counter = name.endswith("_total") or name in _COUNTERS_WITHOUT_SUFFIX
            lines.append(f"# HELP {name} {HELP[name]}")
            lines.append(f"# TYPE {name} {'counter' if counter else 'gauge'}")
            lines.extend(self._samples[name])
        return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(int(value))
