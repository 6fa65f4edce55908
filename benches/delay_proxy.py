#!/usr/bin/env python3
"""delay_proxy MILLISECONDS LISTEN=TARGET...: loopback TCP proxies that add a round-trip time.

LISTEN and TARGET are ADDRESS:PORT. Half of the time is added in each direction, and one whole round trip before the first
byte of a connection, as a handshake over such a line costs. Ends when its standard input closes.
"""
import asyncio
import socket
import sys


def end_point(text):
    address, port = text.rsplit(":", 1)
    return address, int(port)


async def pump(reader, writer, delay):
    """Hands on what comes, each piece `delay` seconds after it came, in order and without limiting the rate."""
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue(maxsize=1024)

    async def deliver():
        while True:
            due, data = await queue.get()
            wait = due - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            if not data:
                break
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    delivery = asyncio.create_task(deliver())
    try:
        while True:
            data = await reader.read(1 << 16)
            await queue.put((loop.time() + delay, data))
            if not data:
                break
        await delivery
    except (ConnectionError, OSError):
        delivery.cancel()


def no_delay(writer):
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def serve(listen, target, rtt):
    async def handle(reader, writer):
        try:
            await asyncio.sleep(rtt)
            upstream_reader, upstream_writer = await asyncio.open_connection(*target)
        except OSError:
            writer.close()
            return
        no_delay(writer)
        no_delay(upstream_writer)
        await asyncio.gather(
            pump(reader, upstream_writer, rtt / 2), pump(upstream_reader, writer, rtt / 2), return_exceptions=True
        )
        for each in (writer, upstream_writer):
            each.close()

    await asyncio.start_server(handle, *listen)


async def main():
    rtt = float(sys.argv[1]) / 1000
    for pair in sys.argv[2:]:
        listen, target = pair.split("=")
        await serve(end_point(listen), end_point(target), rtt)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
