/** Runs in the audio thread: plays sound as it comes, a little faster or slower than it was made. */

// The checker knows a page's globals, and not those of an audio thread.
const { AudioWorkletProcessor, registerProcessor, sampleRate } = /** @type {any} */ (globalThis);

/** More than the page ever lets come together. */
const CAPACITY_S = 4;
/** Sound that begins or ends does so within so many samples: a click is heard, this is not. */
const FADE = 128;
/** Where it leaps, one fades into the other. */
const CROSSFADE = 480;
/** To leave out less than a syllable is no jump. */
const NOTICEABLE_S = 0.2;
/** How often the page is told where this is. */
const REPORT_EVERY_S = 0.1;
/** What the curve between two samples needs on its far side. */
const AHEAD = 2;

/** @import { Sound } from "./live-decoder.js" */

/**
 * @typedef {{rate: number, target_s: number}} Steering
 * @typedef {{position_s: number, at_s: number, isSounding: boolean, stalls: number,
 *   jumps: number}} RingReport `position_s`: in the source's time; `at_s`: on the context's clock;
 *   `jumps`: how often it left out what came too late, as it began again
 */

class Ring extends AudioWorkletProcessor {
  #planes;
  #capacity = CAPACITY_S * sampleRate;
  /** Both in samples since the first. */
  #written = 0;
  #read = 0;
  #end_s = 0;
  #rate = 1;
  /** Unknown until the page has seen what came first. */
  #target = Number.POSITIVE_INFINITY;
  #isSounding = false;
  /** Whether more is about to come, together with what came last. */
  #isComing = false;
  #isEnding = false;
  #isClosed = false;
  /** Samples since it began to sound, or leapt. */
  #since = 0;
  /** Where it was when it leapt, if it did. @type {?number} */
  #leftAt = null;
  #stalls = 0;
  #jumps = 0;
  #reported = 0;

  /** @param {{processorOptions: {channels: number}}} options */
  constructor({ processorOptions: { channels } }) {
    super();
    this.#planes = Array.from({ length: channels }, () => new Float32Array(this.#capacity));
    this.port.onmessage = (/** @type {{data: any}} */ { data }) => {
      if (data.sound) this.#take(data.sound);
      if (data.steering) this.#steer(data.steering);
      if (data.leaps) this.#leap();
      if (data.ends) this.#isEnding = true;
      if (data.closes) this.#isClosed = true;
    };
  }

  /**
   * @param {Float32Array[][]} _inputs
   * @param {Float32Array[][]} outputs
   */
  process(_inputs, [output = []]) {
    if (this.#isClosed) return false;
    if (!this.#isSounding && this.#mayBegin) this.#begin();
    if (this.#isSounding) this.#play(output);
    this.#reported += output[0]?.length ?? 0;
    if (this.#reported >= REPORT_EVERY_S * sampleRate) this.#report();
    return true;
  }

  get #mayBegin() {
    const left = this.#written - this.#read;
    return left > AHEAD && (this.#isEnding || (left >= this.#target && !this.#isComing));
  }

  /** @param {Sound} sound */
  #take({ planes, silence, end_s }) {
    this.#isComing = true;
    const size = planes[0]?.length ?? 0;
    for (const [channel, plane] of this.#planes.entries()) {
      for (let i = 0; i < silence; i++) plane[(this.#written + i) % this.#capacity] = 0;
      this.#copy(planes[channel] ?? planes[0] ?? plane, plane, this.#written + silence);
    }
    this.#written += silence + size;
    this.#end_s = end_s;
    // What was not heard in time was written over.
    this.#read = Math.max(this.#read, this.#written - this.#capacity + FADE);
  }

  /** @param {Float32Array} from @param {Float32Array} plane @param {number} at */
  #copy(from, plane, at) {
    const start = at % this.#capacity;
    const room = this.#capacity - start;
    plane.set(from.subarray(0, room), start);
    if (from.length > room) plane.set(from.subarray(room), 0);
  }

  /** @param {Steering} steering */
  #steer({ rate, target_s }) {
    this.#isComing = false;
    this.#rate = rate;
    this.#target = target_s * sampleRate;
  }

  #begin() {
    // Where the sound was broken anyway, what is too late now is left out.
    const from = this.#read;
    if (!this.#isEnding) this.#leap();
    if (from > 0 && this.#read - from > NOTICEABLE_S * sampleRate) this.#jumps++;
    this.#leftAt = null;
    this.#isSounding = true;
    this.#report();
  }

  #leap() {
    this.#leftAt = this.#read;
    this.#read = Math.max(this.#read, Math.floor(this.#written - this.#target));
    this.#since = 0;
  }

  #dry() {
    this.#isSounding = false;
    this.#since = 0;
    if (!this.#isEnding) this.#stalls++;
    this.#report();
  }

  /** @param {Float32Array[]} output */
  #play(output) {
    const size = output[0]?.length ?? 0;
    const step = this.#step(size);
    const left = this.#written - AHEAD - this.#read;
    const count = Math.max(0, Math.min(size, Math.ceil(left / step)));
    for (let channel = 0; channel < output.length; channel++) {
      const samples = output[channel];
      const plane = this.#planes[channel];
      for (let i = 0; samples && plane && i < count; i++) {
        const since = this.#since + i;
        const share = Math.min(1, since / (this.#leftAt === null ? FADE : CROSSFADE));
        let sample = share * this.#sample(plane, this.#read + i * step);
        if (share < 1 && this.#leftAt !== null) {
          sample += (1 - share) * this.#sample(plane, this.#leftAt + since);
        }
        samples[i] = sample * Math.min(1, (left - i * step) / FADE);
      }
    }
    this.#since += count;
    this.#read += count * step;
    if (step !== this.#rate) this.#read = Math.round(this.#read);
    if (count < size) this.#dry();
  }

  /**
   * At its own speed sound is played as it is: by what a change of speed left over, this block is
   * longer or shorter.
   *
   * @param {number} size
   */
  #step(size) {
    const part = this.#read % 1;
    if (this.#rate !== 1 || part === 0) return this.#rate;
    return 1 + ((part < 0.5 ? 0 : 1) - part) / size;
  }

  /**
   * On the curve through the two samples before and the two after (Catmull and Rom's).
   *
   * @param {Float32Array} plane
   * @param {number} at
   */
  #sample(plane, at) {
    const whole = Math.floor(at);
    const part = at - whole;
    const here = plane[whole % this.#capacity] ?? 0;
    if (part === 0) return here;
    const before = plane[(whole + this.#capacity - 1) % this.#capacity] ?? 0;
    const next = plane[(whole + 1) % this.#capacity] ?? 0;
    const after = plane[(whole + 2) % this.#capacity] ?? 0;
    const slope = (next - before) / 2;
    const bend = before - 2.5 * here + 2 * next - after / 2;
    const twist = (after - before + 3 * (here - next)) / 2;
    return here + part * (slope + part * (bend + part * twist));
  }

  #report() {
    const position_s = this.#end_s - (this.#written - this.#read) / sampleRate;
    // The time of the block that is being made: the sound in it ends a block later.
    const at_s = /** @type {any} */ (globalThis).currentTime;
    this.port.postMessage({
      position_s,
      at_s,
      isSounding: this.#isSounding,
      stalls: this.#stalls,
      jumps: this.#jumps,
    });
    this.#reported = 0;
  }
}

registerProcessor("ring", Ring);

export {}; // So that the checker takes it for a module, as the browser does.
