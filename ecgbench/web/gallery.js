/** The gallery: pictures in, what the methods saw as overlays, numbers, errors and files out. Everything from outside goes into text, never into markup. */
"use strict";

const BATCH_BYTES = 40e6; // of the pictures in one message, so that there is progress to see
const HEADER_BYTES = 1e4; // of a message beside its pictures
const MASKS = { trace: "trace ink", grid: "grid", edges: "edges" };
const FEW = 12; // positions of lines, and the like, are counted rather than listed beyond this

const at = (id) => document.getElementById(id);
const token = new URLSearchParams(location.search).get("token") || undefined;
const processor = initWebSocketProcessor(location.origin, { token });
let server = null; // what `list_methods` told
let refusal = ""; // what the server says to those whom it lets not in
let cards = []; // {file, name, node, result, urls, layerUrls}
let stop = null; // of the run under way

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// The connection

function tellConnection(kind, said) {
  at("connection").querySelector(".dot").className = `dot ${kind}`;
  at("connection").querySelector(".said").textContent = said;
}

processor.on("open", () => tellConnection("open", `connected to ${location.host}`));
processor.on("reconnecting", ({ attempt }) => {
  tellConnection("", `connecting again (try ${attempt + 1})`);
  if (!server && attempt === 1) learnRefusal();
});
processor.on("close", ({ reason }) => tellConnection("lost", refusal ? "not connected" : `not connected: ${reason}`));

/** Browsers tell nothing of a WebSocket that is refused: ask by HTTP whether it was, and why, and try no further then. */
async function learnRefusal() {
  try {
    const answer = await fetch(`methods${token ? `?token=${encodeURIComponent(token)}` : ""}`);
    if (answer.ok) return;
    refusal = (await answer.json()).error;
  } catch {
    return; // nobody answers: the further tries will tell
  }
  processor.close();
}

async function start() {
  try {
    server = await processor.listMethods();
  } catch (error) {
    tellProblem(refusal || error.message);
    return;
  }
  const byTask = (task) => server.methods.filter((method) => method.task === task);
  fill(at("method"), byTask("edges").map(({ name }) => [shortName(name), shortName(name)]));
  fill(at("color_method"), byTask("color").map(({ name }) => [shortName(name), shortName(name)]));
  fill(at("one"), server.methods.map(({ name }) => [name, name]));
  fill(at("task"), (server.tasks || []).map((task) => [task, task]));
  prefer(at("method"), "canny");
  prefer(at("color_method"), "lab");
  at("digitize").closest("label").hidden = byTask("digitize").length === 0;
  showParams();
  refresh();
}

const shortName = (name) => name.slice(name.indexOf(".") + 1);

function fill(select, choices) {
  select.replaceChildren(...choices.map(([value, text]) => element("option", text, { value })));
}

function prefer(select, value) {
  if ([...select.options].some((option) => option.value === value)) select.value = value;
}

// Parameters of one method, as its schema says

function showParams() {
  const method = server.methods.find(({ name }) => name === at("one").value);
  at("purpose").textContent = method ? method.purpose : "";
  at("params").replaceChildren(...(method ? method.params.map(field) : []));
}

function field(param) {
  const label = element("label", param.name);
  let input;
  if (param.choices) {
    input = element("select");
    fill(input, param.choices.map((choice) => [choice, choice]));
    input.value = param.default;
  } else if (param.type === "bool") {
    input = element("input", undefined, { type: "checkbox" });
    input.checked = param.default;
  } else if (param.type === "int" || param.type === "float") {
    input = element("input", undefined, { type: "number", step: param.type === "int" ? 1 : "any", value: param.default });
    if (param.low !== null) input.min = param.low;
    if (param.high !== null) input.max = param.high;
  } else {
    input = element("input", undefined, { value: param.default });
  }
  input.dataset.param = param.name;
  input.dataset.kind = param.type;
  label.append(input, element("small", param.doc));
  return label;
}

function readParams() {
  const read = { bool: (input) => input.checked, int: (input) => Number(input.value), float: (input) => Number(input.value) };
  return Object.fromEntries(
    [...at("params").querySelectorAll("[data-param]")].map((input) => [
      input.dataset.param,
      (read[input.dataset.kind] || ((each) => each.value))(input),
    ]),
  );
}

// Pictures

function add(files) {
  for (const file of files) cards.push(makeCard(file.name || "photo", file));
  refresh();
}

