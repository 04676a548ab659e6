/** Runs in the audio thread: hands the page what it hears, some milliseconds at a time. */

// The checker knows a page's globals, and not those of an audio thread.
const { AudioWorkletProcessor, registerProcessor } = /** @type {any} */ (globalThis);

class Capture extends AudioWorkletProcessor {
  #channels;
  #frames;
  /** The channels one after the other. */
  #block;
  #filled = 0;

  /** @param {{processorOptions: {channels: number, frames: number}}} options */
  constructor({ processorOptions: { channels, frames } }) {
    super();
    this.#channels = channels;
    this.#frames = frames;
    this.#block = new Float32Array(channels * frames);
  }

  /**
   * @param {Float32Array[][]} inputs the channels of each, none where nothing is connected
   * @param {Float32Array[][]} outputs
   */
  process([input = []], [output]) {
    const quantum = output?.[0]?.length ?? 0;
    for (let at = 0; at < quantum; ) {
      const size = Math.min(quantum - at, this.#frames - this.#filled);
      this.#copy(input, at, size);
      this.#filled += size;
      at += size;
      if (this.#filled === this.#frames) this.#send();
    }
    return true; // Also when nothing is connected: then it records silence.
  }

  /** @param {Float32Array[]} input @param {number} at @param {number} size */
  #copy(input, at, size) {
    for (let channel = 0; channel < this.#channels; channel++) {
      const heard = input[channel] ?? input[0];
      if (!heard) return;
      this.#block.set(heard.subarray(at, at + size), channel * this.#frames + this.#filled);
    }
  }

  #send() {
    this.port.postMessage(this.#block, [this.#block.buffer]);
    this.#block = new Float32Array(this.#channels * this.#frames);
    this.#filled = 0;
  }
}

registerProcessor("capture", Capture);
