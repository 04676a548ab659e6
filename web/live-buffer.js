/** Feeds a media element with live bytes through Media Source Extensions, close to the live edge. */

import { steer } from "./live-steering.js";

/** Sound that was heard is kept this long at most. */
const KEEP_S = 10;
const TRIM_BEYOND_S = 30;
/** How much of a new measurement counts in the smoothed delay. */
const SMOOTHING = 0.1;

/** @typedef {typeof globalThis & {ManagedMediaSource?: typeof MediaSource}} MaybeManaged */
const Source =
  /** @type {MaybeManaged} */ (globalThis).ManagedMediaSource ?? globalThis.MediaSource;

/** @param {string} mimeType */
export function canBuffer(mimeType) {
  return Boolean(Source?.isTypeSupported(withCodec(mimeType)));
}

/** Media Source wants to know the codec; for WebM it is Opus everywhere. @param {string} mimeType */
function withCodec(mimeType) {
  return /^(audio|video)\/webm$/.test(mimeType) ? `${mimeType};codecs=opus` : mimeType;
}

export class LiveBuffer {
  #media;
  #source = new Source();
  #url = URL.createObjectURL(this.#source);
  /** @type {?SourceBuffer} */
  #buffer = null;
  /** @type {BlobPart[]} */
  #waiting = [];
  #ended = false;
  #closed = new AbortController();

  /** Smoothed distance from what is heard to the live edge; null before the first sound. */
  delay_s = /** @type {?number} */ (null);
  /** How often the sound stopped because nothing had come. */
  stalls = 0;

  /**
   * Attach to the element at once, so that `play()` can follow within a person's click.
   *
   * @param {HTMLMediaElement} media
   */
  constructor(media) {
    this.#media = media;
    media.disableRemotePlayback = true; // ManagedMediaSource insists on it.
    media.src = this.#url;
    const { signal } = this.#closed;
    media.addEventListener("timeupdate", () => this.#steer(), { signal });
    media.addEventListener(
      "waiting",
      () => {
        if (this.delay_s !== null) this.stalls++;
        this.#steer();
      },
      { signal },
    );
  }

  /** @param {string} mimeType one that `canBuffer` */
  async open(mimeType) {
    if (this.#source.readyState !== "open") {
      await new Promise((resolve) => {
        this.#source.addEventListener("sourceopen", resolve, { once: true });
      });
    }
    this.#source.duration = Number.POSITIVE_INFINITY;
    this.#buffer = this.#source.addSourceBuffer(withCodec(mimeType));
    this.#buffer.addEventListener("updateend", () => this.#updated(), {
      signal: this.#closed.signal,
    });
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  push(bytes) {
    if (this.#media.error) throw new Error(this.#media.error.message);
    this.#waiting.push(bytes);
    this.#append();
  }

  /** No more will come: what is buffered plays out. Resolves when it has. */
  async finish() {
    this.#ended = true;
    this.#append();
    await new Promise((resolve) => {
      const { signal } = this.#closed;
      for (const type of ["ended", "pause", "error"]) {
        this.#media.addEventListener(type, resolve, { once: true, signal });
      }
      signal.addEventListener("abort", resolve);
      setTimeout(resolve, 2000); // A player that never started has nothing to play out.
    });
  }

  close() {
    this.#closed.abort();
    URL.revokeObjectURL(this.#url);
    if (this.#media.src !== this.#url) return;
    this.#media.playbackRate = 1;
    this.#media.removeAttribute("src");
    this.#media.load();
  }

  #append() {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.#source.readyState !== "open") return;
    const [bytes] = this.#waiting;
    if (bytes === undefined) {
      if (this.#ended) this.#source.endOfStream();
      return;
    }
    try {
      buffer.appendBuffer(/** @type {BufferSource} */ (bytes));
      this.#waiting.shift();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      this.#trim(0);
    }
  }

  #updated() {
    this.#steer();
    this.#trim(TRIM_BEYOND_S);
    this.#append();
  }

  /** @param {number} beyond_s only when more than this was heard already */
  #trim(beyond_s) {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || buffer.buffered.length === 0) return;
    const heard_s = this.#media.currentTime - buffer.buffered.start(0);
    if (heard_s <= beyond_s) return;
    buffer.remove(0, Math.max(0.001, this.#media.currentTime - Math.min(KEEP_S, heard_s / 2)));
  }

  #steer() {
    const media = this.#media;
    /** @type {[number, number][]} */
    const ranges = [];
    const buffered = this.#buffer?.buffered;
    for (let i = 0; buffered && i < buffered.length; i++) {
      ranges.push([buffered.start(i), buffered.end(i)]);
    }
    const behind_s = (ranges.at(-1)?.[1] ?? 0) - media.currentTime;
    const smoothed_s = this.delay_s ?? behind_s;
    const delay_s = smoothed_s + (behind_s - smoothed_s) * SMOOTHING;
    const steering = steer({ ranges, now_s: media.currentTime, behind_s: delay_s });
    if (steering === null) return;
    if ("jumpTo_s" in steering) {
      media.currentTime = steering.jumpTo_s;
      this.delay_s = null;
    } else {
      this.delay_s = delay_s;
      if (media.playbackRate !== steering.rate) media.playbackRate = steering.rate;
    }
  }
}
