/**
 * Plays a station from its live edge and stays with it: through silence, off air and network loss,
 * until told to pause. It knows no page; whoever owns the media element shows its state.
 */

import * as api from "./api.js";
import { backoff_s, Pause } from "./backoff.js";
import { LiveBuffer } from "./live-buffer.js";
import { CannotPlay, PlainStream } from "./live-plain.js";
import { canBuffer, canBufferAnything, SOURCE_NAME } from "./live-source.js";
import { LANDING_S } from "./live-steering.js";
import { TargetDelay } from "./live-target.js";
import { chooseWay } from "./live-way.js";

/** @import { Way } from "./live-way.js" */

/**
 * @typedef {"paused" | "connecting" | "playing" | "offAir" | "unreachable" | "blocked"} State
 *   `offAir` and `unreachable` wait and try again by themselves; `blocked` means that the browser
 *   wants another click first
 */

/** A connection that brings nothing for so long is taken for dead: sound comes all the time. */
const SILENCE_MS = 10_000;
/** After news of a network that is back, a connection that brought nothing for so long is dead. */
const SUSPICIOUS_MS = 1000;
/** Asked for at once, so that the element can begin at once: what Chromium begins with, and a packet. */
const BACKLOG_S = LANDING_S + 0.02;

/** More than this is worth a word; the element alone is about 4 s behind from its beginning. */
const BEHIND_S = { mse: 2, plain: 7, mp3: 7 };

/** Whoever owns the player hears when the station is back and wakes it; this is for missed news. */
const OFF_AIR_PAUSE = { first_s: 20, most_s: 20 };

export class LivePlayer extends EventTarget {
  #media;
  #pause = new Pause();
  #station = "";
  #running = new AbortController();
  #attempt = new AbortController();
  #target = new TargetDelay();
  /** @type {LiveBuffer | PlainStream | null} */
  #sound = null;
  /** Types that the element claimed to play and then did not. @type {Set<string>} */
  #unplayable = new Set();
  #mimeType = "";
  #arrived_ms = 0;
  /** Whether the connection before brought nothing any more: what it brought is no news. */
  #wasSilent = false;
  #before = { stalls: 0, jumps: 0 };
  #connections = 0;

  /** How the sound is played. @type {Way} */
  way = "mse";

  /** @type {State} */
  state = "paused";

