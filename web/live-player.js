/**
 * Plays a station from its live edge and stays with it: through silence, off air and network loss,
 * until told to pause. It knows no page; whoever owns the media element shows its state.
 */

import * as api from "./api.js";
import { backoff_s, Pause } from "./backoff.js";
import { canBuffer, LiveBuffer } from "./live-buffer.js";
import { chooseWay } from "./live-way.js";

/** @import { Way } from "./live-way.js" */

/**
 * @typedef {"paused" | "connecting" | "playing" | "offAir" | "unreachable" | "blocked"} State
 *   `offAir` and `unreachable` wait and try again by themselves; `blocked` means that the browser
 *   wants another click first
 */

/** A connection that brings nothing for so long is taken for dead: sound comes all the time. */
const SILENCE_MS = 10_000;

/** Whoever owns the player hears when the station is back and wakes it; this is for missed news. */
const OFF_AIR_PAUSE = { first_s: 20, most_s: 20 };

/** What the element says of sound that it cannot play after all. @type {number[]} */
const UNPLAYABLE = [MediaError.MEDIA_ERR_DECODE, MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED];

export class LivePlayer extends EventTarget {
  #media;
  #pause = new Pause();
  #running = new AbortController();
  /** @type {?LiveBuffer} */
  #buffer = null;
  /** Types that the element claimed to play and then did not. @type {Set<string>} */
  #unplayable = new Set();

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
  }

  get isWanted() {
    return this.state !== "paused" && this.state !== "blocked";
  }

  /** Seconds behind the live edge, null where that cannot be known. */
  get delay_s() {
    return this.#buffer?.delay_s ?? null;
  }

  /** How often the sound has stopped since it began. */
  get stalls() {
    return this.#buffer?.stalls ?? 0;
  }

  /** Start at the live edge. Call it within the person's click. @param {string} station */
  play(station) {
    this.#running.abort();
    this.#running = new AbortController();
    this.#run(station, this.#running.signal);
  }

  /** Stop, and let go of the connection. */
  pause() {
    this.#running.abort();
    this.#media.pause();
    this.#become("paused");
  }

  /** The station may be on air now, or the network back: try at once. */
  wake() {
    if (this.state === "offAir" || this.state === "unreachable") this.#pause.wake();
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
    const either = AbortSignal.any([signal, attempt.signal]);
    const buffer = this.#attach(signal);
    const blocked = this.#start();
    blocked.catch(() => {}); // Told below, unless something else ends the attempt first.
    try {
      const response = await api.openLive(station, either);
      const mimeType = response.headers.get("Content-Type") ?? "";
      this.way = chooseWay(mimeType, {
        canBuffer: (type) => buffer !== null && canBuffer(type),
        canPlay: (type) => (this.#unplayable.has(type) ? "" : this.#media.canPlayType(type)),
      });
      if (buffer && this.way === "mse") {
        await Promise.race([this.#feed(buffer, mimeType, response), blocked]);
      } else {
        attempt.abort(); // The element makes a request of its own.
        await this.#playPlainly(station, mimeType, signal);
      }
    } finally {
      attempt.abort();
      buffer?.close();
      if (this.#buffer === buffer) this.#buffer = null;
    }
  }

  /** @param {AbortSignal} signal */
  #attach(signal) {
    if (!canBuffer("audio/webm") && !canBuffer("audio/mp4")) return null;
    const buffer = new LiveBuffer(this.#media);
    // At once, so that it never takes the element away from the attempt that follows.
    signal.addEventListener("abort", () => buffer.close());
    this.#buffer = buffer;
    return buffer;
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
   * @param {string} mimeType
   * @param {Response} response
   */
  async #feed(buffer, mimeType, response) {
    await buffer.open(mimeType);
    const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (
      response.body
    ).getReader();
    for (;;) {
      const { done, value } = await withinSilence(reader.read());
      if (done) break;
      buffer.push(value);
    }
    await buffer.finish();
  }

  /**
   * The element alone, with the server's default backlog: it starts after about four seconds of
   * sound, and must not be steered.
   *
   * @param {string} station
   * @param {string} mimeType
   * @param {AbortSignal} signal
   */
  async #playPlainly(station, mimeType, signal) {
    const media = this.#media;
    this.#buffer?.close();
    this.#buffer = null;
    const extension = this.way === "mp3" ? ".mp3" : "";
    const url = `${api.liveUrl(station, extension)}?attempt=${Date.now()}`; // Never out of a cache.
    const over = new AbortController();
    const done = AbortSignal.any([signal, over.signal]);
    done.addEventListener("abort", () => {
      if (!media.src.endsWith(url)) return;
      media.removeAttribute("src");
      media.load();
    });
    try {
      media.src = url;
      await new Promise((resolve, reject) => {
        media.addEventListener("ended", resolve, { signal: done });
        media.addEventListener(
          "error",
          () => {
            if (UNPLAYABLE.includes(media.error?.code ?? 0)) this.#unplayable.add(mimeType);
            reject(media.error);
          },
          { signal: done },
        );
        signal.addEventListener("abort", resolve);
        this.#start().catch(reject);
      });
    } finally {
      over.abort();
    }
  }

  /** @param {State} state */
  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @template T
 * @param {Promise<T>} arrival
 * @returns {Promise<T>} rejects when it takes too long
 */
function withinSilence(arrival) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new api.Unreachable("silence")), SILENCE_MS);
    arrival.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
