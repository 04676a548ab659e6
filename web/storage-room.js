/** Watches how much this browser can still keep. */

/** @import { StoredQueue } from "./stored-queue.js" */

const LOOK_EVERY_S = 10;
/** Warn while there is still time to do something about it. */
const SHORT_S = 600;

export class StorageRoom {
  #queue;
  #onShort;
  #next_s = 1;

  /**
   * @param {StoredQueue} queue
   * @param {(left_s: ?number) => void} onShort told how much sound there is room for when that
   *   is little and nothing is left to let go, and null when there is enough
   */
  constructor(queue, onShort) {
    this.#queue = queue;
    this.#onShort = onShort;
    // Otherwise a browser that is short of disk may clear what pages have stored.
    navigator.storage?.persist?.().catch(() => {});
  }

  /** Driven by the recorder's pieces, because timers sleep in hidden pages. @param {number} recorded_s */
  async look(recorded_s) {
    if (recorded_s < this.#next_s) return;
    this.#next_s = recorded_s + LOOK_EVERY_S;
    try {
      const { quota, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
      if (quota === undefined) return;
      const left_s = Math.max(0, quota - usage) / (this.#queue.end / recorded_s);
      const isShort = left_s < SHORT_S && !(await this.#queue.makeRoom());
      this.#onShort(isShort ? left_s : null);
    } catch {
      // What cannot be asked shows itself when a piece cannot be kept.
    }
  }
}
