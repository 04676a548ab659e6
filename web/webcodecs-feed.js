/** Brings the microphone's sound to an encoder, as AudioData. */

/** @import { Microphone } from "./microphone.js" */

const BLOCKS_PER_SECOND = 100;

/** An AudioWorklet in the microphone's graph: in every browser, and silent where no device is. */
export class GraphFeed {
  #microphone;
  #onSound;
  /** @type {?AudioWorkletNode} */
  #node = null;
  #frames = 0;

  /**
   * @param {Microphone} microphone
   * @param {(sound: AudioData) => void} onSound who gets each is the one to close it
   */
  constructor(microphone, onSound) {
    this.#microphone = microphone;
    this.#onSound = onSound;
  }

  /** Rejects where the browser does not load the worklet. */
  async start() {
    const { node, quality } = this.#microphone;
    const { channels } = quality;
    const context = /** @type {AudioContext} */ (node.context);
    await context.audioWorklet.addModule(new URL("./capture-worklet.js", import.meta.url));
    const frames = Math.round(context.sampleRate / BLOCKS_PER_SECOND);
    this.#node = new AudioWorkletNode(context, "capture", {
      channelCount: channels,
      channelCountMode: "explicit",
      processorOptions: { channels, frames },
    });
    this.#node.port.onmessage = ({ data }) => this.#take(data, context.sampleRate, channels);
    node.connect(this.#node);
    this.#microphone.keepRunning(this.#node);
  }

  stop() {
    if (!this.#node) return;
    this.#node.port.onmessage = null;
    this.#microphone.node.disconnect(this.#node);
    this.#node.disconnect();
    this.#node = null;
  }

  /**
   * @param {Float32Array<ArrayBuffer>} data the channels one after the other
   * @param {number} sampleRate
   * @param {number} numberOfChannels
   */
  #take(data, sampleRate, numberOfChannels) {
    const numberOfFrames = data.length / numberOfChannels;
    // Counted in samples: the recording's time is the sound's, whatever the page is busy with.
    const timestamp = Math.round((this.#frames * 1e6) / sampleRate);
    this.#frames += numberOfFrames;
    const shape = { sampleRate, numberOfChannels, numberOfFrames, timestamp };
    const transfer = [data.buffer];
    this.#onSound(new AudioData({ format: "f32-planar", ...shape, data, transfer }));
  }
}
