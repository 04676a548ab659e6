/** Decodes live bytes by itself and plays them through Web Audio, close to the live edge. */

import { CannotPlay } from "./cannot-play.js";
import { LiveDecoder, RATE_HZ } from "./live-decoder.js";
import { isLost, ringRate } from "./live-steering.js";
import { START_S } from "./live-target.js";
import { attachSilence } from "./silence.js";

/** @import { Bytes } from "./bytes.js" */
/** @import { Sound } from "./live-decoder.js" */
/** @import { TargetDelay } from "./live-target.js" */
/** @import { RingReport } from "./ring-worklet.js" */

/** WebKitGTK has an `AudioDecoder`, and crashes where its sound is looked at. */
const IS_FIT = /(Chrome|Firefox)\//.test(navigator.userAgent);
/** It is played to its last sample, but for what the audio thread takes at once. */
export const NEEDS = { margin_s: 0.01, stumble_s: 0.04 };
/** How much of what it sees now goes into what it believes: the audio thread counts in blocks. */
const LEARNING = 0.05;
/** What a page sees first of a line it sees late: so long after, it knows better where to be. */
const KNOWS_AFTER_S = 1.5;
/** A player that never started has nothing to play out. */
const PLAY_OUT_MS = 2000;

/**
 * @param {string} mimeType
 * @param {?AudioNode} output where the page's sound goes; null where no Web Audio is to be relied on
 */
