import { joined } from "./bytes.js";

/** @import { Bytes } from "./bytes.js" */

/**
 * What was recorded and is not yet safe on the server, addressed by its byte offset.
 *
 * @typedef {{readonly start: number, readonly end: number,
 *   push: (bytes: Bytes, recorded_s: number) => void,
 *   read: (offset: number, most_bytes: number) => Bytes | Promise<Bytes>,
 *   release: (offset: number) => void, recorded_s: (offset: number) => ?number}} Queue all that
 *   the uploader needs; `read` may give fewer bytes than asked for, never none, and rejects with
 *   Unreadable where another try may help
 */

/** A queue that lives as long as its page, for browsers that keep nothing. */
export class MemoryQueue {
  /** @type {{start: number, bytes: Bytes, recorded_s: number}[]} */
  #chunks = [];

  /** The offset of the first byte it still holds. */
  start = 0;
  /** The offset after the last byte it was given. */
  end = 0;

  /**
   * @param {Bytes} bytes
   * @param {number} recorded_s how long the recording was when these bytes were complete
   */
  push(bytes, recorded_s) {
    this.#chunks.push({ start: this.end, bytes, recorded_s });
    this.end += bytes.length;
  }

  /**
   * @param {number} offset
   * @param {number} most_bytes
   * @returns {Bytes} the bytes from there on
   */
  read(offset, most_bytes) {
    const from = this.#chunks.findLastIndex((chunk) => chunk.start <= offset);
    if (from < 0 || offset < this.start) throw new RangeError(`Byte ${offset} is gone.`);
    const parts = [];
    let size = (this.#chunks[from]?.start ?? 0) - offset;
    for (let i = from; i < this.#chunks.length && size < most_bytes; i++) {
      const { bytes } = /** @type {{bytes: Bytes}} */ (this.#chunks[i]);
      parts.push(bytes);
      size += bytes.length;
    }
    const skip = offset - (this.#chunks[from]?.start ?? 0);
    return joined(...parts).subarray(skip, skip + most_bytes);
  }

  /** Forget what is before `offset`. @param {number} offset */
  release(offset) {
    this.start = Math.max(this.start, offset);
    const kept = this.#chunks.findIndex((chunk) => chunk.start + chunk.bytes.length > offset);
    this.#chunks.splice(0, kept < 0 ? this.#chunks.length : kept);
  }

  /**
   * How long the recording was when the byte at `offset` was made.
   *
   * @param {number} offset
   * @returns {?number} seconds, null when nothing was recorded from there on
   */
  recorded_s(offset) {
    return (
      this.#chunks.find((chunk) => chunk.start + chunk.bytes.length > offset)?.recorded_s ?? null
    );
  }
}
