/** Brings the microphone's sound to an encoder by the shortest way, as AudioData. */

import { silence } from "./audio-data.js";
import { GraphFeed } from "./graph-feed.js";

/** @import { OnSound } from "./graph-feed.js" */
/** @import { Microphone } from "./microphone.js" */

/** So much may wait for a busy page (10 s): what comes on top of it would be lost. */
const MOST_WAITING = 1000;
/** A device that gives nothing for as long as between two looks is as good as lost. */
const LOOKS_PER_SECOND = 2;
/** What two devices leave between them is silence, up to a length that nobody waited through. */
const LEAST_GAP_S = 0.01;
const MOST_GAP_S = 2;

/**
 * Straight from the device, which saves the way through the graph (see docs/decisions). When the
 * device is lost the graph stands in with its silence, until there is another one.
 */
export class DeviceFeed {
  #microphone;
  #onSound;
  #graph;
  /** A timer that does not sleep in a hidden page. */
  #watch;
  #heard = 0;
  /** @type {?MediaStreamTrack} */
  #track = null;
  /** @type {?ReadableStreamDefaultReader<AudioData>} */
  #reader = null;
  /** What gave the last sound, and when. @type {unknown} */
  #source = null;
  #last_ms = 0;
  #follow = () => this.#followDevice();

  /** Whether this browser can read a device's sound without the graph. */
  static get isThere() {
    return "MediaStreamTrackProcessor" in globalThis;
  }

  /** @param {Microphone} microphone @param {OnSound} onSound */
  constructor(microphone, onSound) {
    this.#microphone = microphone;
    this.#onSound = onSound;
    this.#graph = new GraphFeed(microphone, (sound) => this.#pass(sound, this.#graph));
    this.#watch = new GraphFeed(microphone, (sound) => this.#look(sound), LOOKS_PER_SECOND);
  }

  /** Rejects where the browser does not load the worklet. */
  async start() {
    await this.#graph.load();
    this.#microphone.addEventListener("change", this.#follow);
    this.#watch.begin();
    this.#followDevice();
  }

  stop() {
    this.#watch.stop();
    this.#microphone.removeEventListener("change", this.#follow);
    this.#reader?.cancel().catch(() => {});
    this.#reader = null;
    this.#graph.stop();
  }

  #followDevice() {
    const { track } = this.#microphone;
    if (track?.readyState !== "live") return this.#graph.begin();
    if (track === this.#track) return;
    this.#track = track;
    this.#reader?.cancel().catch(() => {});
    this.#reader = readerOf(track);
    this.#read(this.#reader);
  }

  /** @param {ReadableStreamDefaultReader<AudioData>} reader */
  async #read(reader) {
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        if (reader === this.#reader) this.#pass(value, reader);
        else value.close();
      }
    } catch {
      // Without its device it is like one that ended.
    }
    if (reader === this.#reader) this.#graph.begin();
  }

  /** @param {AudioData} sound of no interest */
  #look(sound) {
    sound.close();
    if (this.#heard === 0) this.#graph.begin();
    this.#heard = 0;
  }

  /** @param {AudioData} sound @param {unknown} source */
  #pass(sound, source) {
    if (source === this.#reader) {
      this.#heard++;
      this.#graph.stop();
    }
    if (this.#source && source !== this.#source) this.#fillGap(sound);
    this.#source = source;
    this.#last_ms = performance.now();
    this.#onSound(sound);
  }

  /** @param {AudioData} next the first sound after it */
  #fillGap({ sampleRate, numberOfFrames, numberOfChannels, timestamp }) {
    const gap_s = (performance.now() - this.#last_ms) / 1000 - numberOfFrames / sampleRate;
    if (gap_s < LEAST_GAP_S) return;
    const frames = Math.round(Math.min(gap_s, MOST_GAP_S) * sampleRate);
    this.#onSound(silence({ sampleRate, numberOfChannels, timestamp, numberOfFrames: frames }));
  }
}

/** @param {MediaStreamTrack} track @returns {ReadableStreamDefaultReader<AudioData>} */
function readerOf(track) {
  const { MediaStreamTrackProcessor } = /** @type {any} */ (globalThis);
  return new MediaStreamTrackProcessor({ track, maxBufferSize: MOST_WAITING }).readable.getReader();
}
