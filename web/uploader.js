/**
 * Brings a recording to the server: tus, one request in flight with everything that is ready.
 *
 * It knows no page. Whatever the network does, the bytes wait in the queue until the server has
 * told an offset behind them, which it does once they are safe. The next request need not wait for
 * that: listeners should not hear that the server's disk is slow.
 */

import { AirWatch } from "./air-watch.js";
import * as api from "./api.js";
import { backoff_s, Pause } from "./backoff.js";
import { EndedElsewhere, PartLost, Unreadable } from "./upload-errors.js";

/** @import { Bytes } from "./bytes.js" */
/** @import { Queue } from "./chunk-queue.js" */

/**
 * @typedef {{sent_bytes: number, unsent_bytes: number, unsent_s: number, trouble: ?string,
 *   on_air: boolean, off_air_reason: ?string}} Progress `trouble` says why nothing is being sent,
 *   null when all is well; `on_air` is true until the server says that nobody can hear it
 * @typedef {{createRecording: typeof api.createRecording, appendChunk: typeof api.appendChunk,
 *   readOffset: typeof api.readOffset, readRecording: typeof api.readRecording}} Server
 */

const MOST_BYTES = 4 * 1024 * 1024;
/**
 * A request is worth so much new sound, or more where the one before took longer to be answered.
 * Sound is the clock, because timers sleep in hidden pages.
 */
const WORTH_SENDING_S = 0.04;
const ROUNDING_S = 1e-6;
/** Nobody reads numbers faster. */
const TELL_EVERY_S = 0.1;
/**
 * A station that this page may have taken with a request that was never answered is free again once
 * the server has heard nothing of it for so long: 30 s, if nobody has set that otherwise.
 */
const FREE_WITHIN_MS = 60_000;
/** What a browser sends after its page is gone is limited to 64 KiB, headers included. */
const KEEPALIVE_BYTES = 60 * 1024;
/** Answers that will be the same next time. 409 is not one: it tells that the offset moved. */
const FINAL = new Set([400, 401, 403, 413, 415, 422, 460]);
/** The server knows the recording no more: its data is lost, or was not waited for any longer. */
const LOST = new Set([404, 410]);
/** The longest pause between tries is about this: nobody should wait long for a server's return. */
const PAUSE_S = { first_s: 0.5, most_s: 5 };

/** What cannot be read so often, in some ten seconds, is damaged. */
const READ_TRIES = 6;

const OFF_AIR = /** @type {const} */ ({ live: "false" });

export class Uploader {
  #server;
  #queue;
  #metadata;
  #on;
  #pause = new Pause();
  #news = () => {};
  #finishing = false;
  #offset = 0;
  #inFlight = 0;
  #recorded_s = 0;
  #told_s = Number.NEGATIVE_INFINITY;
  /** Where the last request ended, if nothing was ready after that, and how long it was then. */
  #requested = { end: 0, recorded_s: Number.NEGATIVE_INFINITY };
  #finished = false;
  /** Whether only the server knows how much of the last request it kept. */
  #uncertain = false;
  #anew = false;
  #air;
  /** When a recording may have been made that nobody told this page of. */
  #unanswered_ms = Number.NEGATIVE_INFINITY;
  #refusedAt = -1;
  #unreadable = 0;
  /** @type {?string} */
  #trouble = null;
  /** @type {?string} */
  id;