function makeCard(name, file = null) {
  const node = at("card").content.firstElementChild.cloneNode(true);
  const card = { name, file, node, result: null, seen: false, urls: [], layerUrls: [] }; // seen: the browser shows the original
  node.querySelector("h2").textContent = name;
  node.querySelector(".slide input").addEventListener("input", (event) => wipe(card, event.target.value));
  if (file) {
    const below = node.querySelector(".below");
    below.src = urlOf(file, card.urls);
    below.alt = name;
    below.addEventListener("load", () => showOriginal(card)); // else it is of a kind that this browser cannot show, and the server may read
  }
  say(card, "waiting");
  at("cards").append(node);
  return card;
}

function showOriginal(card) {
  card.seen = true;
  card.node.querySelector("figure").hidden = card.node.querySelector(".below").hidden = false;
  if (card.result) showLayers(card, card.result); // it came first
}

function urlOf(blob, kept) {
  const url = URL.createObjectURL(blob);
  kept.push(url);
  return url;
}

function forget(urls) {
  for (const url of urls.splice(0)) URL.revokeObjectURL(url);
}

function say(card, text, bad = false) {
  const state = card.node.querySelector(".state");
  state.textContent = text;
  state.classList.toggle("bad", bad);
}

function refresh() {
  at("empty").hidden = cards.length > 0;
  at("run").disabled = !server || stop !== null || !cards.some(({ file }) => file);
  at("cancel").hidden = stop === null;
  at("clear").hidden = cards.length === 0 || stop !== null;
  for (const id of ["json", "csv"]) at(id).hidden = !cards.some(({ result }) => result);
  for (const [mode, id] of [["pipeline", "pipeline"], ["method", "one-method"], ["compare", "one-task"]]) at(id).hidden = mode !== modeNow();
}

const modeNow = () => document.querySelector("input[name=mode]:checked").value;

function clear() {
  for (const card of cards) {
    forget(card.urls);
    forget(card.layerUrls);
    card.node.remove();
  }
  cards = [];
  tellProblem("");
  at("progress").hidden = true;
  refresh();
}

// Running

function pipelineOptions() {
  const options = Object.fromEntries(
    ["edge_detection", "crop_to_content", "color_separation", "grid_detection", "quality_check", "digitize"].map((id) => [id, at(id).checked]),
  );
  if (options.edge_detection) options.method = at("method").value;
  if (options.color_separation) options.color_method = at("color_method").value;
  return options;
}

/** Cut a list of cards into batches that the server takes, by number and by bytes. */
function batches(list) {
  const { max_batch: most, max_message_bytes: largest } = server.limits;
  const bytes = Math.min(BATCH_BYTES, largest - HEADER_BYTES);
  const cut = [];
  for (const card of list) {
    const last = cut.at(-1);
    const full = !last || last.length >= most || last.reduce((sum, { file }) => sum + file.size, 0) + card.file.size > bytes;
    if (full) cut.push([card]);
    else last.push(card);
  }
  return cut;
}

/** Do `work` on the cards that `find` gives, as they are or from elsewhere; both may be cancelled. */
async function run(find, work) {
  stop = new AbortController();
  tellProblem("");
  refresh();
  let list = [];
  let done = 0;
  const told = (card, result) => {
    if (!card.result) done += 1; // else it is told again, over another connection
    show(card, result);
    tellProgress(done, list.length);
  };
  try {
    list = await find(stop.signal);
    for (const card of list) {
      card.result = null;
      say(card, "waiting");
    }
    tellProgress(0, list.length);
    await work(list, told, stop.signal);
  } catch (error) {
    const why = error.name === "AbortError" ? "Cancelled." : error.message;
    tellProblem(why);
    for (const card of list) if (!card.result) say(card, why, true);
  } finally {
    stop = null;
    refresh();
  }
}

function runPictures() {
  const withFiles = () => cards.filter(({ file }) => file);
  return run(withFiles, async (list, told, signal) => {
    for (const batch of batches(list)) {
      batch.forEach((card) => say(card, "working"));
      try {
        await runBatch(batch, told, signal);
      } catch (error) {
        if (error.name !== "RequestError") throw error;
        tellProblem(error.message); // what the server does not take is this batch's affair
        for (const card of batch) if (!card.result) told(card, { success: false, error: error.message, steps: {} });
      }
    }
  });
}

