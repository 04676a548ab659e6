/** Brings the sound of the microphone's graph to an encoder, as AudioData. */

/** @import { Microphone } from "./microphone.js" */

/** @typedef {(sound: AudioData) => void} OnSound who gets a sound is the one to close it */

const BLOCKS_PER_SECOND = 100;

/** An AudioWorklet in the microphone's graph: in every browser, and silent where no device is. */
export class GraphFeed {
  #microphone;
  #onSound;
  /** @type {?AudioWorkletNode} */
  #node = null;
  #frames = 0;
  #perSecond;

  /**
   * @param {Microphone} microphone
   * @param {OnSound} onSound
   * @param {number} perSecond how often it is called
   */
  constructor(microphone, onSound, perSecond = BLOCKS_PER_SECOND) {
    this.#microphone = microphone;
    this.#onSound = onSound;
    this.#perSecond = perSecond;
  }

  /** Rejects where the browser does not load the worklet. */
  async start() {
    await this.load();
    this.begin();
  }

  async load() {
    const module = new URL("./capture-worklet.js", import.meta.url);
    await this.#context.audioWorklet.addModule(module);
  }

  /** Needs to be loaded. */
  begin() {
    if (this.#node) return;
    const { channels } = this.#microphone.quality;
    const { sampleRate } = this.#context;
    const frames = Math.round(sampleRate / this.#perSecond);
    this.#node = new AudioWorkletNode(this.#context, "capture", {
      channelCount: channels,
      channelCountMode: "explicit",
      processorOptions: { channels, frames },
    });
    this.#node.port.onmessage = ({ data }) => this.#take(data, sampleRate, channels);
    this.#microphone.node.connect(this.#node);
    this.#microphone.keepRunning(this.#node);
  }

  stop() {
    if (!this.#node) return;
    this.#node.port.onmessage = null;
    this.#microphone.node.disconnect(this.#node);
    this.#node.disconnect();
    this.#node = null;
  }

  get #context() {
    return /** @type {AudioContext} */ (this.#microphone.node.context);
  }

  /**
   * @param {Float32Array<ArrayBuffer>} data the channels one after the other
   * @param {number} sampleRate
   * @param {number} numberOfChannels
   */
  #take(data, sampleRate, numberOfChannels) {
    const numberOfFrames = data.length / numberOfChannels;
    const timestamp = Math.round((this.#frames * 1e6) / sampleRate);
    this.#frames += numberOfFrames;
    const shape = { sampleRate, numberOfChannels, numberOfFrames, timestamp };
    const transfer = [data.buffer];
    this.#onSound(new AudioData({ format: "f32-planar", ...shape, data, transfer }));
  }
}
