/** One broadcast from the microphone to the server: recorder and uploader, working as one. */

import * as api from "./api.js";
import { MemoryQueue } from "./chunk-queue.js";
import { defaultTitle } from "./format.js";
import { makeWay } from "./leftovers.js";
import * as ownRecordings from "./own-recordings.js";
import { Recorder } from "./recorder.js";
import { tryHold } from "./recording-lock.js";
import { StoredQueue } from "./stored-queue.js";
import { PartLost, PieceGone } from "./upload-errors.js";
import { Uploader } from "./uploader.js";

/** @import { Bytes } from "./bytes.js" */
/** @import { ChunkStore } from "./chunk-store.js" */
/** @import { Microphone } from "./microphone.js" */
/** @import { Rest } from "./studio-words.js" */
/** @import { Progress } from "./uploader.js" */

/** What is shorter is not worth a question on the next visit. */
const WORTH_KEEPING_S = 1;

export class Broadcast {
  #microphone;
  #store;
  #on;
  /** @type {?Recorder} */
  #recorder = null;
  /** @type {?Uploader} */
  #uploader = null;
  /** @type {?StoredQueue} */
  #kept = null;
  #letGo = () => {};
  #upload = Promise.resolve();
  #unsent_s = 0;
  #failed = false;

  title = "";
  started_at = new Date();

  /**
   * @param {{microphone: Microphone, station: string, store: ?ChunkStore,
   *   onPiece: (recorded_s: number) => void, onRecorded: () => void,
   *   onProgress: (progress: Progress) => void, onStorage: (error: ?unknown) => void,
   *   onFailure: (error: unknown, unsent: Rest) => void}} options `onPiece` is told of every
   *   piece; `onRecorded` after the last one, however long that takes to be sent: nobody needs the
   *   microphone any more; `onStorage` when this browser cannot keep what is unsent, and null once
   *   it can again; `onFailure` when it cannot go on: all that was sent is a track
   */
  constructor({ microphone, station, store, ...on }) {
    this.#microphone = microphone;
    this.#store = store;
    this.#on = on;
    this.station = station;
  }

  /** The recording's id, and its track's later; null before the server has given it. */
  get id() {
    return this.#uploader?.id ?? null;
  }

  get elapsed_s() {
    return this.#recorder?.elapsed_s ?? 0;
  }

  /** What this browser keeps of it; null where it keeps nothing. */
  get kept() {
    return this.#kept;
  }

  /** Begin at once, server or not: what cannot be sent yet waits. @param {string} title */
  async start(title) {
    this.title = title.trim() || defaultTitle(this.station, this.started_at);
    /** @type {[Bytes, number][]} */
    const early = [];
    this.#recorder = new Recorder({
      microphone: this.#microphone,
      onChunk: (...chunk) => {
        this.#uploader ? this.#uploader.push(...chunk) : early.push(chunk);
        this.#on.onPiece(chunk[1]);
      },
      onFailure: (error) => this.#fail(error),
    });
    const filetype = await this.#recorder.start();
    const { station, title: named } = this;
    const metadata = { station, title: named, filetype };
    this.#kept = await this.#keep(metadata);
    this.#uploader = new Uploader({
      queue: this.#kept ?? new MemoryQueue(),
      metadata,
      server: { ...api, createRecording: (wanted) => this.#create(wanted) },
      onStart: (id) => {
        ownRecordings.remember(station, id);
        this.#kept?.rename(id);
      },
      onProgress: (progress) => {
        this.#unsent_s = progress.unsent_s;
        this.#on.onProgress(progress);
      },
    });
    for (const chunk of early) this.#uploader.push(...chunk);
    this.#upload = this.#uploader.run();
    this.#upload.catch((error) => this.#fail(error));
  }

  /** End it. Resolves when the server has every byte; rejects when it never will. */
  async stop() {
    await this.#end();
    await this.#upload;
    if (this.id) ownRecordings.forget(this.station, this.id);
    await this.#forget();
  }

  async #end() {
    await this.#recorder?.stop();
    this.#on.onRecorded();
    this.#kept?.flush();
    this.#uploader?.finish();
  }

  /** The network may be back. */
  wake() {
    this.#uploader?.wake();
  }

  /** The page is going away: end it with what can still be sent. */
  finishOnUnload() {
    this.#uploader?.finishOnUnload();
  }

  /** @param {{station: string, title: string, filetype: string}} metadata */
  async #keep(metadata) {
    if (!this.#store) return null;
    const key = crypto.randomUUID();
    this.#letGo = (await tryHold(key).catch(() => null)) ?? this.#letGo;
    const recording = { ...metadata, key, id: null, started_at: this.started_at, acknowledged: 0 };
    return new StoredQueue(this.#store, recording, this.#on.onStorage);
  }

  /** @type {typeof api.createRecording} */
  async #create(metadata) {
    try {
      return await api.createRecording(metadata);
    } catch (error) {
      if (!(error instanceof api.Problem && error.status === 409)) throw error;
      if (!(await makeWay(metadata.station, this.#store))) throw error;
      return api.createRecording(metadata);
    }
  }

  async #forget() {
    // What cannot be removed is found complete on the next visit, and removed then.
    await this.#kept?.remove().catch(() => {});
    this.#letGo();
  }

  /** @param {unknown} error */
  async #fail(error) {
    if (this.#failed) return;
    this.#failed = true;
    await this.#end();
    if (this.id) ownRecordings.forget(this.station, this.id);
    // What had arrived is not safe either where the server has lost it.
    const isWorthIt = this.#unsent_s >= WORTH_KEEPING_S || error instanceof PartLost;
    if (!isWorthIt) {
      await this.#forget();
      return this.#on.onFailure(error, "none");
    }
    await this.#kept?.flush();
    this.#letGo();
    const isKept = this.#kept?.isKeeping && !(error instanceof PieceGone);
    this.#on.onFailure(error, isKept ? "kept" : "lost");
  }
}
