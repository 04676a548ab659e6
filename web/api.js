/**
 * Every request that the pages make: the only module that fetches.
 *
 * @typedef {{kind: "original" | "mp3", state: "pending" | "ready" | "failed", reason: ?string,
 *   url: ?string, mime_type: ?string, size_bytes: ?number}} Rendition
 * @typedef {{id: string, name: string, title: string, station: string, created_at: string,
 *   duration_s: ?number, state: "processing" | "ready" | "failed", reason?: ?string,
 *   incomplete: boolean, renditions: Rendition[]}} Track
 * @typedef {{tracks: Track[], next_cursor: ?string}} TrackPage
 * @typedef {{station: string, title: string, live: boolean, started_at: ?string,
 *   listeners: number, mime_type: ?string}} Station
 * @typedef {{id: string, state: "recording" | "interrupted" | "finished" | "failed",
 *   reason: ?string, station: string, title: string, size_bytes: number, duration_s: ?number,
 *   started_at: string, on_air: boolean, off_air_reason: ?string}} Recording
 * @typedef {{station: string, title: string, filetype: string, live?: "false"}} NewRecording
 *   `live` is false for what shall become a track and never goes on air
 */

/** The server answered, and the answer is no: RFC 9457 problem details. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {Record<string, unknown>} fields
   */
  constructor(status, fields) {
    super(String(fields.detail ?? fields.title ?? `The server answered ${status}.`));
    this.status = status;
    this.fields = fields;
    /** What the server says of it; null where a proxy said no. */
    this.detail = typeof fields.detail === "string" ? fields.detail : null;
  }
}

/** The server could not be reached, or the connection broke before it answered. */
export class Unreachable extends Error {
  /** @param {unknown} cause @param {string} [words] */
  constructor(cause, words = "The server cannot be reached.") {
    super(words, { cause });
  }
}

/**
 * @param {string} url
 * @param {RequestInit} [init]
 */
async function request(url, init) {
  let response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    throw new Unreachable(cause);
  }
  if (response.ok) return response;
  const fields = await response.json().catch(() => ({ title: response.statusText || undefined }));
  throw new Problem(response.status, fields);
}

/** @returns {Promise<Station[]>} the default station first */
export async function listStations() {
  return (await (await request("/api/stations")).json()).stations;
}

/**
 * @param {{query?: string, cursor?: ?string, limit?: number}} wanted
 * @returns {Promise<TrackPage>} newest first
 */
export async function listTracks({ query = "", cursor = null, limit = 30 }) {
  const parameters = new URLSearchParams({ limit: String(limit) });
  if (query) parameters.set("q", query);
  if (cursor) parameters.set("cursor", cursor);
  return (await request(`/api/tracks?${parameters}`)).json();
}

/**
 * @param {string} id
 * @returns {Promise<Track>}
 */
export async function readTrack(id) {
  return (await request(`/api/tracks/${encodeURIComponent(id)}`)).json();
}

/**
 * @param {string} id
 * @param {string} title
 * @returns {Promise<Track>}
 */
export async function renameTrack(id, title) {
  const response = await request(`/api/tracks/${encodeURIComponent(id)}`, {
    method: "PATCH",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ title }),
  });
  return response.json();
}

/** @param {string} id */
export async function retryMp3(id) {
  await request(`/api/tracks/${encodeURIComponent(id)}/mp3`, { method: "POST" });
}

