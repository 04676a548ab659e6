/** One request for a station's live bytes, given up once it brings nothing any more. */

import * as api from "./api.js";

/** @import { Bytes } from "./bytes.js" */

/** A connection that brings nothing for so long is taken for dead: sound comes all the time. */
const SILENCE_MS = 10_000;
/** After news of a network that is back, one that brought nothing for so long is dead. */
const SUSPICIOUS_MS = 1000;

export class LiveConnection {
  #over = new AbortController();
  #signal;
  #arrived_ms = performance.now();
  /** @type {?Response} */
  #response = null;

  /** Whether it was given up because it brought nothing. */
  isDead = false;
  /** Whether it brought anything. */
  isAlive = false;

  /** @param {AbortSignal} signal ends it */
  constructor(signal) {
    this.#signal = AbortSignal.any([signal, this.#over.signal]);
  }

  /** Seconds since anything came. */
  get silent_s() {
    return (performance.now() - this.#arrived_ms) / 1000;
  }

  /** Whether what has been silent for so long may never bring anything again. */
  get isSuspicious() {
    return this.silent_s >= SUSPICIOUS_MS / 1000;
  }

  /**
   * Raises what `api.openLive` does.
   *
   * @param {string} station
   * @param {number} backlog_s how much of the sound before now comes first
   * @returns {Promise<string>} the type of what comes
   */
  async open(station, backlog_s) {
    this.#response = await api.openLive(station, { backlog_s, signal: this.#signal });
    return this.#response.headers.get("Content-Type") ?? "";
  }

  /** Hand on what comes until the broadcast ends. @param {(bytes: Bytes) => void} onBytes */
  async read(onBytes) {
    const body = /** @type {?ReadableStream<Bytes>} */ (this.#response?.body);
    const reader = body?.getReader();
    this.#arrived_ms = performance.now();
    const watch = setInterval(() => this.#giveUpAfter(SILENCE_MS), SILENCE_MS / 4);
    try {
      for (;;) {
        const { done = true, value } = (await reader?.read()) ?? {};
        if (done) return;
        this.#arrived_ms = performance.now();
        this.isAlive = true;
        if (value) onBytes(value);
      }
    } finally {
      clearInterval(watch);
    }
  }

  /** The network was away: this may wait for ever. */
  doubt() {
    this.#giveUpAfter(SUSPICIOUS_MS);
  }

  close() {
    this.#over.abort();
  }

  /** @param {number} silence_ms */
  #giveUpAfter(silence_ms) {
    if (performance.now() - this.#arrived_ms < silence_ms) return;
    this.isDead = true;
    this.#over.abort(new api.Unreachable("silence"));
  }
}
