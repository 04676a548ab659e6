/** Records with this page's own means: WebCodecs makes the packets, webm-writer.js the file. */

import { opusHead, preSkipOf } from "./opus-head.js";
import { GraphFeed } from "./webcodecs-feed.js";
import { WebmWriter } from "./webm-writer.js";

/** @import { Microphone } from "./microphone.js" */
/** @import { Ears } from "./recorder.js" */

const MIME_TYPE = "audio/webm;codecs=opus";
const PACKET_US = 20_000;
const OPUS_RATE_HZ = 48_000;
/** The whole band, for voices too: `voip` would cut their lowest tones. */
const OPUS = { frameDuration: PACKET_US, application: "audio" };
/** The encoder gets no more at once; what else there is waits here. */
const MOST_QUEUED = 100;
/** An encoder that has heard so much and said nothing will say nothing. */
const SPEAKS_WITHIN_S = 1;

export class WebCodecsRecorder {
  #microphone;
  #ears;
  #feed;
  /** @type {?AudioEncoder} */
  #encoder = null;
  /** @type {?WebmWriter} */
  #writer = null;
  #preSkip = 0;
  #rate_hz = 0;
  #channels = 0;
  /** Sound that the encoder has not been given yet. @type {AudioData[]} */
  #waiting = [];
  #heard_us = 0;
  /** The encoder's time of the first packet. */
  #first_us = 0;
  #end_us = 0;
  /** What comes after Stop: the last packet is written as that. @type {EncodedAudioChunk[]} */
  #last = [];
  #begin = () => {};
  /** @type {(error: Error) => void} */
  #fail;
  /** @type {?Promise<void>} */
  #ending = null;

  /** Whether this browser has what it takes, so far as can be told without trying. */
  static get isThere() {
    return "AudioEncoder" in globalThis && "AudioWorkletNode" in globalThis;
  }

  /** @param {{microphone: Microphone} & Ears} options */
  constructor({ microphone, ...ears }) {
    this.#microphone = microphone;
    this.#ears = ears;
    this.#fail = ears.onFailure;
    this.#feed = new GraphFeed(microphone, (sound) => this.#take(sound));
  }

  /** How long the recording is: the sound of it, not the clock's time. */
  get elapsed_s() {
    return this.#end_us / 1e6;
  }

  /** Resolves with the first packet. @returns {Promise<string>} the media type of what comes */
  async start() {
    await new Promise((resolve, reject) => {
      this.#begin = () => resolve(undefined);
      this.#fail = reject;
      this.#feed.start().catch(reject);
    });
    this.#fail = this.#ears.onFailure;
    return MIME_TYPE;
  }

