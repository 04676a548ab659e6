/** Makes sound of live bytes: WebM with Opus, as the studio and most recorders send it. */

import { planesOf } from "./audio-data.js";
import { CannotPlay } from "./cannot-play.js";
import { duration_s } from "./opus-packet.js";
import { WebmReader } from "./webm-reader.js";

/** @import { Bytes } from "./bytes.js" */

/** What Opus is decoded to. */
export const RATE_HZ = 48_000;
/** WebM tells times in whole milliseconds: what differs by less is not apart. */
const LEAST_GAP_S = 0.01;
/** More silence than this in a source's sound is left out. */
const MOST_GAP_S = 1;

/**
 * Sound that comes after `silence` samples of none, and where in the source's time it ends.
 *
 * @typedef {{planes: Float32Array<ArrayBuffer>[], silence: number, end_s: number}} Sound
 */

/**
 * What a packet in the decoder becomes: the decoder's own times count samples, and know of no gaps.
 *
 * @typedef {{silence: number, end_s: number, isLast: boolean}} Due
 */

export class LiveDecoder {
  #onSound;
  #reader = new WebmReader();
  /** @type {?AudioDecoder} */
  #decoder = null;
  /** @type {?Error} */
  #error = null;
  /** @type {Due[]} */
  #due = [];
  /** Where in the source's time the packets so far end. */
  #end_s = Number.NaN;

  /** @param {(sound: Sound, isLast: boolean) => void} onSound whether it is the last of its bytes */
  constructor(onSound) {
    this.#onSound = onSound;
  }

  /** Raises `CannotPlay`. @param {Bytes} bytes */
  push(bytes) {
    try {
      if (this.#error) throw this.#error;
      this.#decode(bytes);
    } catch (error) {
      throw new CannotPlay(String(error));
    }
  }

  /** @param {Bytes} bytes */
  #decode(bytes) {
    for (const { data, time_us } of this.#reader.push(bytes)) {
      this.#decoder ??= this.#begin();
      this.#due.push(this.#dueFor(data, time_us / 1e6));
      this.#decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: time_us, data }));
    }
    const last = this.#due.at(-1);
    if (last) last.isLast = true;
  }

  /** Resolves when all sound was handed on. */
  async flush() {
    await this.#decoder?.flush().catch(() => {}); // Whatever was wrong, no more will come.
  }

  close() {
    if (this.#decoder?.state === "configured") this.#decoder.close();
  }

  #begin() {
    const description = /** @type {Bytes} */ (this.#reader.opusHead); // It comes before packets.
    const decoder = new AudioDecoder({
      output: (data) => this.#take(data),
      error: (error) => {
        this.#error = error;
      },
    });
    const numberOfChannels = description[9] ?? 1;
    decoder.configure({ codec: "opus", sampleRate: RATE_HZ, numberOfChannels, description });
    return decoder;
  }

  /** @param {Bytes} packet @param {number} start_s @returns {Due} */
  #dueFor(packet, start_s) {
    const gap_s = start_s - this.#end_s;
    const silence = LEAST_GAP_S < gap_s && gap_s < MOST_GAP_S ? Math.round(gap_s * RATE_HZ) : 0;
    this.#end_s = start_s + duration_s(packet);
    return { silence, end_s: this.#end_s, isLast: false };
  }

  /** @param {AudioData} data */
  #take(data) {
    const planes = planesOf(data);
    const due = this.#due.shift();
    if (!due) return;
    const { silence, end_s, isLast } = due;
    this.#onSound({ planes, silence, end_s }, isLast);
  }
}
