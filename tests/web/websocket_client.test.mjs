/** websocket_client.js against a server that is played by the test: what is sent, what calls settle with, and what survives lost connections. */
import assert from "node:assert/strict";
import test from "node:test";
import { ConnectionError, RequestError, frame, initWebSocketProcessor, unframe } from "../../ecgbench/web/websocket_client.mjs";

const PICTURE = new Uint8Array([1, 2, 3, 4, 5]);
const QUICK = { backoff: 1, longestBackoff: 2, connectTimeout: 200, timeout: 2000 };

/** A server that answers by `answer(request, socket)`; `refuse` connections fail at first. */
function played(answer, { refuse = 0 } = {}) {
  const server = { sockets: [], requests: [], tried: 0 };
  server.WebSocket = class {
    constructor(url) {
      this.url = url;
      this.readyState = 0;
      server.tried += 1;
      const fails = server.tried <= refuse;
      setTimeout(() => {
        if (fails) return this.end(1006);
        this.readyState = 1;
        server.sockets.push(this);
        this.onopen();
      }, 0);
    }
    send(message) {
      assert.equal(this.readyState, 1, "sent on a connection that is not open");
      const request = typeof message === "string" ? { header: JSON.parse(message), parts: [] } : unframe(message.buffer);
      server.requests.push(request);
      setTimeout(() => answer(request.header, this, request.parts), 0);
    }
    reply(message) {
      if (this.readyState === 1) this.onmessage({ data: message instanceof Uint8Array ? message.buffer : JSON.stringify(message) });
    }
    end(code) {
      if (this.readyState === 3) return;
      this.readyState = 3;
      this.onclose({ code });
    }
    close(code) {
      setTimeout(() => this.end(code ?? 1005), 0);
    }
  };
  return server;
}

function processorOf(server, settings = {}) {
  return initWebSocketProcessor("ws://localhost:8765", { ...QUICK, WebSocket: server.WebSocket, ...settings });
}

const done = (header, socket) => socket.reply({ type: "result", id: header.id, success: true, error: null, steps: {} });

test("a frame is what docs/server.md says, and is read back", () => {
  const bytes = frame({ type: "x" }, [PICTURE, new Uint8Array(0)]);
  assert.deepEqual([...bytes.subarray(0, 4)], [0x45, 0x43, 0x47, 0x31]);
  const { header, parts } = unframe(bytes.buffer);
  assert.deepEqual(header, { type: "x", parts: [5, 0] });
  assert.deepEqual(parts.map((part) => [...part]), [[1, 2, 3, 4, 5], []]);
});

test("a picture is sent as it is, with options, and its call gets the reply of its id", async () => {
  const server = played((header, socket, parts) => socket.reply({ type: "result", id: header.id, error: null, seen: [...parts[0]], asked: header }));
  const processor = processorOf(server);
  await processor.connect();
  const result = await processor.processImage(new Blob([PICTURE]), { edge_detection: true }, { return: ["trace"] });
  assert.deepEqual(result.seen, [1, 2, 3, 4, 5]);
  assert.deepEqual(result.asked.options, { edge_detection: true });
  assert.deepEqual(result.asked.return, ["trace"]);
});

test("many calls are in flight on one connection and are told apart by id, in whatever order they are answered", async () => {
  const waiting = [];
  const server = played((header, socket, parts) => {
    waiting.push(() => socket.reply({ type: "result", id: header.id, error: null, first: parts[0][0] }));
    if (waiting.length === 3) waiting.reverse().forEach((send) => send());
  });
  const processor = processorOf(server);
  const results = await Promise.all([7, 8, 9].map((first) => processor.processImage(new Uint8Array([first]))));
  assert.deepEqual(results.map((result) => result.first), [7, 8, 9]);
  assert.equal(server.sockets.length, 1);
});

test("a picture that failed resolves, and says so in its error", async () => {
  const server = played((header, socket) => socket.reply({ type: "result", id: header.id, success: false, error: "not a picture", steps: {} }));
  assert.equal((await processorOf(server).processImage(PICTURE)).error, "not a picture");
});

test("a request that is refused rejects with code and status", async () => {
  const refused = { type: "error", code: "bad_option", status: 422, error: "There is no option x." };
  const processor = processorOf(played((header, socket) => socket.reply({ ...refused, id: header.id })));
  await assert.rejects(processor.processImage(PICTURE, { x: 1 }), (error) => error instanceof RequestError && error.code === "bad_option" && error.status === 422);
});

