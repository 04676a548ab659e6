/** One request for a station's live bytes, given up once it brings nothing any more. */

import * as api from "./api.js";
import { Liveness } from "./liveness.js";

/** @import { Bytes } from "./bytes.js" */

export class LiveConnection {
  #over = new AbortController();
  /** @type {?Response} */
  #response = null;

  liveness = new Liveness(() => this.#over.abort(new api.Unreachable("silence")));

  /** @param {AbortSignal} signal ends it */
  constructor(signal) {
    signal.addEventListener("abort", () => this.close(), { signal: this.#over.signal });
  }

  /**
   * Raises what `api.openLive` does.
   *
   * @param {string} station
   * @param {number} backlog_s how much of the sound before now comes first
   * @returns {Promise<string>} the type of what comes
   */
  async open(station, backlog_s) {
    const { signal } = this.#over;
    this.#response = await api.openLive(station, { backlog_s, signal });
    return this.#response.headers.get("Content-Type") ?? "";
  }

  /** Hand on what comes until the broadcast ends. @param {(bytes: Bytes) => void} onBytes */
  async read(onBytes) {
    const body = /** @type {?ReadableStream<Bytes>} */ (this.#response?.body);
    const reader = body?.getReader();
    this.liveness.renew(); // What came before has waited here, not on the line.
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done) return this.liveness.over(); // Not dead: the broadcast ended.
      this.liveness.renew();
      if (value) onBytes(value);
    }
  }

  close() {
    this.liveness.over();
    this.#over.abort();
  }
}
