/** The browser's door to `ecgbench serve`, for modules: see websocket_client.js. */
import "./websocket_client.js";

export const initWebSocketProcessor = globalThis.initWebSocketProcessor;
export const { ConnectionError, RequestError, frame, unframe } = initWebSocketProcessor;