async function runBatch(batch, told, signal) {
  const wanted = ["drawing", "trace", "grid", "edges"];
  const mode = modeNow();
  if (mode === "compare") {
    for (const card of batch) told(card, joined(await processor.compare(at("task").value, card.file, { signal, return: wanted })));
    return;
  }
  const { onProgress, finish } = asTheyCome(batch, told);
  const call = { signal, return: wanted, onProgress };
  const files = batch.map(({ file }) => file);
  const reply =
    mode === "method" ? await processor.runMethod(at("one").value, files, readParams(), call) : await processor.processBatch(files, pipelineOptions(), call);
  finish(reply);
}

/** Tell of each image when it is done, since pictures come with items only; `finish` tells of those that no item spoke of. */
function asTheyCome(batch, told) {
  const seen = new Set();
  return {
    onProgress: (item) => {
      seen.add(item.index);
      told(batch[item.index], item);
    },
    finish: (reply) => reply.results.forEach((result, index) => seen.has(index) || told(batch[index], result)),
  };
}

/** Make one image's fields of a comparison's: each method is a step. */
function joined(reply) {
  const results = reply.results;
  const errors = results.filter(({ error }) => error).map(({ error }) => error);
  return {
    ...results[0],
    success: errors.length === 0,
    error: errors.length === results.length ? errors[0] : errors.join(" ") || null,
    steps: Object.assign({}, ...results.map(({ steps }) => steps)),
    pictures: results.flatMap(({ pictures }) => pictures || []),
    seconds: reply.seconds,
  };
}

/** Return the names that lines stand for, one that ends in "/" (or no line) for all pictures below, and a word about those left out. */
async function namesInBucket(bucket, lines, signal) {
  const names = [];
  let left = "";
  for (const line of lines.length ? lines : [""]) {
    if (line && !line.endsWith("/")) {
      names.push(line);
      continue;
    }
    const found = await processor.listGCSImages(bucket, line, { signal });
    if (!found.image_paths.length) throw new Error(`There are no pictures at gs://${bucket}/${line}.`);
    if (found.more) left = `gs://${bucket}/${line} has more pictures than these ${found.image_paths.length}; name folders below it for the others.`;
    names.push(...found.image_paths);
  }
  return { names, left };
}

async function runBucket() {
  const bucket = at("bucket").value.trim();
  if (!bucket) {
    tellProblem("Name a bucket.");
    return;
  }
  let left = "";
  const find = async (signal) => {
    const lines = at("paths").value.split("\n").map((line) => line.trim()).filter(Boolean);
    const found = await namesInBucket(bucket, lines, signal);
    left = found.left;
    const list = found.names.map((name) => makeCard(name));
    cards.push(...list);
    return list;
  };
  await run(find, async (list, told, signal) => {
    const most = (server.limits && server.limits.max_batch) || 10;
    for (let from = 0; from < list.length; from += most) {
      const part = list.slice(from, from + most);
      const names = part.map(({ name }) => name);
      const { onProgress, finish } = asTheyCome(part, told);
      const call = { signal, return: ["drawing"], onProgress };
      finish(await processor.processGCSBatch(bucket, names, pipelineOptions(), call));
    }
    tellProblem(left);
  });
}

function tellProgress(done, count) {
  at("progress").hidden = false;
  const bar = at("progress").querySelector("progress");
  bar.max = count;
  bar.value = done;
  at("progress").querySelector("span").textContent = `${done} of ${count}`;
}

function tellProblem(text) {
  at("problem").hidden = !text;
  at("problem").textContent = text;
}

// Results

function show(card, result) {
  card.result = result;
  const seconds = result.seconds === null || result.seconds === undefined ? "" : ` in ${result.seconds.toFixed(2)} s`;
  say(card, result.error || `done${seconds}`, Boolean(result.error));
  showLayers(card, result);
  card.node.querySelector(".findings").replaceChildren(...tables(result.steps || {}));
}

function showLayers(card, result) {
  forget(card.layerUrls);
  const layers = card.node.querySelector(".layers");
  const drawingsFirst = [...(result.pictures || [])].sort((a, b) => (b.name === "drawing") - (a.name === "drawing"));
  const buttons = drawingsFirst.filter(({ blob }) => blob).map((picture) => {
    const button = element("button", layerName(picture), { type: "button", "aria-pressed": "false" });
    button.addEventListener("click", () => {
      layers.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
      lay(card, picture, result);
    });
    return button;
  });
  layers.replaceChildren(...buttons);
  card.node.querySelector(".above").hidden = buttons.length === 0;
  card.node.querySelector(".slide").hidden = buttons.length === 0 || !card.seen;
  if (buttons.length) buttons[0].click();
}

const layerName = ({ name, step }) => `${(step || "").replaceAll("_", " ")}${name === "drawing" ? "" : `: ${MASKS[name] || name}`}`;

