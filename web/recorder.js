/**
 * Turns the microphone's sound into the bytes of one growing media file: with this page's own
 * recorder, whose every packet leaves at once, or else with the browser's.
 */

import { BrowsersRecorder } from "./media-recorder.js";
import { WebCodecsRecorder } from "./webcodecs-recorder.js";

export { CannotRecord } from "./media-recorder.js";

/** @import { Bytes } from "./bytes.js" */
/** @import { Microphone } from "./microphone.js" */

/**
 * @typedef {{onChunk: (bytes: Bytes, recorded_s: number) => void,
 *   onFailure: (error: Error) => void}} Ears `onChunk` is given the file's next bytes and how long
 *   the recording is with them; `onFailure` what ended it
 */

export class Recorder {
  #microphone;
  #ears;
  /** @type {?WebCodecsRecorder | BrowsersRecorder} */
  #recorder = null;

  /** @param {{microphone: Microphone} & Ears} options */
  constructor({ microphone, onChunk, onFailure }) {
    this.#microphone = microphone;
    this.#ears = { onChunk, onFailure };
  }

  /** How long the recording is. */
  get elapsed_s() {
    return this.#recorder?.elapsed_s ?? 0;
  }

  /**
   * Rejects with CannotRecord where the browser has no way at all.
   *
   * @returns {Promise<string>} the media type of what comes, as the recorder names it
   */
  async start() {
    if (WebCodecsRecorder.isThere) {
      const recorder = new WebCodecsRecorder({ microphone: this.#microphone, ...this.#ears });
      try {
        const type = await recorder.start();
        this.#recorder = recorder;
        return type;
      } catch {
        await recorder.stop(); // It has not given a byte: the other one begins in its place.
      }
    }
    const { stream, quality } = this.#microphone;
    this.#recorder = new BrowsersRecorder({ stream, ...quality, ...this.#ears });
    return this.#recorder.start();
  }

  /** Stop; when this resolves, the last chunk has been handed over. */
  async stop() {
    await this.#recorder?.stop();
  }
}
