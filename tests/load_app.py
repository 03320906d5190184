"""Many viewers of the app at once, on this machine: python tests/load_app.py PUBLISHED.sqlite [VIEWERS]

Each viewer opens the page in the same moment, reads it to its end, holds a websocket to its kernel as a browser does,
and leaves as a closed page does. Printed: seconds to the verdict and to the whole page, memory of the app with all its
kernels, seconds until the last kernel is gone, and the median round trip of a message to a slider with one viewer left.
At most 60 viewers, 127.0.0.1 only, and it ends by itself.
"""

import asyncio
import json
import re
import statistics
import sys
import time
import uuid
from pathlib import Path

import httpx2
import psutil
import websocket

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.browser.serving import App

LIMIT_S = 120.0
DONE = "window.voila_finish();"


async def view(client, address):
    """Seconds to the verdict and to the end of one page, its size in bytes, and its kernel."""
    start, first, text = time.perf_counter(), None, ""
    async with client.stream("GET", address) as answer:
        async for piece in answer.aiter_text():
            text += piece
            if first is None and 'aria-label="Verdict"' in text:
                first = time.perf_counter() - start
    whole = DONE in text and "There was an error" not in text and "widget-view+json" in text
    kernel = re.search(r'"kernelId": "([0-9a-f-]{36})"', text)
    return first, time.perf_counter() - start if whole else None, len(text), kernel and kernel[1]


async def view_all(address, viewers):
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(timeout=LIMIT_S, limits=limits) as client:
        return await asyncio.gather(*(view(client, address) for _ in range(viewers)))


def line_to(app, kernel):
    address = f"ws://127.0.0.1:{app.port}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
    return websocket.create_connection(address, timeout=LIMIT_S, origin=app.address.rstrip("/"))


def send(line, kind, content):
    message_id = uuid.uuid4().hex
    line.send(json.dumps({
        "header": {"msg_id": message_id, "msg_type": kind, "username": "", "session": "load", "version": "5.4",
                   "date": "2026-11-23T00:00:00Z"},
        "parent_header": {}, "metadata": {}, "content": content, "buffers": [], "channel": "shell"}))
    return message_id


def heard(line, holds):
    """The first message for which `holds` is true."""
    while not holds(message := json.loads(line.recv())):
        pass
    return message


def round_trips(line, times=30):
    """Seconds from a slider's new value to the answer that the kernel sends back."""
    asked = send(line, "comm_info_request", {})
    comms = heard(line, lambda m: m["parent_header"].get("msg_id") == asked and "comms" in m["content"])
    found = []
    slider = None
    for comm in comms["content"]["comms"]:
        send(line, "comm_msg", {"comm_id": comm, "data": {"method": "request_state"}})
        state = heard(line, lambda m, comm=comm: m["msg_type"] == "comm_msg" and m["content"]["comm_id"] == comm)
        if state["content"]["data"].get("state", {}).get("description") == "F1 that ships":
            slider = comm
    for k in range(times):
        start = time.perf_counter()
        asked = send(line, "comm_msg", {"comm_id": slider, "data": {
            "method": "update", "state": {"value": 0.5 + 0.01 * k}, "buffer_paths": []}})
        heard(line, lambda m, asked=asked: m["msg_type"] == "comm_msg" and m["parent_header"].get("msg_id") == asked
              and "value" in m["content"]["data"].get("state", {}) and m["content"]["comm_id"] != slider)
        found.append(time.perf_counter() - start)
    return found


def main(published, viewers=30):
    viewers = min(int(viewers), 60)
    with App(Path(published).resolve()) as app:
        seen = asyncio.run(view_all(app.address, viewers))
        firsts, wholes = [s[0] for s in seen if s[0] is not None], [s[1] for s in seen if s[1] is not None]
        kernels = [s[3] for s in seen if s[3]]
        lines = [line_to(app, kernel) for kernel in kernels]
        memory = sum(p.memory_info().rss for p in [psutil.Process(app.process.pid), *app.processes()]) / 2**30
        full = [p.memory_full_info() for p in [psutil.Process(app.process.pid), *app.processes()]]
        private, shares = (sum(getattr(m, kind) for m in full) / 2**30 for kind in ("uss", "pss"))
        print(f"viewers {viewers}, pages whole {len(wholes)}, kernels {len(set(kernels))}")
        print(f"verdict after {min(firsts):.2f} to {max(firsts):.2f} s, median {statistics.median(firsts):.2f} s")
        print(f"whole after {min(wholes):.2f} to {max(wholes):.2f} s, median {statistics.median(wholes):.2f} s")
        print(f"memory {memory:.2f} GiB resident, {shares:.2f} GiB with shared pages counted once, "
              f"{private:.2f} GiB not shared")
        for line, kernel in zip(lines[1:], kernels[1:], strict=True):
            line.close()
            httpx2.post(f"{app.address}voila/api/shutdown/{kernel}", timeout=LIMIT_S)
        start = time.perf_counter()
        while len(app.kernels()) > 1 and time.perf_counter() - start < LIMIT_S:
            time.sleep(0.2)
        print(f"kernels gone {time.perf_counter() - start:.1f} s after the last page was left, "
              f"{len(app.kernels())} stays")
        trips = round_trips(lines[0])
        print(f"slider round trip: median {1000 * statistics.median(trips):.0f} ms, "
              f"longest {1000 * max(trips):.0f} ms of {len(trips)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
