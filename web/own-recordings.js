/** The recordings that this browser has begun and not seen end, one for each station. */

import * as api from "./api.js";

const KEY = "audio-stream.recordings";
const MOST_TRIES = 50;
const RETRY_AFTER_MS = 50;

/** @returns {Record<string, string>} recording ids by station */
function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {}; // Private windows may have no storage, and others' extensions may spoil it.
  }
}

/** @param {Record<string, string>} recordings */
function save(recordings) {
  try {
    localStorage.setItem(KEY, JSON.stringify(recordings));
  } catch {
    // Without storage an old recording ends by the server's timeout instead.
  }
}

/** @param {string} station @param {string} id */
export function remember(station, id) {
  save({ ...load(), [station]: id });
}

/** @param {string} station @param {string} id */
export function forget(station, id) {
  const { [station]: known, ...others } = load();
  if (known === id) save(others);
}

/** @param {string} station @returns {?string} the recording that was not seen to end there */
export function openOn(station) {
  return load()[station] ?? null;
}

/**
 * End a recording of this browser with what the server has of it, though another page may still be
 * adding to it. Rejects when the server cannot be reached.
 *
 * @param {string} id
 */
export async function endAsItIs(id) {
  for (let tries = 0; tries < MOST_TRIES && !(await end(id)); tries++) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS * Math.random()));
  }
}

/**
 * @param {string} id
 * @returns {Promise<boolean>} false when that page is still there, and was quicker
 */
async function end(id) {
  try {
    const { offset, length } = await api.readOffset(id);
    if (length !== offset) await api.appendChunk({ id, offset, body: null, length: offset });
    return true;
  } catch (error) {
    // Whatever else the server says of it, it no longer stands in the way.
    if (error instanceof api.Problem) return error.status !== 409 && error.status !== 423;
    throw error;
  }
}
