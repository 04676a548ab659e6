/** Records with the browser's own recorder, where this page's own cannot work. */

/** @import { Ears } from "./recorder.js" */

/** As often as a browser's recorder can be made to speak. */
const TIMESLICE_MS = 100;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4;codecs=opus", "audio/mp4"];

/** This browser cannot record in any way known here. */
export class CannotRecord extends Error {}

/** A recorder (see recorder.js) over `MediaRecorder`. */
export class BrowsersRecorder {
  #recorder;
  /** What is being read of what the browser handed over. */
  #reading = Promise.resolve();
  #started_ms = 0;
  #stopped_ms = 0;

  /**
   * @param {{stream: MediaStream, bitrate_bps: number} & Ears} options
   */
  constructor({ stream, bitrate_bps, onChunk, onFailure }) {
    const mimeType =
      globalThis.MediaRecorder && TYPES.find((t) => MediaRecorder.isTypeSupported(t));
    if (!mimeType) throw new CannotRecord("This browser cannot record audio.");
    this.#recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: bitrate_bps });
    this.#recorder.addEventListener("dataavailable", ({ data }) => {
      const recorded_s = this.elapsed_s;
      this.#reading = this.#reading.then(async () => {
        if (data.size > 0) onChunk(new Uint8Array(await data.arrayBuffer()), recorded_s);
      });
    });
    this.#recorder.addEventListener("error", (event) => {
      onFailure(/** @type {{error?: Error}} */ (event).error ?? new Error("The recorder failed."));
    });
  }

  /** How long it has been recording. */
  get elapsed_s() {
    if (!this.#started_ms) return 0;
    return ((this.#stopped_ms || performance.now()) - this.#started_ms) / 1000;
  }

  /** @returns {Promise<string>} the media type of what comes, as the browser names it */
  async start() {
    const started = once(this.#recorder, "start");
    this.#recorder.start(TIMESLICE_MS);
    await started;
    this.#started_ms = performance.now();
    return this.#recorder.mimeType;
  }

  /** Stop; when this resolves, the last chunk has been handed over. */
  async stop() {
    if (this.#recorder.state === "inactive") return;
    const stopped = once(this.#recorder, "stop");
    this.#recorder.stop();
    this.#stopped_ms = performance.now();
    await stopped;
    await this.#reading;
  }
}

/**
 * @param {EventTarget} target
 * @param {string} type
 */
function once(target, type) {
  return new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));
}
