/** What was recorded, kept in this browser's storage until the server has all of it. */

import { joined } from "./bytes.js";
import { PieceGone, Unreadable } from "./upload-errors.js";

/** @import { Bytes } from "./bytes.js" */
/** @import { ChunkStore, KeptRecording, Piece, Place } from "./chunk-store.js" */

/** @typedef {Place & {pieces: ?Bytes[], isStored: boolean}} Entry */

/** So much of the newest sound stays in memory too: what is sent next is usually there. */
const RECENT_BYTES = 4 * 1024 * 1024;
/** Pieces of less sound share a record: each costs the browser the same, however small. */
const RECORD_S = 0.1;
/** So much goes at once when storage is short. */
const ROOM_BYTES = 8 * 1024 * 1024;

/**
 * A queue (see chunk-queue.js) over the chunk store. Pieces go to the store and to the uploader in
 * parallel, and stay until the whole recording is safe: a server that lost its data can be given
 * the recording anew. Only when storage is short do the oldest acknowledged ones go; the first
 * piece, without which nothing can be played, stays always.
 */
export class StoredQueue {
  #store;
  #onTrouble;
  /** @type {Entry[]} */
  #entries = [];
  /** The first entry from which on nothing is missing. */
  #first = 0;
  /** The first entry that may go when storage is short: the recording's first one stays. */
  #spare = 1;
  /** The first entry that is in memory. */
  #held = 0;
  /** The first entry that waits for the store. */
  #unstored = 0;
  /** Whether the last entry takes no more pieces. */
  #isFull = true;
  /** @type {?Promise<void>} */
  #writing = null;
  #failing = false;
  #removed = false;

  /**
   * @param {ChunkStore} store
   * @param {KeptRecording} recording
   * @param {(error: ?unknown) => void} [onTrouble] told when pieces can be kept in memory only, and
   *   null when they are in the store again
   */
  constructor(store, recording, onTrouble = () => {}) {
    this.#store = store;
    this.recording = recording;
    this.#onTrouble = onTrouble;
  }

  /** What an earlier page left. @param {ChunkStore} store @param {KeptRecording} recording */
  static async load(store, recording) {
    const queue = new StoredQueue(store, recording);
    const places = await store.places(recording.key);
    queue.#entries = places.map((place) => ({ ...place, pieces: null, isStored: true }));
    queue.#held = queue.#unstored = places.length;
    queue.#first = places.findLastIndex((at, i) => at.start !== (places[i - 1]?.end ?? 0));
    queue.#first = Math.max(0, queue.#first);
    return queue;
  }

  /** The offset from which on nothing is missing. */
  get start() {
    return this.#startOf(this.#first);
  }

  /** The offset after the last byte. */
  get end() {
    return this.#entries.at(-1)?.end ?? 0;
  }

  /** How long the recording is. */
  get duration_s() {
    return this.#entries.at(-1)?.recorded_s ?? 0;
  }

  /** @param {Bytes} bytes @param {number} recorded_s */
  push(bytes, recorded_s) {
    const last = this.#entries.at(-1);
    if (last?.pieces && !this.#isFull) {
      last.pieces.push(bytes);
      last.end += bytes.length;
      last.recorded_s = recorded_s;
    } else {
      const start = this.end;
      const end = start + bytes.length;
      this.#entries.push({ start, end, recorded_s, pieces: [bytes], isStored: false });
      this.#isFull = false;
    }
    const before_s = this.#entries.at(-2)?.recorded_s ?? 0;
    if (recorded_s - before_s >= RECORD_S) this.flush();
  }

  /** No more will come soon: let the store have what there is. Resolves when it has tried. */
  flush() {
    this.#isFull = true;
    return this.#write();
  }

  /** Whether the store takes what it is given, so far as is known. */
  get isKeeping() {
    return !this.#failing;
  }

