/** One broadcast from the microphone to the server: recorder and uploader, working as one. */

import * as api from "./api.js";
import { MemoryQueue } from "./chunk-queue.js";
import { defaultTitle } from "./format.js";
import { SOUNDS } from "./microphone.js";
import * as ownRecordings from "./own-recordings.js";
import { Recorder } from "./recorder.js";
import { Uploader } from "./uploader.js";

/** @import { Microphone } from "./microphone.js" */
/** @import { Progress } from "./uploader.js" */

export class Broadcast {
  #microphone;
  #onProgress;
  #onFailure;
  /** @type {?Recorder} */
  #recorder = null;
  /** @type {?Uploader} */
  #uploader = null;
  /** @type {Promise<boolean>} */
  #upload = Promise.resolve(false);
  #failed = false;

  title = "";
  started_at = new Date();

  /**
   * @param {{microphone: Microphone, station: string, onProgress: (progress: Progress) => void,
   *   onFailure: (error: unknown) => void}} options `onFailure` is told when it cannot go on; all
   *   that was sent is kept as a track
   */
  constructor({ microphone, station, onProgress, onFailure }) {
    this.#microphone = microphone;
    this.#onProgress = onProgress;
    this.#onFailure = onFailure;
    this.station = station;
  }

  /** The recording's id, and its track's later; null before the server has given it. */
  get id() {
    return this.#uploader?.id ?? null;
  }

  get elapsed_s() {
    return this.#recorder?.elapsed_s ?? 0;
  }

  /** Begin at once, server or not: what cannot be sent yet waits. @param {string} title */
  async start(title) {
    this.title = title.trim() || defaultTitle(this.station, this.started_at);
    /** @type {[Blob, number][]} */
    const early = [];
    this.#recorder = new Recorder({
      stream: this.#microphone.stream,
      bitrate_bps: SOUNDS[this.#microphone.sound].bitrate_bps,
      onChunk: (...chunk) => (this.#uploader ? this.#uploader.push(...chunk) : early.push(chunk)),
      onFailure: (error) => this.#fail(error),
    });
    const filetype = await this.#recorder.start();
    const { station } = this;
    this.#uploader = new Uploader({
      queue: new MemoryQueue(),
      metadata: { station, title: this.title, filetype },
      server: { ...api, createRecording: createInPlaceOfLeftOver },
      onStart: (id) => ownRecordings.remember(station, id),
      onProgress: this.#onProgress,
    });
    for (const chunk of early) this.#uploader.push(...chunk);
    this.#upload = this.#uploader.run();
    this.#upload.catch((error) => this.#fail(error));
  }

  /** End it. Resolves when the server has every byte; rejects when it never will. */
  async stop() {
    await this.#recorder?.stop();
    this.#uploader?.finish();
    await this.#upload;
    if (this.id) ownRecordings.forget(this.station, this.id);
  }

  /** The network may be back. */
  wake() {
    this.#uploader?.wake();
  }

  /** The page is going away: end it with what can still be sent. */
  finishOnUnload() {
    this.#uploader?.finishOnUnload();
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#failed) return;
    this.#failed = true;
    this.#recorder?.stop();
    this.#uploader?.finish();
    if (this.id) ownRecordings.forget(this.station, this.id);
    this.#onFailure(error);
  }
}

/** @type {typeof api.createRecording} */
async function createInPlaceOfLeftOver(metadata, signal) {
  await ownRecordings.endLeftOver(metadata.station);
  return api.createRecording(metadata, signal);
}
