/**
 * The browser's door to `ecgbench serve`: sends pictures over one WebSocket and gives each call its answer, also across lost connections.
 *
 * A plain script sets `initWebSocketProcessor`; as a module, import it from websocket_client.mjs. No dependencies. The messages are those
 * of docs/server.md; pictures travel as binary frames.
 *
 *     const processor = initWebSocketProcessor("ws://localhost:8765");
 *     await processor.connect();
 *     const result = await processor.processImage(file, {edge_detection: true, grid_detection: true});
 *     if (result.error) console.error(result.error);        // the picture's fault; a lost connection rejects instead
 */
(function (root) {
  "use strict";

  const MAGIC = [0x45, 0x43, 0x47, 0x31]; // "ECG1"
  const HEAD_BYTES = 8; // magic, and the length of the header
  const RESTARTING = 1012; // close code of a server that goes down for a restart
  const TOO_LARGE = 1009; // close code of a server that takes no message of that size

  /**
   * @typedef {Object} Settings
   * @property {string} [token] what `ecgbench serve --token` was given
   * @property {number} [timeout] milliseconds after which a call is given up; 0 for never
   * @property {number} [tries] connections that are tried in a row before calls are rejected
   * @property {number} [backoff] milliseconds: the first pause between two tries is shorter than that, each further one up to twice as long
   * @property {number} [longestBackoff] milliseconds that no pause exceeds
   * @property {number} [connectTimeout] milliseconds after which a connection that does not open counts as failed
   * @property {number} [maxPending] calls that may be under way; more are rejected at once
   * @property {typeof WebSocket} [WebSocket] the class of the connection
   */

  /** @type {Required<Omit<Settings, "token" | "WebSocket">>} */
  const DEFAULTS = {
    timeout: 120000,
    tries: 5,
    backoff: 500,
    longestBackoff: 8000,
    connectTimeout: 10000,
    maxPending: 64,
  };

  /**
   * @typedef {Object} CallSettings
   * @property {AbortSignal} [signal] aborts the call; the server is told
   * @property {number} [timeout] milliseconds, in place of the processor's
   * @property {string[]} [return] what to send beside the findings: "edges", "trace", "grid", "trace_ink", "grid_ink", "drawing", "crop", "signals"
   * @property {(progress: Object) => void} [onProgress] called as each image of a batch is done
   */

  /** A connection that was lost and could not be had again, or was closed. */
  class ConnectionError extends Error {
    /** @param {string} message */
    constructor(message) {
      super(message);
      this.name = "ConnectionError";
    }
  }

  /** A request that the server refused: `code` and `status` as docs/server.md lists them. */
  class RequestError extends Error {
    /** @param {{code: string, error: string, status: number}} reply */
    constructor(reply) {
      super(reply.error);
      this.name = "RequestError";
      this.code = reply.code;
      this.status = reply.status;
    }
  }

  /**
   * Return a frame of docs/server.md: magic, length of the header, header, parts.
   * @param {Object} header
   * @param {Uint8Array[]} parts
   * @returns {Uint8Array}
   */
  function frame(header, parts) {
    const json = new TextEncoder().encode(JSON.stringify({ ...header, parts: parts.map((part) => part.length) }));
    const bytes = new Uint8Array(HEAD_BYTES + json.length + parts.reduce((sum, part) => sum + part.length, 0));
    bytes.set(MAGIC);
    new DataView(bytes.buffer).setUint32(4, json.length);
    bytes.set(json, HEAD_BYTES);
    let at = HEAD_BYTES + json.length;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /**
   * Return the header and the parts of a frame.
   * @param {ArrayBuffer} buffer
   * @returns {{header: Object, parts: Uint8Array[]}}
   */
  function unframe(buffer) {
    const bytes = new Uint8Array(buffer);
    if (bytes.length < HEAD_BYTES || MAGIC.some((byte, index) => bytes[index] !== byte)) {
      throw new ConnectionError("The server sent a frame of another layout; are client and server of one version?");
    }
    const length = new DataView(buffer).getUint32(4);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(HEAD_BYTES, HEAD_BYTES + length)));
    let at = HEAD_BYTES + length;
    const parts = (header.parts || []).map((size) => bytes.subarray(at, (at += size)));
    return { header, parts };
  }

  /**
   * Return the encoded bytes of a picture as it can be had in a page. An <img> is taken as the file that it shows where the browser gives
   * that file out, else as it is drawn.
   * @param {HTMLImageElement | HTMLCanvasElement | Blob | ArrayBuffer | ArrayBufferView | string | URL} picture
   * @param {AbortSignal} [signal]
   * @returns {Promise<Uint8Array>}
   */
  async function bytesOf(picture, signal) {
    if (picture instanceof ArrayBuffer) return new Uint8Array(picture);
    if (ArrayBuffer.isView(picture)) return new Uint8Array(picture.buffer, picture.byteOffset, picture.byteLength);
    if (typeof Blob !== "undefined" && picture instanceof Blob) return new Uint8Array(await picture.arrayBuffer());
    if (typeof picture === "string" || picture instanceof URL) return fetched(String(picture), signal);
    if (root.HTMLImageElement && picture instanceof root.HTMLImageElement) {
      try {
        return await fetched(picture.currentSrc || picture.src, signal);
      } catch (error) {
        if (signal && signal.aborted) throw error;
        return drawn(picture);
      }
    }
    if (root.HTMLCanvasElement && picture instanceof root.HTMLCanvasElement) return canvasBytes(picture);
    if (root.OffscreenCanvas && picture instanceof root.OffscreenCanvas) {
      return new Uint8Array(await (await picture.convertToBlob({ type: "image/png" })).arrayBuffer());
    }
    throw new TypeError("A picture is an <img>, a canvas, a Blob or File, an ArrayBuffer, bytes, or an address.");
  }

  const sizeOf = ({ message }) => message.length;

  async function fetched(address, signal) {
    const answer = await fetch(address, { signal });
    if (!answer.ok) throw new Error(`${address} cannot be read: ${answer.status} ${answer.statusText}`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  async function drawn(image) {
    await image.decode();
    const canvas = root.document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvasBytes(canvas);
  }

  async function canvasBytes(canvas) {
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!blob) throw new Error("The canvas cannot be read: it is empty, or shows a picture of another site.");
    return new Uint8Array(await blob.arrayBuffer());
  }

  /** Call a listener; what it throws is the page's to hear of, and stops nothing here. */
  function tell(listener, detail) {
    try {
      listener(detail);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** Give each picture of a result its bytes as a Blob. */
  function withBlobs(result, parts) {
    for (const picture of result.pictures || []) {
      const bytes = picture.part !== undefined ? parts[picture.part] : Uint8Array.from(atob(picture.data || ""), (letter) => letter.charCodeAt(0));
      if (bytes.length) picture.blob = new Blob([bytes], { type: `image/${picture.format}` });
    }
    return result;
  }

  /** One server, asked over one connection at a time. */
  class WebSocketProcessor {
    #url;
    #settings;
    #socket = null;
    #connecting = null;
    #closed = false;
    #pending = new Map(); // id -> call
    #listeners = new Map();
    #next = 1;
    #wake = null; // ends the pause between two tries

    /**
     * @param {string} url
     * @param {Settings} [settings]
     */
    constructor(url, settings = {}) {
      this.#settings = { ...DEFAULTS, WebSocket: root.WebSocket, ...settings };
      if (!this.#settings.WebSocket) throw new TypeError("There is no WebSocket here, as in Node before 22; pass a class as the setting WebSocket.");
      const address = new URL(url, root.location ? root.location.href : undefined);
      address.protocol = address.protocol.replace(/^http/, "ws");
      if (settings.token) address.searchParams.set("token", settings.token);
      this.#url = address.href;
    }

    /** Whether a connection is open now. */
    get connected() {
      return this.#socket !== null && this.#socket.readyState === 1;
    }

    /** How many calls are under way. */
    get pending() {
      return this.#pending.size;
    }

    /**
     * Listen to "progress" (an image of a batch is done: the fields of one image, `done` and `count`), "open", "reconnecting" (`attempt`,
     * `delay`) or "close" (`reason`). Returns a function that ends it.
     * @param {"progress" | "open" | "reconnecting" | "close"} event
     * @param {(detail: Object) => void} listener
     * @returns {() => void}
     */
    on(event, listener) {
      if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
      this.#listeners.get(event).add(listener);
      return () => this.#listeners.get(event).delete(listener);
    }

    /**
     * Open the connection, or wait for the one that is being opened. Rejects with ConnectionError when every try failed.
     * @returns {Promise<WebSocketProcessor>}
     */
    async connect() {
      this.#closed = false;
      if (!this.connected) await this.#reconnect();
      return this;
    }

    /** Close the connection; calls that are under way are rejected. */
    close() {
      this.#closed = true;
      if (this.#wake) this.#wake();
      this.#rejectAll(new ConnectionError("The connection was closed by this page."));
      if (this.#socket) this.#socket.close(1000);
    }

    /**
     * Run the pipeline on a picture. Resolves with the fields of one image; `error` tells what is wrong with the picture.
     * @param {Parameters<typeof bytesOf>[0]} picture
     * @param {Object} [options] as everywhere: edge_detection, crop_to_content, method, color_separation, color_method, grid_detection, ...
     * @param {CallSettings} [call]
     */
    processImage(picture, options = {}, call = {}) {
      return this.#ask({ type: "process_image", options }, [picture], call);
    }

    /**
     * Run the pipeline on several pictures at once. Resolves with `results` in the order of the pictures; each has its own `error`.
     * @param {Parameters<typeof bytesOf>[0][]} pictures
     * @param {Object} [options]
     * @param {CallSettings} [call]
     */
    processBatch(pictures, options = {}, call = {}) {
      return this.#ask({ type: "process_batch", options }, [...pictures], call);
    }

    /**
     * Run the pipeline on pictures that lie in Google Cloud Storage.
     * @param {string} bucket
     * @param {string[]} paths
     * @param {Object} [options]
     * @param {CallSettings} [call]
     */
    processGCSBatch(bucket, paths, options = {}, call = {}) {
      return this.#ask({ type: "process_gcs_batch", bucket_name: bucket, image_paths: paths, options }, null, call);
    }

    /**
     * Ask what pictures lie in a bucket: `image_paths`, and whether there are `more` than the server lists at a time.
     * @param {string} bucket
     * @param {string} [prefix] what their names begin with
     * @param {CallSettings} [call]
     */
    listGCSImages(bucket, prefix = "", call = {}) {
      return this.#ask({ type: "list_gcs_images", bucket_name: bucket, prefix }, null, call);
    }

    /**
     * Run one method: "edges.canny", say. One picture resolves with one image's fields, a list with a batch's.
     * @param {string} method
     * @param {Parameters<typeof bytesOf>[0] | Parameters<typeof bytesOf>[0][]} pictures
     * @param {Object} [params]
     * @param {CallSettings} [call]
     */
    async runMethod(method, pictures, params = {}, call = {}) {
      const many = Array.isArray(pictures);
      const reply = await this.#ask({ type: "run_method", method, params }, many ? pictures : [pictures], call);
      if (!many || reply.results) return reply;
      const { id, seconds } = reply; // a frame of one part is one picture, not a batch of one
      return { type: "batch_result", id, success: true, count: 1, results: [{ ...reply, index: 0 }], seconds };
    }

    /**
     * Run every method of a task on one picture.
     * @param {string} task
     * @param {Parameters<typeof bytesOf>[0]} picture
     * @param {CallSettings} [call]
     */
    compare(task, picture, call = {}) {
      return this.#ask({ type: "compare", task }, [picture], call);
    }

    /**
     * Ask what the server can do.
     * @param {string} [task]
     * @param {CallSettings} [call]
     */
    listMethods(task, call = {}) {
      return this.#ask({ type: "list_methods", ...(task ? { task } : {}) }, null, call);
    }

    #emit(event, detail) {
      for (const listener of this.#listeners.get(event) || []) tell(listener, detail);
    }

    async #ask(header, pictures, { signal, timeout = this.#settings.timeout, return: wanted, onProgress } = {}) {
      if (signal && signal.aborted) throw signal.reason;
      if (this.#pending.size >= this.#settings.maxPending) {
        throw new RequestError({ code: "busy", status: 429, error: `${this.#pending.size} calls are under way; wait for some of them.` });
      }
      const id = this.#next++;
      const settled = new Promise((resolve, reject) => {
        const call = { id, message: null, onProgress, pictures: new Map(), signal, lost: 0 };
        const end = (act) => (value) => {
          if (!this.#pending.delete(id)) return;
          clearTimeout(call.timer);
          clearTimeout(call.again);
          if (signal) signal.removeEventListener("abort", call.abort);
          act(value);
        };
        call.resolve = end(resolve);
        call.reject = end(reject);
        call.abort = () => this.#giveUp(call, signal.reason);
        if (signal) signal.addEventListener("abort", call.abort);
        if (timeout) {
          const late = () => this.#giveUp(call, new DOMException(`No answer after ${timeout / 1000} seconds.`, "TimeoutError"));
          call.timer = setTimeout(late, timeout);
        }
        this.#pending.set(id, call);
        this.#prepare(call, { ...header, id, ...(wanted ? { return: wanted } : {}) }, pictures);
      });
      return settled;
    }

    async #prepare(call, header, pictures) {
      try {
        call.message = pictures ? frame(header, await Promise.all(pictures.map((each) => bytesOf(each, call.signal)))) : JSON.stringify(header);
        if (!this.connected) await this.#reconnect(); // which sends it
        else if (this.#pending.has(call.id) && !call.sent) this.#send(call);
      } catch (error) {
        call.reject(error);
      }
    }

    #send(call) {
      clearTimeout(call.again);
      call.sent = true;
      call.pictures.clear();
      this.#socket.send(call.message);
    }

    #giveUp(call, reason) {
      if (call.sent && this.connected) this.#socket.send(JSON.stringify({ type: "cancel", request: call.id }));
      call.reject(reason);
    }

    #rejectAll(error) {
      for (const call of [...this.#pending.values()]) call.reject(error);
    }

    #reconnect() {
      if (!this.#connecting) {
        this.#connecting = this.#tryToConnect().finally(() => {
          this.#connecting = null;
        });
      }
      return this.#connecting;
    }

    async #tryToConnect() {
      const { tries, backoff, longestBackoff } = this.#settings;
      let last = null;
      for (let attempt = 1; attempt <= tries && !this.#closed; attempt++) {
        try {
          await this.#open();
          this.#emit("open", {});
          for (const call of this.#pending.values()) if (call.message !== null && !call.sent) this.#send(call); // and what was in flight, again
          return;
        } catch (error) {
          last = error;
        }
        if (attempt < tries && !this.#closed) {
          const delay = Math.random() * Math.min(longestBackoff, backoff * 2 ** (attempt - 1)); // full jitter: many pages do not come back at once
          this.#emit("reconnecting", { attempt, delay });
          await new Promise((resolve) => {
            const timer = setTimeout(resolve, delay);
            this.#wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
      }
      const why = this.#closed ? "The connection was closed by this page." : `${tries} tries to reach ${this.#address()} failed (${last.message}); is ecgbench serve running there?`;
      const error = new ConnectionError(why);
      this.#rejectAll(error);
      this.#emit("close", { reason: why });
      throw error;
    }

    /** The address without its token, which does not belong into messages. */
    #address() {
      const address = new URL(this.#url);
      address.search = "";
      return address.href;
    }

    #open() {
      return new Promise((resolve, reject) => {
        const socket = new this.#settings.WebSocket(this.#url);
        socket.binaryType = "arraybuffer";
        const timer = setTimeout(() => socket.close(), this.#settings.connectTimeout);
        let opened = false;
        socket.onopen = () => {
          clearTimeout(timer);
          if (this.#closed) return socket.close(1000);
          opened = true;
          this.#socket = socket;
          resolve();
        };
        socket.onmessage = (event) => this.#receive(socket, event.data);
        socket.onerror = () => {
          // In browsers a close follows, which says as much; outside them, of a server that is not there, none does.
          clearTimeout(timer);
          if (!opened) reject(new ConnectionError("the connection was closed with code 1006"));
        };
        socket.onclose = (event) => {
          clearTimeout(timer);
          if (opened) this.#lost(socket, event);
          else reject(new ConnectionError(`the connection was closed with code ${event.code || 1006}`));
        };
      });
    }

    #lost(socket, event) {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#putBack(event.code);
      if (this.#closed || (this.#pending.size === 0 && event.code !== RESTARTING)) {
        this.#emit("close", { reason: `closed with code ${event.code}` });
      } else {
        this.#reconnect().catch(() => {}); // every call that it concerns was rejected
      }
    }

    /** Have what was in flight asked again, but for what a connection was lost over. */
    #putBack(code) {
      const sent = [...this.#pending.values()].filter((call) => call.sent);
      if (code === TOO_LARGE && sent.length) {
        const largest = sent.reduce((one, other) => (sizeOf(other) > sizeOf(one) ? other : one)); // only one can have been
        const megabytes = (sizeOf(largest) / 1e6).toFixed(0);
        const error = `The server takes no message of ${megabytes} MB; send fewer or smaller pictures.`;
        largest.reject(new RequestError({ code: "too_large", status: 413, error }));
      }
      for (const call of sent) {
        call.sent = false;
        call.lost += 1;
        if (call.lost >= this.#settings.tries) {
          call.reject(new ConnectionError(`${call.lost} connections were lost while this was asked; the last was closed with code ${code}.`));
        }
      }
    }

    #receive(socket, data) {
      let reply;
      try {
        if (typeof data === "string") reply = withBlobs(JSON.parse(data), []);
        else {
          const { header, parts } = unframe(data);
          reply = withBlobs(header, parts);
        }
      } catch (error) {
        this.#rejectAll(error instanceof ConnectionError ? error : new ConnectionError("The server sent what is no message."));
        socket.close(1002);
        return;
      }
      const call = this.#pending.get(reply.id);
      if (call) this.#answer(call, reply);
    }

    #answer(call, reply) {
      if (reply.type === "item") {
        if (reply.pictures) call.pictures.set(reply.index, reply.pictures);
        this.#emit("progress", reply);
        if (call.onProgress) tell(call.onProgress, reply);
      } else if (reply.type === "error") {
        this.#refused(call, reply);
      } else {
        for (const result of reply.results || []) {
          if (call.pictures.has(result.index)) result.pictures = call.pictures.get(result.index);
        }
        call.resolve(reply);
      }
    }

    /** Ask again where the server says when: it is busy, or restarts. */
    #refused(call, reply) {
      if (reply.retry_after === undefined) {
        call.reject(new RequestError(reply));
        return;
      }
      call.sent = false; // over a further connection it is asked at once
      const pause = 1000 * reply.retry_after * (1 + Math.random() / 2); // jitter: many pages do not come back at once
      call.again = setTimeout(() => this.connected && this.#send(call), pause);
    }
  }

  /**
   * Return a processor for the server at an address ("ws://localhost:8765"); nothing is sent before `connect` or the first call.
   * @param {string} [url] by default the server that sent this page
   * @param {Settings} [settings]
   * @returns {WebSocketProcessor}
   */
  function initWebSocketProcessor(url = root.location ? root.location.origin : "ws://localhost:8765", settings = {}) {
    return new WebSocketProcessor(url, settings);
  }

  Object.assign(root, { initWebSocketProcessor });
  initWebSocketProcessor.ConnectionError = ConnectionError;
  initWebSocketProcessor.RequestError = RequestError;
  initWebSocketProcessor.frame = frame;
  initWebSocketProcessor.unframe = unframe;
})(globalThis);