/** @param {string} id */
export async function deleteTrack(id) {
  await request(`/api/tracks/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/**
 * The loudness of a track over time, in the audiowaveform JSON format, version 2.
 *
 * @param {string} id
 * @returns {Promise<{bits: number, length: number, data: number[]}>} pairs of minimum and maximum
 */
export async function readWaveform(id) {
  return (await request(`/tracks/${encodeURIComponent(id)}/waveform.json`)).json();
}

/**
 * The live sound of a station.
 *
 * @param {string} station
 * @param {{backlog_s: number, signal: AbortSignal}} options how long before the live edge it begins
 */
export async function openLive(station, { backlog_s, signal }) {
  return request(`${liveUrl(station)}?backlog=${backlog_s}`, { signal, cache: "no-store" });
}

/**
 * Where a plain `<audio>` element hears the station.
 *
 * @param {string} station
 * @param {"" | ".mp3"} [extension] of what the server makes of the source's sound
 */
export function liveUrl(station, extension = "") {
  return `/live/${encodeURIComponent(station)}${extension}`;
}

/** A request without an answer for so long, and longer by its size, went into a dead network. */
const ANSWER_WITHIN_MS = 15_000;
const SLOWEST_BYTES_PER_MS = 8;

/**
 * As `request`, and given up where nothing answers.
 *
 * @param {string} url
 * @param {Omit<RequestInit, "body" | "signal"> & {body?: ?Uint8Array<ArrayBuffer>}} init
 */
async function ask(url, init) {
  const over = new AbortController();
  const patience_ms = ANSWER_WITHIN_MS + (init.body?.length ?? 0) / SLOWEST_BYTES_PER_MS;
  const timer = setTimeout(() => over.abort(), patience_ms);
  try {
    return await request(url, { ...init, signal: over.signal });
  } finally {
    clearTimeout(timer);
  }
}

const TUS = { "Tus-Resumable": "1.0.0" };

/** @param {string} id */
const recordingUrl = (id) => `/api/recordings/${encodeURIComponent(id)}`;

/** @param {string} text */
const base64 = (text) => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));

/**
 * What only the server tells. An answer without it, like the page with which a proxy asks to sign
 * in, says nothing of the recording, however well it went.
 *
 * @param {Response} response
 * @param {string} header
 * @param {RegExp} shape its first group is what is wanted
 */
function told({ headers }, header, shape) {
  const found = shape.exec(headers.get(header) ?? "")?.[1];
  if (found) return found;
  const words =
    "Something else answers in the server's place. It may want you to sign in: open this radio in " +
    "another tab.";
  throw new Unreachable(`There is no ${header}.`, words);
}

/** @param {Response} response */
const toldOffset = (response) => Number(told(response, "Upload-Offset", /^(\d+)$/));

/**
 * Start a live recording: tus creation with a deferred length.
 *
 * @param {NewRecording} metadata
 * @returns {Promise<string>} its id
 */
export async function createRecording(metadata) {
  const pairs = Object.entries(metadata).filter(([, value]) => value !== "");
  const response = await ask("/api/recordings", {
    method: "POST",
    headers: {
      ...TUS,
      "Upload-Defer-Length": "1",
      "Upload-Metadata": pairs.map(([key, value]) => `${key} ${base64(value)}`).join(","),
    },
  });
  // Only its last part: a proxy that hides the outer scheme would make the rest of it wrong.
  const id = told(response, "Location", /\/api\/recordings\/([^/]+)$/);
  await response.arrayBuffer(); // An unread answer looks like a broken one.
  return id;
}

/**
 * Append bytes where the recording ends.
 *
 * @param {{id: string, offset: number, body: ?Uint8Array<ArrayBuffer>, length?: number | undefined,
 *   keepalive?: boolean}} piece `length` declares where the recording ends
 * @returns {Promise<{offset: number, kept: number}>} where to go on, and before what all is safe:
 *   with a slow disk that comes later, and until then the server may lose it
 */
export async function appendChunk({ id, offset, body, length, keepalive = false }) {
  const response = await ask(recordingUrl(id), {
    method: "PATCH",
    headers: {
      ...TUS,
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(offset),
      ...(length === undefined ? { Prefer: "respond-async" } : { "Upload-Length": String(length) }),
    },
    body,
    keepalive,
  });
  const kept = toldOffset(response);
  return { offset: response.status === 202 ? offset + (body?.length ?? 0) : kept, kept };
}

/**
 * @param {string} id
 * @returns {Promise<{offset: number, length: ?number}>} where to go on, and its end once declared
 */
export async function readOffset(id) {
  const response = await ask(recordingUrl(id), {
    method: "HEAD",
    headers: TUS,
    cache: "no-store",
  });
  const length = response.headers.get("Upload-Length");
  return { offset: toldOffset(response), length: length === null ? null : Number(length) };
}

/**
 * @param {string} id
 * @returns {Promise<Recording>}
 */
export async function readRecording(id) {
  return (await ask(recordingUrl(id), { cache: "no-store" })).json();
}