export function canRing(mimeType, output) {
  const isHere = IS_FIT && "AudioDecoder" in globalThis && output?.context.sampleRate === RATE_HZ;
  return isHere && /^audio\/webm\b(?!.*codecs=(?!"?opus))/.test(mimeType);
}

export class LiveRing {
  #target;
  #output;
  #onSounding;
  #detachSilence;
  #loaded;
  #decoder = new LiveDecoder((sound, isLast) => this.#play(sound, isLast));
  /** @type {?AudioWorkletNode} */
  #ring = null;
  /** @type {?RingReport} */
  #report = null;
  /** Where in the source's time the sound so far ends. */
  #end_s = 0;
  #error_s = 0;
  #begun_s = Number.NaN;
  #leaps = 0;
  #isSettled = false;
  #ended = false;
  #closed = new AbortController();
  #playedOut = () => {};

  /** How this way is called where people look behind it. */
  path = "AudioDecoder and Web Audio";
  /** How often the sound stopped because nothing had come. */
  stalls = 0;
  rate = 1;

  /**
   * The element plays silence meanwhile: by it the browser knows that the page plays, may forbid
   * that, and has the keyboard's Play and Pause do what they say.
   *
   * @param {HTMLMediaElement} media
   * @param {TargetDelay} target
   * @param {AudioNode} output where the sound goes
   * @param {() => void} onSounding called when it is heard, be it for the first time or again
   */
  constructor(media, target, output, onSounding) {
    this.#target = target;
    this.#output = output;
    this.#onSounding = onSounding;
    this.#detachSilence = attachSilence(media);
    const module = new URL("./ring-worklet.js", import.meta.url);
    this.#loaded = this.#context.audioWorklet.addModule(module);
    this.#loaded.catch(() => {}); // Told by `open`, unless something else ends the attempt first.
  }

  /** Seconds from what is heard to the live edge, null before the first sound. */
  get delay_s() {
    const position_s = this.#position_s;
    const edge_s = this.#target.liveEdge_s(performance.now() / 1000);
    return position_s !== null && edge_s ? edge_s - position_s : null;
  }

  /** Seconds of sound that are there and not yet heard. */
  get fill_s() {
    const position_s = this.#position_s;
    return position_s === null ? 0 : Math.max(0, this.#end_s - position_s);
  }

  /** How often it leapt to where it should be. */
  get jumps() {
    return this.#leaps + (this.#report?.jumps ?? 0);
  }

  /** Whether no more will come. */
  get isEnding() {
    return this.#ended;
  }

  /** Raises `CannotPlay`. */
  async open() {
    await this.#loaded.catch((error) => {
      throw new CannotPlay(String(error));
    });
    this.#target.restart(NEEDS);
  }

  /** Raises `CannotPlay`. @param {Bytes} bytes */
  push(bytes) {
    this.#decoder.push(bytes);
  }

  /** Leap to the live edge. */
  goLive() {
    this.#leap();
    this.#leaps++;
  }

  /** No more will come: what is there plays out. Resolves when it has. */
  async finish() {
    this.#ended = true;
    await this.#decoder.flush();
    this.#ring?.port.postMessage({ ends: true });
    await new Promise((resolve) => {
      this.#playedOut = () => resolve(undefined);
      this.#closed.signal.addEventListener("abort", resolve);
      setTimeout(resolve, PLAY_OUT_MS);
    });
  }

  close() {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#decoder.close();
    this.#ring?.port.postMessage({ closes: true });
    this.#ring?.disconnect();
    this.#detachSilence();
  }

  get #context() {
    return /** @type {AudioContext} */ (this.#output.context);
  }

  /** Where in the source's time the sound is that is heard now; null while none is. */
  get #position_s() {
    if (!this.#report?.isSounding) return null;
    const { position_s, at_s } = this.#report;
    return position_s + (this.#context.currentTime - at_s) * this.rate;
  }

  /** @param {Sound} sound @param {boolean} isLast of what came together, which is one arrival */
  #play(sound, isLast) {
    this.#ring ??= this.#makeRing(sound.planes.length);
    this.#end_s = sound.end_s;
    const steering = isLast ? this.#steer() : null;
    const buffers = sound.planes.map(({ buffer }) => buffer);
    this.#ring.port.postMessage({ sound, steering }, buffers);
    if (isLast) this.#catchUp();
  }

  /** @param {number} channels */
  #makeRing(channels) {
    const ring = new AudioWorkletNode(this.#context, "ring", {
      numberOfInputs: 0,
      outputChannelCount: [channels],
      processorOptions: { channels },
    });
    ring.port.onmessage = ({ data }) => this.#hear(data);
    ring.connect(this.#output);
    return ring;
  }

  #steer() {
    const now_s = performance.now() / 1000;
    const position_s = this.#position_s;
    this.#target.arrived(now_s, this.#end_s, position_s ?? undefined);
    const { target_s } = this.#target;
    if (position_s !== null) {
      const error_s = this.#target.liveEdge_s(now_s) - position_s - target_s;
      this.#error_s += (error_s - this.#error_s) * LEARNING;
      this.rate = ringRate(this.#error_s, this.rate);
    }
    // Until it knows the line, with more in hand.
    return { rate: this.rate, target_s: this.#isSettled ? target_s : Math.max(START_S, target_s) };
  }

  #catchUp() {
    if (this.#position_s === null) return; // It begins where it should be.
    if (isLost(this.fill_s, this.#target.target_s)) {
      this.goLive();
    } else if (!this.#isSettled && performance.now() / 1000 - this.#begun_s > KNOWS_AFTER_S) {
      this.#isSettled = true;
      this.#leap();
    }
  }

  #leap() {
    const { target_s } = this.#target;
    this.rate = 1;
    this.#error_s = 0;
    this.#ring?.port.postMessage({ steering: { rate: 1, target_s }, leaps: true });
    if (!this.#report) return;
    // So it will say in a moment; until then nobody should be told to leap again.
    this.#report.position_s = this.#end_s - target_s;
    this.#report.at_s = this.#context.currentTime;
  }

  /** @param {RingReport} report */
  #hear(report) {
    if (this.#closed.signal.aborted) return; // The next attempt may have begun.
    const wasSounding = this.#report?.isSounding ?? false;
    this.#report = report;
    if (report.stalls > this.stalls) this.#target.stalled();
    this.stalls = report.stalls;
    if (report.isSounding && !wasSounding) {
      this.#error_s = 0;
      this.#begun_s ||= performance.now() / 1000;
      this.#onSounding();
    }
    if (this.#ended && !report.isSounding) this.#playedOut();
  }
}
