"""From outside only the door answers; inside nothing speaks without TLS."""

import socket

import platform_fleet as fleet

# What is published, by host, and from where the platform itself may come.
PUBLISHED = {
    "edge1": [80, 443, 9113, 9100, 9101],
    "app1": [5000, 9100, 9101],
    "app2": [5000, 9100, 9101],
    "data1": [5432, 6379, 9187, 9121, 9100, 9101],
    "monitor1": [9090, 9093, 9115, 4318, 9100, 9101],
}
OUTSIDE = """
for target in $TARGETS; do
  host=${target%:*}; port=${target#*:}
  if timeout 1 bash -c "exec 3<>/dev/tcp/$host/$port" 2>/dev/null; then echo "$target"; fi
done
"""


def test_from_outside_only_the_door_and_sshd_can_be_reached(applied):
    targets = [f"{fleet.ADDRESSES[host]}:{port}" for host, ports in PUBLISHED.items() for port in [22, *ports]]
    done = fleet.run("docker", "run", "--rm", "--network", "platform-fleet", "--ip", "172.30.99.77", "--label", "provision.platform",
                     "-e", "TARGETS=" + " ".join(targets), "--entrypoint", "bash", "platform/nginx:test", "-c", OUTSIDE)
    edge = fleet.ADDRESSES["edge1"]
    expected = {f"{fleet.ADDRESSES[host]}:22" for host in fleet.HOSTS} | {f"{edge}:80", f"{edge}:443"}
    assert set(done.stdout.split()) == expected


# From which hosts of the platform a port answers, but for the door's and sshd's.
MEMBERS = {
    5000: {"edge1", "monitor1"}, 5432: {"app1", "app2"}, 6379: {"app1", "app2", "monitor1"}, 4318: {"app1", "app2"},
    **dict.fromkeys([9090, 9093, 9100, 9101, 9113, 9115, 9121, 9187], {"monitor1"}),
}


def test_a_host_reaches_no_more_of_the_others_than_its_tier_needs(applied):
    for source in fleet.HOSTS:
        targets = [(host, port) for host, ports in PUBLISHED.items() for port in ports if host != source and port in MEMBERS]
        named = " ".join(f"{fleet.ADDRESSES[host]}:{port}" for host, port in targets)
        done = fleet.on(source, "env", f"TARGETS={named}", "bash", "-c", OUTSIDE)
        assert set(done.stdout.split()) == {f"{fleet.ADDRESSES[host]}:{port}" for host, port in targets if source in MEMBERS[port]}, source


def plaintext_answer(address, port, probe):
    """What a port says to one who speaks plainly."""
    with socket.create_connection((address, port), timeout=5) as plain:
        plain.sendall(probe)
        plain.settimeout(5)
        said = b""
        try:
            while len(said) < 2000 and (part := plain.recv(2000)):
                said += part
        except (TimeoutError, ConnectionError):
            pass
        return said


def test_no_port_but_that_of_lists_answers_in_plaintext(applied):
    for host, ports in PUBLISHED.items():
        for port in ports:
            if port == 80:
                continue
            address = fleet.ADDRESSES[host]
            said = plaintext_answer(address, port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            # A server may say that it wants TLS, and closes.
            assert said[:1] in (b"", b"\x15") or (b" 400 " in said[:20] and (b"HTTPS" in said or b"HTTP request to an HTTP" in said)), (host, port, said)
            if port == 6379:
                assert b"PONG" not in plaintext_answer(address, port, b"PING\r\n")
            if port == 5432:
                # A start without TLS, as user app.
                start = b"\x00\x03\x00\x00user\x00app\x00database\x00app\x00\x00"
                said = plaintext_answer(address, port, (len(start) + 4).to_bytes(4, "big") + start)
                assert said[:1] == b"E" and b"no encryption" in said, said


def test_every_listening_port_of_every_host_is_known(applied):
    for host, ports in PUBLISHED.items():
        listening = fleet.on(host, "ss", "-Hltn").stdout
        found = {int(line.split()[3].rsplit(":", 1)[1]) for line in listening.splitlines() if not line.split()[3].startswith(("127.", "[::1]"))}
        assert found - {22} <= set(ports), host