  /**
   * Rejects with PieceGone where the store has it no more, else with Unreadable.
   *
   * @param {number} offset
   * @param {number} most_bytes
   * @returns {Bytes | Promise<Bytes>} some bytes from there on, at once when they are in memory
   */
  read(offset, most_bytes) {
    if (offset < this.start) throw new RangeError(`Byte ${offset} is gone.`);
    const from = this.#at(offset);
    const first = /** @type {Entry} */ (this.#entries[from]);
    const skip = offset - first.start;
    /** @param {Bytes[]} parts */
    const cut = (parts) => joined(...parts).subarray(skip, skip + most_bytes);
    if (!first.pieces) {
      return this.#readStored(first.start, offset + most_bytes).then(cut);
    }
    const parts = [];
    for (let i = from; i < this.#entries.length; i++) {
      const entry = /** @type {Entry} */ (this.#entries[i]);
      if (!entry.pieces || entry.start >= offset + most_bytes) break;
      parts.push(...entry.pieces);
    }
    return cut(parts);
  }

  /** @param {number} from where a piece begins @param {number} to */
  async #readStored(from, to) {
    try {
      const buffers = await this.#store.read(this.recording.key, from, to);
      return buffers.map((buffer) => new Uint8Array(buffer));
    } catch (error) {
      throw error instanceof PieceGone ? error : new Unreadable(error);
    }
  }

  /** The server has what is before `offset`. @param {number} offset */
  release(offset) {
    this.recording.acknowledged = offset;
    this.#forget();
  }

  /**
   * @param {number} offset
   * @returns {?number} how long the recording was when the byte there was made
   */
  recorded_s(offset) {
    return this.#entries[this.#at(offset)]?.recorded_s ?? null;
  }

  /** The server's name for it, null when it has none any more. @param {?string} id */
  async rename(id) {
    this.recording.id = id;
    await this.#store.save(this.recording).catch(() => {}); // The next piece will try again.
  }

  /** Nothing plays without its beginning. */
  get isPlayable() {
    return this.#entries[0]?.start === 0;
  }

  /** Everything that is kept, as one file. */
  async wholeFile() {
    await this.#writing;
    const { key, filetype } = this.recording;
    return new Blob(await this.#store.read(key, 0, this.end), { type: filetype });
  }

  /** Let the oldest acknowledged pieces go. @returns {Promise<boolean>} whether there were any */
  async makeRoom() {
    const from = this.#startOf(this.#spare);
    const until = this.#at(Math.min(this.recording.acknowledged, from + ROOM_BYTES));
    const to = Math.min(until, this.#unstored); // What is not there cannot be let go.
    if (to <= this.#spare) return false;
    await this.#store.drop(this.recording.key, from, this.#startOf(to));
    this.#spare = to;
    this.#first = Math.max(this.#first, to);
    return true;
  }

  /** It is safe, or not wanted: this browser forgets it. */
  async remove() {
    this.#removed = true;
    await this.#writing;
    await this.#store.remove(this.recording.key);
  }

  /** Where an entry begins, or the next one will. @param {number} index */
  #startOf(index) {
    return this.#entries[index]?.start ?? this.end;
  }

  /** The entry with the byte at `offset`. @param {number} offset */
  #at(offset) {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.end ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The first entry that takes more pieces, or will come. */
  get #full() {
    return this.#entries.length - (this.#isFull ? 0 : 1);
  }

  /** One transaction at a time with everything that is new, so that the store has no holes. */
  #write() {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll() {
    while (this.#unstored < this.#full && !this.#removed) {
      const end = this.#full;
      const batch = this.#entries.slice(this.#unstored, end);
      try {
        await this.#store.append(this.recording, batch.map(toPiece));
      } catch (error) {
        if (isFull(error) && (await this.makeRoom().catch(() => false))) continue;
        this.#failing = true;
        this.#onTrouble(error);
        return; // The next piece comes in a moment, and tries again.
      }
      if (this.#failing) this.#onTrouble(null);
      this.#failing = false;
      for (const entry of batch) entry.isStored = true;
      this.#unstored = end;
      this.#forget();
    }
  }

  /** Keep in memory what is in no store, and what will be sent next. */
  #forget() {
    const { acknowledged } = this.recording;
    const old = this.end - RECENT_BYTES;
    for (; this.#held < this.#entries.length; this.#held++) {
      const entry = /** @type {Entry} */ (this.#entries[this.#held]);
      const isSafe = entry.end <= acknowledged;
      if (!(entry.isStored ? isSafe || entry.end <= old : isSafe && this.#failing)) break;
      entry.pieces = null;
      if (entry.isStored) continue;
      this.#unstored = this.#first = this.#held + 1;
    }
  }
}

/** @param {Entry} entry @returns {Piece} */
function toPiece({ start, end, recorded_s, pieces }) {
  // Buffers and not blobs: a blob is a file of its own in some browsers, ten a second.
  return { start, end, recorded_s, bytes: joined(...(pieces ?? [])).buffer };
}

/** @param {unknown} error */
const isFull = (error) => error instanceof DOMException && error.name === "QuotaExceededError";
