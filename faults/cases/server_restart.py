"""Kills a server in the middle of a browser client's batch and starts it again: websocket_client.js, run by node, finishes the batch."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from faults.runs import ROOT, write_plugin
from faults.servers import in_base64, page_png, start_server
from faults.suite import Found, NotTried, require

PROMISE = "kill -9 of a server within a browser's batch, and its restart, cost the batch time only: the client asks again and has every image."
SHORT = False
TIMES, SHORT_TIMES, IMAGES = 8, 1, 8
SCRIPT = """
import { initWebSocketProcessor } from "%(client)s";
const [url, base64] = process.argv.slice(2);
const processor = initWebSocketProcessor(url, { tries: 60, longestBackoff: 1000 }); // a busy machine starts a server slowly
await processor.connect();
const picture = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const onProgress = (item) => console.log(JSON.stringify({ done: item.done }));
const images = Array(%(images)d).fill(picture);
const reply = await processor.runMethod("edges.naps", images, {}, { onProgress });
console.log(JSON.stringify({ results: reply.results.map((each) => each.success) }));
processor.close();
"""


def run(*, short: bool) -> Found:
    """Kill and restart once a batch, at different moments."""
    node = shutil.which("node")
    if node is None:
        raise NotTried("it needs node, which runs websocket_client.js.")
    times, lost, slowest = SHORT_TIMES if short else TIMES, 0, 0.0
    with tempfile.TemporaryDirectory() as place:
        plugin = write_plugin(Path(place), {"naps": "time.sleep(0.3)"})
        script = Path(place) / "batch.mjs"
        client = (ROOT / "ecgbench" / "web" / "websocket_client.mjs").as_uri()
        script.write_text(SCRIPT % {"client": client, "images": IMAGES})
        for moment in range(times):
            results, recovery = _one_batch(node, script, plugin, moment / max(1, times))
            lost += IMAGES - sum(results)
            slowest = max(slowest, recovery)
    return Found(times * IMAGES, lost, slowest, f"{times} batches of {IMAGES}, a server killed and started again within each")


def _one_batch(node: str, script: Path, plugin: Path, moment: float) -> tuple[list[bool], float]:
    """Return which images were done, and the seconds from the kill to the batch's end."""
    served = start_server(plugins=(plugin,))
    flags = [] if _has_websocket(node) else ["--experimental-websocket"]
    command = [
        node,
        "--no-warnings",
        *flags,
        str(script),
        f"ws://127.0.0.1:{served.port}/ws",
        in_base64(page_png(width=120, height=100)),
    ]
    browser = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    again = None
    try:
        assert browser.stdout is not None
        first = browser.stdout.readline()
        require("done" in first, f"the batch did not begin: {first}{'' if first else browser.communicate()[1][-400:]}")
        time.sleep(moment)
        served.process.send_signal(signal.SIGKILL)
        served.process.wait()
        start = time.monotonic()
        again = start_server("--port", str(served.port), plugins=(plugin,))
        out, said = browser.communicate(timeout=120)
        require(browser.returncode == 0, f"the client gave up: {said[-400:]}")
        return json.loads(out.strip().splitlines()[-1])["results"], time.monotonic() - start
    finally:
        browser.kill()
        browser.communicate()
        for each in (served, again):
            if each is not None:
                each.process.kill()
                each.process.communicate()


def _has_websocket(node: str) -> bool:
    asked = subprocess.run([node, "-e", "process.exit(typeof WebSocket === 'function' ? 0 : 1)"], check=False)
    return asked.returncode == 0