test("a batch tells of each image as it is done, and its pictures stand in the results", async () => {
  const server = played((header, socket) => {
    const bytes = new Uint8Array([9, 9]);
    socket.reply(frame({ type: "item", id: header.id, index: 1, done: 1, count: 2, pictures: [{ name: "trace", format: "png", part: 0 }] }, [bytes]));
    socket.reply({ type: "item", id: header.id, index: 0, done: 2, count: 2, error: "broken" });
    socket.reply({ type: "batch_result", id: header.id, success: true, count: 2, results: [{ index: 0, error: "broken" }, { index: 1, error: null }] });
  });
  const seen = [];
  const processor = processorOf(server);
  processor.on("progress", (item) => seen.push(`event ${item.index}`));
  const batch = await processor.processBatch([PICTURE, PICTURE], {}, { onProgress: (item) => seen.push(`call ${item.index}`) });
  assert.deepEqual(seen, ["event 1", "call 1", "event 0", "call 0"]);
  assert.equal(batch.results[0].error, "broken");
  const [picture] = batch.results[1].pictures;
  assert.equal(picture.blob.type, "image/png");
  assert.deepEqual([...new Uint8Array(await picture.blob.arrayBuffer())], [9, 9]);
});

test("what was in flight when a connection was lost is asked again on the next one, and each call settles once", async () => {
  let cut = false;
  const server = played((header, socket) => {
    if (!cut) {
      cut = true;
      socket.end(1006);
    } else if (server.sockets.at(-1) === socket) done(header, socket);
  });
  const processor = processorOf(server);
  const results = await Promise.all([1, 2, 3].map(() => processor.processImage(PICTURE)));
  assert.equal(results.length, 3);
  assert.equal(server.sockets.length, 2);
  assert.equal(processor.pending, 0);
});

test("a connection is tried up to five times, with pauses that are told of", async () => {
  const server = played(done, { refuse: 4 });
  const processor = processorOf(server);
  const pauses = [];
  processor.on("reconnecting", ({ attempt, delay }) => pauses.push([attempt, delay]));
  assert.equal((await processor.processImage(PICTURE)).success, true);
  assert.deepEqual(pauses.map(([attempt]) => attempt), [1, 2, 3, 4]);
  assert.ok(pauses.every(([, delay]) => delay >= 0 && delay <= 2));
});

test("a connection that fails without a close, as outside browsers, is tried again too", async () => {
  const server = played(done);
  let refused = 0;
  const WebSocket = class {
    constructor(url) {
      if (refused++ > 0) return new server.WebSocket(url);
      setTimeout(() => this.onerror({}), 0);
    }
    close() {}
  };
  const processor = processorOf(server, { WebSocket });
  assert.equal((await processor.processImage(PICTURE)).success, true);
  assert.equal(refused, 2);
  processor.close();
});

test("when every try failed all calls are rejected with one sentence, and a later connect tries anew", async () => {
  const server = played(done, { refuse: 5 });
  const processor = processorOf(server, { token: "secret" });
  const calls = [processor.processImage(PICTURE), processor.listMethods()];
  for (const call of calls) {
    await assert.rejects(call, (error) => error instanceof ConnectionError && /5 tries/.test(error.message) && !/secret/.test(error.message));
  }
  await processor.connect();
  assert.equal((await processor.processImage(PICTURE)).success, true);
  assert.match(server.sockets[0].url, /token=secret/);
});

test("an aborted call rejects at once and the server is told", async () => {
  const server = played(() => {});
  const processor = processorOf(server);
  const stop = new AbortController();
  const call = processor.processImage(PICTURE, {}, { signal: stop.signal });
  setTimeout(() => stop.abort(), 20);
  await assert.rejects(call, { name: "AbortError" });
  assert.deepEqual(server.requests.map(({ header }) => header.type), ["process_image", "cancel"]);
  assert.equal(server.requests[1].header.request, server.requests[0].header.id);
  await assert.rejects(processor.processImage(PICTURE, {}, { signal: stop.signal }), { name: "AbortError" });
});

test("a call without an answer is given up in time", async () => {
  const processor = processorOf(played(() => {}));
  await assert.rejects(processor.processImage(PICTURE, {}, { timeout: 20 }), { name: "TimeoutError" });
  assert.equal(processor.pending, 0);
});

test("a busy server is asked again after the time that it says", async () => {
  let asked = 0;
  const server = played((header, socket) => {
    asked += 1;
    if (asked < 3) socket.reply({ type: "error", id: header.id, code: "busy", status: 429, error: "full", retry_after: 0.001 });
    else done(header, socket);
  });
  assert.equal((await processorOf(server).processImage(PICTURE)).success, true);
  assert.equal(asked, 3);
});