  /** Stop; when this resolves, the last chunk has been handed over. */
  stop() {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end() {
    this.#feed.stop();
    if (this.#encoder?.state === "configured") {
      for (const sound of this.#waiting) this.#encode(sound);
      this.#waiting = [];
      if (this.#writer) this.#encodeSilence();
      await this.#encoder.flush().catch(() => {}); // Its failure has been told.
    }
    for (const sound of this.#waiting) sound.close();
    if (this.#encoder && this.#encoder.state !== "closed") this.#encoder.close();
    this.#writeLast();
  }

  /** @param {AudioData} sound */
  #take(sound) {
    this.#waiting.push(sound);
    if (!this.#encoder) this.#prepare(sound).catch((error) => this.#fail(error));
    this.#pump();
    if (!this.#writer && this.#heard_us > SPEAKS_WITHIN_S * 1e6) {
      this.#fail(new Error("The encoder is silent."));
    }
  }

  /** The first sound decides: a microphone may give what nobody asked for. @param {AudioData} sound */
  async #prepare({ sampleRate, numberOfChannels }) {
    this.#rate_hz = sampleRate;
    this.#channels = numberOfChannels;
    this.#encoder = new AudioEncoder({
      output: (packet, metadata) => this.#receive(packet, metadata),
      error: (error) => this.#fail(error),
    });
    /** @type {AudioEncoderConfig} */
    const config = {
      codec: "opus",
      sampleRate,
      numberOfChannels,
      bitrate: this.#microphone.quality.bitrate_bps,
      bitrateMode: "variable",
      opus: OPUS,
    };
    const { supported } = await AudioEncoder.isConfigSupported(config);
    if (!supported) throw new Error("This browser does not encode Opus.");
    if (this.#ending) return;
    this.#encoder.configure(config);
    this.#pump();
  }

  #pump() {
    while (this.#encoder?.state === "configured" && this.#encoder.encodeQueueSize < MOST_QUEUED) {
      const sound = this.#waiting.shift();
      if (!sound) return;
      this.#encode(sound);
    }
  }

  /** @param {AudioData} sound */
  #encode(sound) {
    this.#heard_us += (sound.numberOfFrames / sound.sampleRate) * 1e6;
    this.#encoder?.encode(sound);
    sound.close();
  }

  /** An encoder is behind by what decoders skip first: so much silence pushes the last sound out. */
  #encodeSilence() {
    const numberOfFrames = Math.ceil((this.#preSkip * this.#rate_hz) / OPUS_RATE_HZ);
    const numberOfChannels = this.#channels;
    const silence = new AudioData({
      format: "f32-planar",
      sampleRate: this.#rate_hz,
      numberOfChannels,
      numberOfFrames,
      timestamp: Math.round(this.#heard_us),
      data: new Float32Array(numberOfFrames * numberOfChannels),
    });
    this.#encoder?.encode(silence);
    silence.close();
  }

  /**
   * @param {EncodedAudioChunk} packet
   * @param {EncodedAudioChunkMetadata} [metadata]
   */
  #receive(packet, metadata) {
    if (this.#ending && this.#writer) {
      this.#last.push(packet);
      return;
    }
    const parts = [];
    if (!this.#writer) {
      const input = { channels: this.#channels, rate_hz: this.#rate_hz };
      const head = opusHead(metadata?.decoderConfig?.description, input);
      this.#preSkip = preSkipOf(head);
      this.#writer = new WebmWriter(head);
      this.#first_us = packet.timestamp;
      parts.push(this.#writer.head());
      this.#begin();
    }
    const time_us = packet.timestamp - this.#first_us;
    parts.push(this.#writer.packet(bytesOf(packet), time_us));
    this.#hand(parts, time_us + lengthOf_us(packet));
    this.#pump();
  }

  /** Tell how much of the last packet is sound, so that the recording is as long as that was. */
  #writeLast() {
    const delay_us = (this.#preSkip / OPUS_RATE_HZ) * 1e6;
    const end_us = this.#heard_us + delay_us;
    for (const packet of this.#last) {
      const time_us = packet.timestamp - this.#first_us;
      const packetEnd_us = time_us + lengthOf_us(packet);
      if (time_us >= end_us || !this.#writer) break;
      const bytes = bytesOf(packet);
      if (packetEnd_us < end_us) {
        this.#hand([this.#writer.packet(bytes, time_us)], packetEnd_us);
        continue;
      }
      const padding_ns = Math.round((packetEnd_us - end_us) * 1000);
      this.#hand([this.#writer.lastPacket(bytes, time_us, padding_ns)], this.#heard_us);
    }
    this.#last = [];
  }

  /** @param {BlobPart[]} parts @param {number} end_us */
  #hand(parts, end_us) {
    this.#end_us = end_us;
    this.#ears.onChunk(new Blob(parts), this.elapsed_s);
  }
}

/** @param {EncodedAudioChunk} packet */
function bytesOf(packet) {
  const bytes = new Uint8Array(packet.byteLength);
  packet.copyTo(bytes);
  return bytes;
}

/** @param {EncodedAudioChunk} packet */
const lengthOf_us = (packet) => packet.duration || PACKET_US;