/** Lay a picture over the original, where it belongs: a crop covers a part of it. */
function lay(card, picture, result) {
  const above = card.node.querySelector(".above");
  const [x, y, width, height] = picture.box || [0, 0, result.width, result.height];
  picture.url ??= urlOf(picture.blob, card.layerUrls);
  above.src = picture.url;
  above.alt = layerName(picture);
  above.style.left = `${(100 * x) / result.width}%`;
  above.style.top = `${(100 * y) / result.height}%`;
  above.style.width = `${(100 * width) / result.width}%`;
  card.node.querySelector("figure").hidden = false;
  card.node.querySelector(".wipe").style.aspectRatio = `${result.width} / ${result.height}`;
  card.box = { x: x / result.width, width: width / result.width };
  wipe(card, card.seen ? card.node.querySelector(".slide input").value : 100); // without an original there is nothing beside it
}

/** Show what was found on the right of `percent` of the picture's width. */
function wipe(card, percent) {
  if (!card.box) return;
  const cut = Math.min(1, Math.max(0, (1 - percent / 100 - card.box.x) / card.box.width));
  card.node.querySelector(".above").style.clipPath = `inset(0 0 0 ${100 * cut}%)`;
}

function tables(steps) {
  return Object.entries(steps).map(([name, step]) => {
    const table = element("table");
    const head = element("tr");
    const title = step.method && step.method !== name ? `${name.replaceAll("_", " ")} (${step.method})` : name;
    head.append(element("th", title, { colspan: "2", scope: "colgroup" }));
    table.append(head);
    for (const [key, value] of Object.entries(flat(step))) {
      const row = element("tr");
      row.append(element("th", key, { scope: "row" }), element("td", value, typeof step[key] === "number" ? { class: "number" } : {}));
      table.append(row);
    }
    return table;
  });
}

/** Return a step's findings as texts by name; gates by their names, long lists as their length. */
function flat(step) {
  const texts = {};
  for (const [key, value] of Object.entries(step)) {
    if (key === "method" || key === "params") continue;
    if (key === "gates") {
      for (const gate of value) texts[`gate ${gate.name}`] = `${gate.passed ? "passed" : "failed"}: ${shown(gate.value)}${gate.unit === "1" ? "" : ` ${gate.unit}`}. ${gate.message}`;
    } else texts[key.replaceAll("_", " ")] = shown(value);
  }
  return texts;
}

function shown(value) {
  if (value === null || value === undefined) return "none";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length > FEW ? `${value.length} values` : value.map(shown).join(", ") || "none";
  if (typeof value === "object") return Object.entries(value).map(([key, each]) => `${key}: ${shown(each)}`).join("; ");
  return String(value);
}

// Files

function save(name, text, type) {
  const link = element("a", undefined, { download: name });
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const results = () => cards.filter(({ result }) => result).map(({ name, result: { pictures, type, id, ...told } }) => ({ name, ...told }));

function saveJson() {
  save("ecgbench.json", JSON.stringify(results(), null, 2), "application/json");
}

/** One row a picture, one column a finding that is a single value. */
function saveCsv() {
  const rows = results().map(({ name, success, error, seconds, width, height, steps }) => {
    const row = { name, success, error: error || "", seconds, width, height };
    for (const [step, found] of Object.entries(steps || {})) {
      for (const [key, value] of Object.entries(found)) if (value === null || typeof value !== "object") row[`${step}.${key}`] = value;
    }
    return row;
  });
  const columns = [...new Set(rows.flatMap(Object.keys))];
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))];
  save("ecgbench.csv", lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n", "text/csv");
}

/** Quote a cell; a spreadsheet shall not take a picture's name for a formula. */
function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Events

at("files").addEventListener("change", (event) => {
  add(event.target.files);
  event.target.value = "";
});
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    at("drop").classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) document.addEventListener(kind, () => at("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  add(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => add(event.clipboardData.files));
at("drop").addEventListener("keydown", (event) => ["Enter", " "].includes(event.key) && at("files").click());
document.querySelectorAll("input[name=mode]").forEach((input) => input.addEventListener("change", refresh));
at("one").addEventListener("change", showParams);
at("run").addEventListener("click", runPictures);
at("run-bucket").addEventListener("click", runBucket);
at("cancel").addEventListener("click", () => stop && stop.abort());
at("clear").addEventListener("click", clear);
at("json").addEventListener("click", saveJson);
at("csv").addEventListener("click", saveCsv);
start();