test("what a busy server put off is asked once, also where the connection is lost meanwhile", async () => {
  const seen = [];
  const server = played((header, socket) => {
    seen.push(server.sockets.indexOf(socket));
    if (seen.length > 1) return setTimeout(() => done(header, socket), 100); // while the first pause ends
    socket.reply({ type: "error", id: header.id, code: "busy", status: 429, error: "full", retry_after: 0.04 });
    socket.end(1006);
  });
  assert.equal((await processorOf(server).processImage(PICTURE)).success, true);
  assert.deepEqual(seen, [0, 1]);
});

test("what a server that restarts could not do is asked again when it is back", async () => {
  const server = played((header, socket) => {
    if (server.sockets.length > 1) return done(header, socket);
    socket.reply({ type: "error", id: header.id, code: "unavailable", status: 503, error: "shutting down", retry_after: 30 });
    socket.end(1012);
  });
  assert.equal((await processorOf(server).processImage(PICTURE)).success, true);
});

test("a message that is too large is not sent again, and the others are", async () => {
  const server = played((header, socket, parts) => {
    if (parts[0].length > 5) socket.end(1009);
    else if (server.sockets.length > 1) done(header, socket);
  });
  const processor = processorOf(server);
  const small = processor.processImage(PICTURE);
  await assert.rejects(processor.processImage(new Uint8Array(2e6)), { code: "too_large", status: 413, message: /no message of 2 MB/ });
  assert.equal((await small).success, true);
  assert.equal(server.requests.filter(({ parts }) => parts[0].length > 5).length, 1);
});

test("a call over which every connection is lost is given up after as many as are tried", async () => {
  const server = played((header, socket) => socket.end(1006));
  await assert.rejects(processorOf(server).processImage(PICTURE), { name: "ConnectionError", message: /5 connections were lost/ });
  assert.equal(server.sockets.length, 5);
});

test("no more calls are taken than may be under way", async () => {
  const processor = processorOf(played(() => {}), { maxPending: 2 });
  const calls = [processor.processImage(PICTURE), processor.processImage(PICTURE)];
  await assert.rejects(processor.processImage(PICTURE), { name: "RequestError", code: "busy" });
  processor.close();
  for (const call of calls) await assert.rejects(call, { name: "ConnectionError" });
});

test("closing ends the pause between tries, and nothing is opened after it", async () => {
  const server = played(done, { refuse: 99 });
  const processor = processorOf(server, { backoff: 60000, longestBackoff: 60000 });
  const call = processor.processImage(PICTURE);
  processor.on("reconnecting", () => setTimeout(() => processor.close(), 5));
  await assert.rejects(call, { name: "ConnectionError" });
  const { tried } = server;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(server.tried, tried);
});

test("where there is no WebSocket one must be given", () => {
  assert.throws(() => initWebSocketProcessor("ws://localhost:8765", { WebSocket: undefined }), /pass a class as the setting/);
});

test("what is no picture rejects with what would be one", async () => {
  await assert.rejects(processorOf(played(done)).processImage(42), /A picture is an <img>/);
});

test("a frame of another layout ends all calls", async () => {
  const server = played((header, socket) => socket.reply(new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8])));
  await assert.rejects(processorOf(server).processImage(PICTURE), /one version/);
});

test("a list of one picture is a batch of one, whatever the server makes of it", async () => {
  const batch = await processorOf(played(done)).runMethod("edges.canny", [PICTURE]);
  assert.deepEqual([batch.type, batch.count, batch.results[0].index], ["batch_result", 1, 0]);
});

test("buckets, methods and comparisons are asked for by name", async () => {
  const server = played((header, socket, parts) => socket.reply({ type: "batch_result", id: header.id, asked: header, results: [], parts: parts.length }));
  const processor = processorOf(server);
  const bucket = await processor.processGCSBatch("bucket", ["a.png"], { edge_detection: true });
  assert.deepEqual([bucket.asked.type, bucket.asked.bucket_name, bucket.asked.image_paths], ["process_gcs_batch", "bucket", ["a.png"]]);
  const run = await processor.runMethod("edges.canny", [PICTURE, PICTURE], { sigma: 0.2 });
  assert.deepEqual([run.asked.method, run.asked.params, run.asked.parts], ["edges.canny", { sigma: 0.2 }, [5, 5]]);
  assert.equal((await processor.compare("edges", PICTURE)).asked.task, "edges");
  assert.equal((await processor.listMethods("grid")).asked.task, "grid");
});
