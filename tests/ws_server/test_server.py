"""The server as a whole: isolation, draining, signals, and what docs/server.md promises of it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from websockets.asyncio.client import connect as async_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from ecgbench.wire import KINDS, STATUSES
from ecgbench.wire.fields import RETURNS
from ecgbench.ws_server import Settings, SettingsError, WebSocketProcessingServer
from ecgbench.ws_server.endpoints import ENDPOINTS
from ecgbench.ws_server.openapi import GETS

ROOT = Path(__file__).parents[2]
NAP = {"type": "run_method", "method": "edges.nap"}


def test_with_isolate_every_image_is_done_in_a_process(start, dial, base64_png):
    asker = dial(start(isolate=True, timeout=5.0))  # a worker imports on its first image, which takes a busy machine seconds
    where = asker.ask(type="run_method", method="edges.where", image=base64_png)
    assert where["steps"]["edges.where"]["bounding_box"][0] != os.getpid()
    overran = asker.ask(**NAP, params={"seconds": 30}, image=base64_png)
    assert overran["error"] == "The worker was lost: no sign of life for 5 s."
    options = {"edge_detection": True, "grid_detection": True}
    asker.send(**{"type": "process_batch", "id": 1, "images": [base64_png, "bm8="], "options": options, "return": ["edges"]})
    items, final = asker.until_final(1)
    assert [each["success"] for each in final["results"]] == [True, False]
    assert [len(item.get("pictures", ())) for item in sorted(items, key=lambda item: item["index"])] == [1, 0]


def test_kill_9_of_a_worker_in_a_batch_costs_nothing(start, dial, base64_png):
    asker = dial(start(isolate=True))
    pid = asker.ask(type="run_method", method="edges.where", image=base64_png)["steps"]["edges.where"]["bounding_box"][0]
    asker.send(**NAP, id=1, params={"seconds": 0.5}, images=[base64_png] * 6)
    assert asker.next()["type"] == "item"
    os.kill(pid, signal.SIGKILL)
    _, final = asker.until_final(1)
    assert [each["error"] for each in final["results"]] == [None] * 6


def test_an_image_whose_worker_is_lost_twice_has_that_as_its_error(ws, base64_png):
    lost = ws.ask(type="run_method", method="edges.die", image=base64_png)
    assert (lost["type"], lost["success"]) == ("result", False)
    assert lost["error"] == "The worker was lost: ended with exit code 3."


def test_stopping_answers_what_was_accepted_and_closes_with_1012(start, dial, base64_png):
    served = start(drain_seconds=30)
    asker = dial(served)
    asker.send(**NAP, id=1, params={"seconds": 4.0}, image=base64_png)
    asker.send(type="list_methods", id=0)
    assert asker.next()["id"] == 0
    served.server.stop()
    while not served.server.desk.draining:
        time.sleep(0.01)
    asker.send(**NAP, id=2, image=base64_png)
    assert served.http.get("/ready").status_code == 503
    told = {reply["id"]: reply for reply in (asker.next(), asker.next())}
    assert (told[2]["code"], told[2]["status"]) == ("unavailable", 503)
    assert told[1]["success"]
    with pytest.raises(ConnectionClosed) as closed:
        asker.next()
    assert closed.value.rcvd.code == 1012


def test_what_cannot_be_done_before_the_end_is_reported(start, dial, base64_png):
    served = start(drain_seconds=0.1, max_workers=1)
    asker = dial(served)
    asker.send(**NAP, id=1, params={"seconds": 5.0}, image=base64_png)
    asker.send(**NAP, id=2, images=[base64_png] * 2)
    asker.send(type="list_methods")
    asker.next()
    served.server.stop()
    assert [(reply["id"], reply["code"]) for reply in (asker.next(), asker.next())] == [(1, "unavailable"), (2, "unavailable")]
    with pytest.raises(ConnectionClosed) as closed:
        asker.next()
    assert closed.value.rcvd.code == 1012


def test_while_it_drains_nobody_new_gets_in(start, dial):
    served = start()
    served.http.get("/health")  # a connection that stays
    served.server.desk.draining = True
    ready = served.http.get("/ready")
    assert (ready.status_code, int(ready.headers["retry-after"])) == (503, 3)
    assert served.http.get("/health").status_code == 200
    with pytest.raises(InvalidStatus):
        dial(served)


def test_a_method_that_hangs_in_a_thread_does_not_keep_the_server_from_ending(start, dial, base64_png):
    served = start(drain_seconds=0.2)
    dial(served).send(**NAP, params={"seconds": 4.0}, image=base64_png)
    while not served.server.desk.under_way:
        time.sleep(0.01)
    began = time.monotonic()
    served.server.stop()
    while served.server.ended_cleanly and time.monotonic() - began < 30:
        time.sleep(0.01)
    assert not served.server.ended_cleanly


def test_sigterm_under_load_answers_all_closes_with_1012_and_ends_well(base64_png):
    command = [sys.executable, "-m", "ecgbench.ws_server", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as process:
        try:
            address = re.search(r"ws://\S+:\d+", process.stdout.readline())[0]
            with connect(address, max_size=None) as socket:
                for id_ in range(12):
                    socket.send(f'{{"type": "process_image", "id": {id_}, "image": "{base64_png}"}}')
                answers = [socket.recv(60)]
                process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                with pytest.raises(ConnectionClosed) as closed:
                    while True:
                        answers.append(socket.recv(60))
            assert closed.value.rcvd.code == 1012
            assert len(answers) == 12  # each request was answered, by its result or by `unavailable`
            assert process.wait(30) == 0
            assert time.monotonic() - began < 20  # 8 on a machine of our own
            assert process.stdout.read() == ""
        finally:
            process.kill()


def test_a_server_takes_as_many_open_files_as_it_may_have():
    script = (
        "import resource\n"
        "_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))\n"
        "from ecgbench.ws_server.server import OPEN_FILES, _allow_open_files\n"
        "_allow_open_files()\n"
        "soft, after = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "assert after == hard and soft == (OPEN_FILES if hard == resource.RLIM_INFINITY else max(64, min(hard, OPEN_FILES)))\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)


def test_no_text_of_the_settings_holds_the_token():
    assert "sesame" not in repr(Settings(token="open sesame"))


def test_a_server_is_started_as_the_earlier_scripts_do():
    async def serve_and_ask():
        server = WebSocketProcessingServer(max_workers=10, port=0)
        serving = asyncio.create_task(server.start())
        await server.started()
        assert server.port > 0
        async with async_connect(server.url.replace("http", "ws")) as socket:
            await socket.send('{"type": "list_methods"}')
            assert "edges.canny" in await socket.recv()
        server.stop()
        await serving

    asyncio.run(asyncio.wait_for(serve_and_ask(), 60))


def test_a_port_that_is_taken_is_one_sentence(served):
    with pytest.raises(SettingsError, match=rf"Port {served.server.port} of 127.0.0.1 cannot be had \(Address already in use\)"):
        asyncio.run(WebSocketProcessingServer(port=served.server.port).start())


def test_a_host_that_does_not_exist_is_one_sentence():
    with pytest.raises(SettingsError, match=r"no address 'no\.such\.host\.invalid' to listen on"):
        asyncio.run(WebSocketProcessingServer(host="no.such.host.invalid").start())


def test_the_document_tells_every_message_code_endpoint_and_limit():
    text = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    for name in (*KINDS, *RETURNS):
        assert f"`{name}`" in text, name
    websocket_codes = {"bad_message", "bad_option", "too_large", "busy", "cancelled", "unavailable", "internal"}
    for code in websocket_codes:
        assert f"| `{code}` | {STATUSES[code]} |" in text, code
    for path in (*(endpoint.path for endpoint in ENDPOINTS), *GETS):
        assert path in text, path
    defaults = Settings()
    for number in (
        defaults.max_workers,
        defaults.max_batch,
        defaults.max_in_flight,
        defaults.max_queue,
        defaults.timeout,
        defaults.head_seconds,
    ):
        assert re.search(rf"\| {number:g}\b", text), number
    assert f"| {defaults.max_message_bytes // 2**20} MiB |" in text
    assert f"| {defaults.max_pixels // 10**6} million |" in text
