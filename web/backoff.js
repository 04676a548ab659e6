/** How long to wait before trying again, and a wait that good news can shorten. */

/**
 * @param {number} failures how many tries failed in a row
 * @param {{first_s?: number, most_s?: number}} [limits]
 * @returns {number} seconds, growing, and jittered so that many pages do not come back at once
 */
export function backoff_s(failures, { first_s = 0.5, most_s = 15 } = {}) {
  return Math.min(most_s, first_s * 2 ** Math.min(failures, 10)) * (0.5 + Math.random());
}

/** A pause that ends after its time, or as soon as somebody calls `wake`. */
export class Pause {
  #wake = () => {};
  #end_ms = 0;

  /**
   * @param {number} seconds
   * @param {AbortSignal} [signal] ends it as well
   * @returns {Promise<void>}
   */
  wait(seconds, signal) {
    this.#end_ms = performance.now() + seconds * 1000;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, seconds * 1000);
      signal?.addEventListener("abort", end);
      this.#wake = end;
      if (signal?.aborted) end();
    });
  }

  wake() {
    this.#wake();
  }

  /** End it if its time is over: the timers of a hidden page come late, its events do not. */
  look() {
    if (performance.now() >= this.#end_ms) this.#wake();
  }
}