  /**
   * @param {{queue: Queue, metadata: api.NewRecording, id?: ?string,
   *   onStart?: (id: string) => void, onProgress?: (progress: Progress) => void,
   *   server?: Server}} options `id` names a recording that the server has a part of
   */
  constructor({ queue, metadata, id = null, onStart, onProgress, server = api }) {
    this.id = id;
    this.#uncertain = id !== null;
    this.#server = server;
    this.#queue = queue;
    this.#metadata = metadata;
    this.#air = new AirWatch(
      (id) => server.readRecording(id),
      () => !this.#finishing && this.#report(),
    );
    this.#on = { start: onStart ?? (() => {}), progress: onProgress ?? (() => {}) };
  }

  /**
   * @param {Bytes} bytes the next bytes of the recording
   * @param {number} recorded_s its length with them
   */
  push(bytes, recorded_s) {
    this.#recorded_s = recorded_s;
    this.#queue.push(bytes, recorded_s);
    this.#reportIfDue();
    this.#news();
    this.#pause.look();
  }

  /** Nothing more will be pushed: send the rest and end the recording. */
  finish() {
    this.#finishing = true;
    this.#report();
    this.#news();
  }

  /** The network may be back: try now rather than later. */
  wake() {
    this.#pause.wake();
  }

  /**
   * Create the recording and send until the server has every byte and knows the end. Throws the
   * Problem that no further try can mend.
   */
  async run() {
    let failures = 0;
    while (!this.#finished) {
      try {
        await this.#step();
        failures = 0;
      } catch (error) {
        if (!this.#canGoOn(error)) throw error;
        this.#setTrouble(/** @type {Error} */ (error).message);
        const isKnown = error instanceof api.Problem && [409, 413].includes(error.status);
        if (failures++ === 0 && isKnown) continue; // The server's offset is one question away.
        await this.#pause.wait(backoff_s(failures - 1, PAUSE_S));
      }
    }
  }

  async #step() {
    if (this.id === null) {
      this.id = await this.#create();
      this.#on.start(this.id);
    } else if (this.#uncertain) {
      await this.#catchUp();
    }
    this.#uncertain = false;
    if (this.#offset >= this.#queue.end) this.#setTrouble(null);
    await this.#untilReady();
    if (!this.#finished) await this.#send();
  }

  /** Whether another try may mend it; prepares that try. @param {unknown} error */
  #canGoOn(error) {
    this.#uncertain = true;
    if (error instanceof api.Unreachable) return true;
    if (error instanceof Unreadable) return ++this.#unreadable < READ_TRIES;
    if (!(error instanceof api.Problem)) return false;
    if (this.id !== null && LOST.has(error.status)) return this.#startAnew();
    if (error.status === 413 && this.id !== null && this.#refusedAt !== this.#offset) {
      this.#refusedAt = this.#offset; // Ended from another page meanwhile? Its offset tells.
      return true;
    }
    if (this.id === null && error.status === 409) {
      if (performance.now() - this.#unanswered_ms < FREE_WITHIN_MS) return true;
      if (!this.#anew) return false;
      this.#metadata = { ...this.#metadata, ...OFF_AIR }; // The station has another source now.
    }
    return !FINAL.has(error.status);
  }

  #startAnew() {
    if (this.#queue.start > 0) throw new PartLost(this.#queue.recorded_s(this.#queue.start) ?? 0);
    // One that kept nothing of the last try either, such as on a broken disk, will not keep the next.
    if (this.#anew && this.#offset === 0) return false;
    this.#anew = true;
    this.id = null;
    this.#air.doubt();
    this.#accept(0);
    return true;
  }

  async #untilReady() {
    while (!this.#isWorthSending && !this.#finishing) {
      await new Promise((resolve) => {
        this.#news = () => resolve(undefined);
      });
    }
  }

  get #isWorthSending() {
    if (this.#offset >= this.#queue.end) return false;
    const { end, recorded_s } = this.#requested;
    // What did not arrive, or found no room in the last request, has waited long enough.
    if (this.#offset !== end) return true;
    return this.#recorded_s - recorded_s > WORTH_SENDING_S - ROUNDING_S;
  }

  async #send() {
    const offset = this.#offset;
    const empty = offset >= this.#queue.end;
    const body = empty ? null : await this.#queue.read(offset, MOST_BYTES);
    this.#unreadable = 0;
    this.#inFlight = body?.length ?? 0;
    const end = offset + this.#inFlight;
    this.#requested = { end: end === this.#queue.end ? end : -1, recorded_s: this.#recorded_s };
    const last = this.#finishing && end === this.#queue.end;
    const id = /** @type {string} */ (this.id);
    try {
      const length = last ? this.#queue.end : undefined;
      const answer = await this.#server.appendChunk({ id, offset, body, length });
      this.#setTrouble(null);
      this.#accept(answer.offset, answer.kept);
      this.#finished = last;
    } finally {
      this.#inFlight = 0;
    }
    // The next request does not wait for this answer.
    if (!this.#finishing) this.#air.look(id, this.#recorded_s);
  }

  async #create() {
    try {
      return await this.#server.createRecording(this.#metadata);
    } catch (error) {
      if (error instanceof api.Unreachable) this.#unanswered_ms = performance.now();
      throw error;
    }
  }

  /** After trouble only the server knows how much of the last request it kept. */
  async #catchUp() {
    const id = /** @type {string} */ (this.id);
    const { offset, length } = await this.#server.readOffset(id);
    if (offset > this.#queue.end) throw new EndedElsewhere(); // Somebody else appended to it.
    if (offset < this.#queue.start) {
      throw new PartLost(this.#queue.recorded_s(this.#queue.start) ?? 0);
    }
    this.#accept(offset);
    this.#air.doubt();
    if (offset !== length) return;
    this.#finished = this.#finishing && offset === this.#queue.end;
    if (!this.#finished) throw new EndedElsewhere();
  }

  /**
   * @param {number} offset the server's word
   * @param {number} [kept] before which it will lose nothing any more
   */
  #accept(offset, kept = offset) {
    this.#offset = offset;
    this.#queue.release(kept);
    this.#reportIfDue();
  }

  /** @param {?string} trouble */
  #setTrouble(trouble) {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#report();
  }

  #reportIfDue() {
    if (this.#finishing || this.#recorded_s - this.#told_s >= TELL_EVERY_S) this.#report();
  }

  #report() {
    this.#told_s = this.#recorded_s;
    const unsentFrom_s = this.#queue.recorded_s(this.#offset);
    this.#on.progress({
      sent_bytes: this.#offset,
      unsent_bytes: this.#queue.end - this.#offset,
      unsent_s: unsentFrom_s === null ? 0 : Math.max(0, this.#recorded_s - unsentFrom_s),
      trouble: this.#trouble,
      ...this.#air.known,
    });
  }

  /**
   * The page is going away: end the recording with a request that outlives it.
   *
   * Whether the request in flight will still arrive cannot be known, so one request is sent for
   * each case; the server refuses the one whose offset is wrong. The first is for the case that it
   * does not: so one of them is right even if it arrives between them.
   */
  finishOnUnload() {
    if (this.id === null) return;
    const length = this.#queue.end;
    const offsets = new Set([this.#offset, this.#offset + this.#inFlight]);
    let room = KEEPALIVE_BYTES;
    for (const offset of [...offsets].reverse()) {
      room -= length - offset;
      if (room < 0) offsets.delete(offset);
    }
    for (const offset of offsets) {
      const size = length - offset;
      const body = size > 0 ? this.#queue.read(offset, size) : null;
      if (body instanceof Promise) continue; // There is no time to wait for it.
      const id = this.id;
      this.#server.appendChunk({ id, offset, body, length, keepalive: true }).catch(() => {});
    }
  }
}
