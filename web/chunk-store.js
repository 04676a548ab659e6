/**
 * Where this browser keeps recordings until the server has them: IndexedDB, which outlives a
 * reload, a crashed tab and a killed browser.
 *
 * @typedef {{key: string, id: ?string, station: string, title: string, filetype: string,
 *   started_at: Date, acknowledged: number}} KeptRecording `id` is the server's, null before it
 *   gave one; `acknowledged` may lag a moment behind what the server has told
 * @typedef {{start: number, end: number, recorded_s: number}} Place where a piece lies in its
 *   recording, and how long that was with it
 * @typedef {Place & {bytes: ArrayBuffer}} Piece
 */

import { PieceGone } from "./upload-errors.js";

const NAME = "audio-stream";
const VERSION = 1;
const RECORDINGS = "recordings";
const PIECES = "pieces";
/** A browser whose profile is broken may never answer. */
const OPEN_WITHIN_MS = 3000;

export class ChunkStore {
  /** @type {?Promise<IDBDatabase>} */
  #database = null;

  /** Rejects where the browser has no storage for this page, as in some private windows. */
  static async open() {
    const store = new ChunkStore();
    await store.#open();
    return store;
  }

  /** The connection: a new one after the browser closed it, as it does to clear a site's data. */
  #open() {
    const over = () => {
      this.#database = null;
    };
    this.#database ??= openDatabase(over);
    this.#database.catch(over);
    return this.#database;
  }

  /** @returns {Promise<KeptRecording[]>} the oldest first */
  async recordings() {
    const transaction = (await this.#open()).transaction(RECORDINGS);
    /** @type {KeptRecording[]} */
    const kept = await answer(transaction.objectStore(RECORDINGS).getAll());
    return kept.sort((one, other) => one.started_at.getTime() - other.started_at.getTime());
  }

  /** @param {KeptRecording} recording */
  save(recording) {
    return this.#write([RECORDINGS], ([recordings]) => recordings?.put(recording));
  }

  /**
   * Keep the next pieces, all or none. Rejects with QuotaExceededError when there is no room.
   *
   * @param {KeptRecording} recording
   * @param {Piece[]} pieces
   */
  append(recording, pieces) {
    return this.#write([RECORDINGS, PIECES], ([recordings, stored]) => {
      recordings?.put(recording);
      for (const { bytes, ...place } of pieces) stored?.put(bytes, keyOf(recording.key, place));
    });
  }

  /**
   * @param {string} key
   * @returns {Promise<Place[]>} in their order; the bytes stay where they are
   */
  async places(key) {
    const keys = await answer((await this.#pieces()).getAllKeys(between(key)));
    return keys.map((pieceKey) => {
      const [, start, end, recorded_s] = /** @type {[string, number, number, number]} */ (pieceKey);
      return { start, end, recorded_s };
    });
  }

  /**
   * Rejects with PieceGone where no piece begins at `from` any more.
   *
   * @param {string} key
   * @param {number} from
   * @param {number} to
   * @returns {Promise<ArrayBuffer[]>} the pieces that begin there, `from` included, `to` not
   */
  async read(key, from, to) {
    const range = between(key, from, to);
    const pieces = await this.#pieces();
    const [first, found] = await Promise.all([
      answer(pieces.getKey(range)),
      answer(pieces.getAll(range)),
    ]);
    if (/** @type {?[string, number]} */ (first)?.[1] !== from) throw new PieceGone();
    return found;
  }

  /** Forget pieces that begin there. @param {string} key @param {number} from @param {number} to */
  drop(key, from, to) {
    return this.#write([PIECES], ([stored]) => stored?.delete(between(key, from, to)));
  }

  /** Forget a recording and every piece of it. @param {string} key */
  remove(key) {
    return this.#write([RECORDINGS, PIECES], ([recordings, stored]) => {
      recordings?.delete(key);
      stored?.delete(between(key));
    });
  }

  async #pieces() {
    return (await this.#open()).transaction(PIECES).objectStore(PIECES);
  }

  /**
   * @param {string[]} names
   * @param {(stores: IDBObjectStore[]) => void} change
   * @returns {Promise<void>} once it outlives this page
   */
  async #write(names, change) {
    const transaction = (await this.#open()).transaction(names, "readwrite");
    try {
      change(names.map((name) => transaction.objectStore(name)));
    } catch (error) {
      transaction.abort();
      throw error;
    }
    await new Promise((resolve, reject) => {
      transaction.addEventListener("complete", resolve);
      transaction.addEventListener("abort", () => reject(transaction.error));
    });
  }
}

/** @param {() => void} onClose told when the browser has closed it, or this page for a newer one */
async function openDatabase(onClose) {
  if (!globalThis.indexedDB) throw new Error("This browser has no IndexedDB.");
  const opening = indexedDB.open(NAME, VERSION);
  opening.addEventListener("upgradeneeded", () => {
    opening.result.createObjectStore(RECORDINGS, { keyPath: "key" });
    opening.result.createObjectStore(PIECES);
  });
  const tooLate = new Promise((_, reject) => {
    setTimeout(() => reject(new Error("This browser's storage does not open.")), OPEN_WITHIN_MS);
  });
  const opened = answer(opening).then((database) => {
    database.addEventListener("close", onClose);
    database.addEventListener("versionchange", () => {
      database.close();
      onClose();
    });
    return database;
  });
  return Promise.race([opened, tooLate]);
}

/** The key tells everything but the bytes, so that places are known without reading these. */
const keyOf = (/** @type {string} */ key, /** @type {Place} */ { start, end, recorded_s }) => [
  key,
  start,
  end,
  recorded_s,
];

/** @param {string} key @param {number} from @param {number} to */
function between(key, from = 0, to = Number.POSITIVE_INFINITY) {
  return IDBKeyRange.bound([key, from], [key, to], false, true);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
