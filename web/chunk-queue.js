/**
 * What was recorded and is not yet safe on the server, addressed by its byte offset.
 *
 * @typedef {{readonly start: number, readonly end: number,
 *   push: (blob: Blob, recorded_s: number) => void,
 *   read: (offset: number, most_bytes: number) => Blob | Promise<Blob>,
 *   release: (offset: number) => void, recorded_s: (offset: number) => ?number}} Queue all that
 *   the uploader needs; `read` may give fewer bytes than asked for, never none
 */

/** A queue that lives as long as its page, for browsers that keep nothing. */
export class MemoryQueue {
  /** @type {{start: number, blob: Blob, recorded_s: number}[]} */
  #chunks = [];

  /** The offset of the first byte it still holds. */
  start = 0;
  /** The offset after the last byte it was given. */
  end = 0;

  /**
   * @param {Blob} blob
   * @param {number} recorded_s how long the recording was when these bytes were complete
   */
  push(blob, recorded_s) {
    this.#chunks.push({ start: this.end, blob, recorded_s });
    this.end += blob.size;
  }

  /**
   * @param {number} offset
   * @param {number} most_bytes
   * @returns {Blob} the bytes from there on
   */
  read(offset, most_bytes) {
    const from = this.#chunks.findLastIndex((chunk) => chunk.start <= offset);
    if (from < 0 || offset < this.start) throw new RangeError(`Byte ${offset} is gone.`);
    const parts = [];
    let size = (this.#chunks[from]?.start ?? 0) - offset;
    for (let i = from; i < this.#chunks.length && size < most_bytes; i++) {
      const blob = /** @type {{blob: Blob}} */ (this.#chunks[i]).blob;
      parts.push(blob);
      size += blob.size;
    }
    const skip = offset - (this.#chunks[from]?.start ?? 0);
    return new Blob(parts).slice(skip, skip + most_bytes);
  }

  /** Forget what is before `offset`. @param {number} offset */
  release(offset) {
    this.start = Math.max(this.start, offset);
    const kept = this.#chunks.findIndex((chunk) => chunk.start + chunk.blob.size > offset);
    this.#chunks.splice(0, kept < 0 ? this.#chunks.length : kept);
  }

  /**
   * How long the recording was when the byte at `offset` was made.
   *
   * @param {number} offset
   * @returns {?number} seconds, null when nothing was recorded from there on
   */
  recorded_s(offset) {
    return this.#chunks.find((chunk) => chunk.start + chunk.blob.size > offset)?.recorded_s ?? null;
  }
}