  /** @param {HTMLMediaElement} media */
  constructor(media) {
    super();
    this.#media = media;
    media.addEventListener("playing", () => {
      if (this.isWanted) this.#become("playing");
    });
    media.addEventListener("pause", () => {
      // Not by us: unplugged headphones, a telephone call. What is paused is let go.
      if (this.state === "playing" && !media.ended && !this.#sound?.isEnding) this.pause();
    });
  }

  get isWanted() {
    return this.state !== "paused" && this.state !== "blocked";
  }

  /** Seconds behind the live edge, null where that cannot be known. */
  get delay_s() {
    return this.#sound?.delay_s ?? null;
  }

  /** Seconds behind where this way of playing could be; null while it is about there. */
  get behind_s() {
    if (this.state !== "playing" || this.#sound === null) return null;
    // While nothing comes, nobody knows whether there is anything to be behind of.
    const { delay_s, fill_s } = this.#sound;
    const behind_s = this.way === "mse" ? fill_s : (delay_s ?? 0);
    return behind_s > BEHIND_S[this.way] ? behind_s : null;
  }

  /** Seconds since sound last came, null where that cannot be known. */
  get silent_s() {
    if (this.state !== "playing" || this.way !== "mse") return null;
    return (performance.now() - this.#arrived_ms) / 1000;
  }

  /** What is known of the sound and its way here since Play was pressed. */
  get account() {
    const steered = this.#sound instanceof LiveBuffer;
    return {
      way: this.way,
      path: this.way === "mse" ? SOURCE_NAME : "the element alone",
      mimeType: this.#mimeType,
      delay_s: this.delay_s,
      target_s: steered ? this.#target.target_s : null,
      fill_s: this.#sound?.fill_s ?? null,
      lowestFill_s: steered ? this.#target.lowestFill_s : null,
      jitter_s: steered ? this.#target.jitter_s : null,
      rate: this.#media.playbackRate,
      stalls: this.#before.stalls + (this.#sound?.stalls ?? 0),
      jumps: this.#before.jumps + (this.#sound?.jumps ?? 0),
      reconnects: Math.max(0, this.#connections - 1),
    };
  }

  /** Start at the live edge. Call it within the person's click. @param {string} station */
  play(station) {
    this.#letGo();
    this.#running = new AbortController();
    if (station !== this.#station) this.#target = new TargetDelay();
    this.#station = station;
    this.#before = { stalls: 0, jumps: 0 };
    this.#connections = 0;
    this.#wasSilent = false;
    this.#run(station, this.#running.signal);
  }

  /** Stop, and let go of the connection. */
  pause() {
    this.#letGo();
    this.#become("paused");
    this.#media.pause();
  }

  /** Be at the live edge, now. */
  goLive() {
    if (!this.isWanted) return;
    if (this.#sound instanceof LiveBuffer && (this.silent_s ?? 0) < SUSPICIOUS_MS / 1000) {
      this.#sound.goLive();
    } else {
      this.play(this.#station);
    }
  }

  /** The station may be on air now, or the network back: try at once. */
  wake() {
    if (this.state === "offAir" || this.state === "unreachable") this.#pause.wake();
  }

  /** The network was away: a connection that brings nothing any more may wait for ever. */
  doubt() {
    if (this.silent_s !== null) this.#giveUpAfter(SUSPICIOUS_MS);
    this.wake();
  }

  /**
   * @param {string} station
   * @param {AbortSignal} signal
   */
  async #run(station, signal) {
    this.#become("connecting");
    for (let failures = 0; !signal.aborted; failures++) {
      /** @type {State} */
      let next = "offAir";
      let limits; // The broadcast ended; its source may be back in a moment.
      try {
        await this.#listen(station, signal);
        failures = 0;
      } catch (error) {
        if (error instanceof DOMException && error.name === "NotAllowedError") next = "blocked";
        else if (error instanceof api.Problem && error.status < 500) limits = OFF_AIR_PAUSE;
        else next = "unreachable";
        if (this.state === "playing") failures = 0;
      }
      if (signal.aborted) return;
      this.#become(next);
      if (next === "blocked") return;
      await this.#pause.wait(backoff_s(failures, limits), signal);
    }
  }

  /**
   * Play until the broadcast ends.
   *
   * @param {string} station
   * @param {AbortSignal} signal
   */
  async #listen(station, signal) {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const either = AbortSignal.any([signal, attempt.signal]);
    const buffer = canBufferAnything() ? new LiveBuffer(this.#media, this.#target) : null;
    this.#use(buffer);
    const blocked = this.#start();
    blocked.catch(() => {}); // Told below, unless something else ends the attempt first.
    try {
      const backlog_s = this.#wasSilent ? 0 : BACKLOG_S;
      const response = await api.openLive(station, { backlog_s, signal: either });
      signal.throwIfAborted();
      this.#connections++;
      this.#mimeType = response.headers.get("Content-Type") ?? "";
      this.way = chooseWay(this.#mimeType, {
        canBuffer: (type) => buffer !== null && canBuffer(type),
        canPlay: (type) => (this.#unplayable.has(type) ? "" : this.#media.canPlayType(type)),
      });
      if (buffer && this.way === "mse") {
        await Promise.race([this.#feed(buffer, response), blocked]);
      } else {
        attempt.abort(); // The element makes a request of its own.
        await this.#playPlainly(station);
      }
    } finally {
      attempt.abort();
      if (!signal.aborted) this.#drop(); // Else another attempt may have begun.
    }
  }

  /** At once, so that the element is never taken away from the attempt that follows. */
  #letGo() {
    this.#running.abort();
    this.#drop();
  }

  /** @param {LiveBuffer | PlainStream | null} sound */
  #use(sound) {
    this.#drop();
    this.#sound = sound;
  }

  #drop() {
    this.#before.stalls += this.#sound?.stalls ?? 0;
    this.#before.jumps += this.#sound?.jumps ?? 0;
    this.#sound?.close();
    this.#sound = null;
  }

  /** @returns {Promise<never>} rejects if the browser forbids sound without another click */
  #start() {
    return new Promise((_, reject) => {
      this.#media.play().catch((error) => {
        if (error.name === "NotAllowedError") reject(error);
      });
    });
  }

  /**
   * @param {LiveBuffer} buffer
   * @param {Response} response
   */
  async #feed(buffer, response) {
    await buffer.open(this.#mimeType);
    const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (
      response.body
    ).getReader();
    this.#arrived_ms = performance.now();
    const watch = setInterval(() => this.#giveUpAfter(SILENCE_MS), SILENCE_MS / 4);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        this.#arrived_ms = performance.now();
        this.#wasSilent = false;
        buffer.push(value);
      }
    } finally {
      clearInterval(watch);
    }
    await buffer.finish();
  }

  /** @param {number} silence_ms */
  #giveUpAfter(silence_ms) {
    if (performance.now() - this.#arrived_ms < silence_ms) return;
    this.#wasSilent = true;
    this.#attempt.abort(new api.Unreachable("silence"));
  }

  /** @param {string} station */
  async #playPlainly(station) {
    const stream = new PlainStream(this.#media);
    this.#use(stream);
    try {
      await stream.play(station, this.way === "mp3" ? ".mp3" : "");
    } catch (error) {
      if (error instanceof CannotPlay) this.#unplayable.add(this.#mimeType);
      throw error;
    }
  }

  /** @param {State} state */
  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
