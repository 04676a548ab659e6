/** What earlier pages of this browser recorded and could not send. */

import * as api from "./api.js";
import { MemoryQueue } from "./chunk-queue.js";
import * as ownRecordings from "./own-recordings.js";
import { isHeld, tryHold, untilFree } from "./recording-lock.js";
import { StoredQueue } from "./stored-queue.js";
import { EndedElsewhere, PartLost } from "./upload-errors.js";
import { Uploader } from "./uploader.js";

/** @import { Queue } from "./chunk-queue.js" */
/** @import { ChunkStore, KeptRecording } from "./chunk-store.js" */
/** @import { Progress } from "./uploader.js" */

/** @typedef {{id: string, lost_s: number}} Sent the track's id, and how much of it nobody has */

/**
 * @param {ChunkStore} store
 * @param {() => void} [onFree] told when a page that was making a recording is gone
 * @returns {Promise<Leftover[]>} what no page is making or sending, the oldest first
 */
export async function findLeftovers(store, onFree = () => {}) {
  const found = [];
  for (const recording of await store.recordings()) {
    if (await isHeld(recording.key)) {
      untilFree(recording.key).then(onFree);
      continue;
    }
    const leftover = new Leftover(await StoredQueue.load(store, recording));
    // A server that cannot be asked now is asked when it is to be sent.
    if (await leftover.isSettled().catch(() => false)) await leftover.forget();
    else found.push(leftover);
  }
  return found;
}

export class Leftover {
  #queue;
  /** @type {?Uploader} */
  #uploader = null;

  /** @param {StoredQueue} queue */
  constructor(queue) {
    this.#queue = queue;
  }

  /** @returns {KeptRecording} */
  get recording() {
    return this.#queue.recording;
  }

  get duration_s() {
    return this.#queue.duration_s;
  }

  get unsent_s() {
    const from_s = this.#queue.recorded_s(this.recording.acknowledged);
    return from_s === null ? 0 : this.duration_s - from_s;
  }

  /** Whether the server has all of it; one that has, and does not know it, is told the end. */
  async isSettled() {
    const { id } = this.recording;
    if (this.#queue.end === 0) return true;
    if (id === null) return false;
    const { offset, length } = await api.readOffset(id);
    if (offset < this.#queue.end) {
      this.#queue.release(offset);
      return false;
    }
    if (length !== offset) await ownRecordings.endAsItIs(id);
    return true;
  }

  /** Whether it can be listened to: its beginning is kept. */
  get isPlayable() {
    return this.#queue.isPlayable;
  }

  /** What is kept of it, to listen to. */
  sound() {
    return this.#queue.wholeFile();
  }

  /**
   * Send what the server does not have. Rejects with what no further try can mend.
   *
   * @param {(progress: Progress) => void} [onProgress]
   * @returns {Promise<Sent>}
   */
  async send(onProgress = () => {}) {
    const letGo = await tryHold(this.recording.key);
    if (!letGo) throw new Error("Another tab is sending it.");
    try {
      const sent = await this.#sendRest(onProgress);
      await this.forget();
      return sent;
    } finally {
      letGo();
    }
  }

  /** The network may be back. */
  wake() {
    this.#uploader?.wake();
  }

  /** Throw away what was not sent; what was becomes a track as it is. */
  async discard() {
    const letGo = await tryHold(this.recording.key);
    if (!letGo) throw new Error("Another tab is sending it.");
    const { id } = this.recording;
    await this.forget();
    letGo();
    if (id) await ownRecordings.endAsItIs(id).catch(() => {}); // Then it ends by the server's timeout.
  }

  async forget() {
    await this.#queue.remove();
  }

  /** @param {(progress: Progress) => void} onProgress @returns {Promise<Sent>} */
  async #sendRest(onProgress) {
    const { id } = this.recording;
    if (id === null && this.#queue.start > 0) return this.#sendWhatIsLeft(onProgress);
    try {
      const onStart = (/** @type {string} */ given) => this.#queue.rename(given);
      return { id: await this.#upload(this.#queue, { id, onStart, onProgress }), lost_s: 0 };
    } catch (error) {
      const isOver = error instanceof EndedElsewhere || error instanceof PartLost;
      if (id === null || !isOver) throw error;
      if (error instanceof EndedElsewhere && (await this.isSettled())) return { id, lost_s: 0 };
      await this.#queue.rename(null);
      return this.#sendRest(onProgress); // Anew, from its first byte.
    }
  }

  /**
   * Nobody has all of it any more: what is here becomes a track of its own.
   *
   * @param {(progress: Progress) => void} onProgress
   * @returns {Promise<Sent>}
   */
  async #sendWhatIsLeft(onProgress) {
    const lost_s = this.#queue.recorded_s(this.#queue.start) ?? 0;
    if (!this.isPlayable) throw new PartLost(lost_s);
    const queue = new MemoryQueue();
    const sound = await (await this.sound()).arrayBuffer();
    queue.push(new Uint8Array(sound), this.duration_s);
    return { id: await this.#upload(queue, { id: null, onProgress }), lost_s };
  }

  /**
   * @param {Queue} queue
   * @param {{id: ?string, onStart?: (id: string) => void,
   *   onProgress: (progress: Progress) => void}} how `id` is null to start anew
   * @returns {Promise<string>} its id
   */
  async #upload(queue, how) {
    const { station, title, filetype } = this.recording;
    const metadata = { station, title, filetype, live: /** @type {const} */ ("false") };
    this.#uploader = new Uploader({ queue, metadata, ...how });
    this.#uploader.finish();
    await this.#uploader.run();
    return this.#uploader.id ?? "";
  }
}

/**
 * Make way on a station that an earlier page of this browser still has: what it left is sent, and
 * what another tab is still recording ends as a track as it is.
 *
 * @param {string} station
 * @param {?ChunkStore} store
 * @returns {Promise<boolean>} whether there was such a recording
 */
export async function makeWay(station, store) {
  const id = ownRecordings.openOn(station);
  if (!id) return false;
  const found = store ? await findLeftovers(store) : [];
  const leftover = found.find(({ recording }) => recording.id === id);
  try {
    await (leftover ? leftover.send() : ownRecordings.endAsItIs(id));
  } catch (error) {
    // Whatever else is said of it, another try would not mend it.
    if (error instanceof api.Unreachable) throw error;
  }
  ownRecordings.forget(station, id);
  return true;
}
