/** Records with this page's own means: WebCodecs makes the packets, webm-writer.js the file. */

import { silence, withChannels } from "./audio-data.js";
import { DeviceFeed } from "./device-feed.js";
import { GraphFeed } from "./graph-feed.js";
import { opusHead, preSkipOf } from "./opus-head.js";
import { WebmWriter } from "./webm-writer.js";

/** @import { Bytes } from "./bytes.js" */
/** @import { Microphone } from "./microphone.js" */
/** @import { Ears } from "./recorder.js" */

const MIME_TYPE = "audio/webm;codecs=opus";
const PACKET_US = 20_000;
const OPUS_RATE_HZ = 48_000;
/** The whole band, for voices too: `voip` would cut their lowest tones. */
const OPUS = { frameDuration: PACKET_US, application: "audio" };
/** The encoder gets no more at once; what else there is waits here. */
const MOST_QUEUED = 200;
/** An encoder that was given so much and said nothing will say nothing. */
const SPEAKS_WITHIN_S = 3;
/** A microphone that is open and gives nothing for so long gives nothing in this way. */
const HEARD_WITHIN_MS = 5000;

/**
 * A recorder (see recorder.js) over `AudioEncoder`. A recording's time is that of its sound: each
 * packet begins where the one before ends, so that nothing goes backwards or drifts, and what a
 * sleeping computer did not hear takes no time.
 */
export class WebCodecsRecorder {
  #quality;
  #ears;
  #feed;
  /** @type {?AudioEncoder} */
  #encoder = null;
  /** @type {?WebmWriter} */
  #writer = null;
  #delay_us = 0;
  /** Sound that the encoder has not been given yet. @type {AudioData[]} */
  #waiting = [];
  #waited_s = 0;
  /** The rate for which the encoder is, or is being, configured. */
  #rate_hz = 0;
  #shaping = Promise.resolve();
  #isReady = false;
  /** Since it was configured. */
  #given_us = 0;
  #made_us = 0;
  /** In the whole recording. */
  #time_us = 0;
  /** What is made at the end, when that began: only then it is known which is the last. */
  #last = /** @type {?EncodedAudioChunk[]} */ (null);
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
    this.#quality = microphone.quality;
    this.#ears = ears;
    this.#fail = ears.onFailure;
    const Feed = DeviceFeed.isThere ? DeviceFeed : GraphFeed;
    this.#feed = new Feed(microphone, (sound) => this.#take(sound));
  }

  /** How long the recording is. */
  get elapsed_s() {
    return Math.max(0, this.#time_us - this.#delay_us) / 1e6;
  }

  /**
   * Resolves with the first packet. Rejects where that does not come.
   *
   * @returns {Promise<string>} the media type of what comes
   */
  async start() {
    await new Promise((resolve, reject) => {
      this.#begin = () => resolve(undefined);
      this.#fail = reject;
      this.#feed.start().then(() => {
        if (this.#ending) this.#feed.stop(); // It took too long.
      }, reject);
      setTimeout(() => reject(new Error("The microphone gives no sound.")), HEARD_WITHIN_MS);
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
    // Its failure, if it fails, has been told.
    if (this.#writer) await this.#encodeRest().catch(() => {});
    for (const sound of this.#waiting.splice(0)) sound.close();
    if (this.#encoder && this.#encoder.state !== "closed") this.#encoder.close();
    this.#writeLast();
  }

  async #encodeRest() {
    await this.#shaping;
    this.#isReady = false;
    for (const sound of this.#waiting.splice(0)) {
      if (sound.sampleRate !== this.#rate_hz) await this.#shape(sound.sampleRate);
      this.#encode(sound);
    }
    this.#last = [];
    await this.#flush(this.#rate_hz);
  }

  /** @param {AudioData} sound */
  #take(sound) {
    if (!this.#writer) this.#waited_s += sound.numberOfFrames / sound.sampleRate;
    this.#waiting.push(sound);
    this.#pump();
    if (!this.#writer && this.#waited_s > SPEAKS_WITHIN_S) {
      this.#fail(new Error("The encoder says nothing."));
    }
  }

  /** Give the encoder what there is, but not more than it can take. */
  #pump() {
    for (;;) {
      const sound = this.#waiting[0];
      if (!sound || this.#ending) return;
      // The sound decides: a microphone may give what nobody asked for, and the next one another.
      if (sound.sampleRate !== this.#rate_hz) {
        this.#shaping = this.#shape(sound.sampleRate).then(() => {
          this.#isReady = true;
          this.#pump();
        });
        this.#shaping.catch((error) => this.#fail(error));
      }
      if (!this.#isReady || (this.#encoder?.encodeQueueSize ?? 0) >= MOST_QUEUED) return;
      this.#waiting.shift();
      this.#encode(sound);
    }
  }

  /** @param {number} sampleRate */
  async #shape(sampleRate) {
    const former_hz = this.#rate_hz;
    this.#rate_hz = sampleRate;
    this.#isReady = false;
    /** @type {AudioEncoderConfig} */
    const config = {
      codec: "opus",
      sampleRate,
      numberOfChannels: this.#quality.channels,
      bitrate: this.#quality.bitrate_bps,
      bitrateMode: "variable",
      opus: OPUS,
    };
    const { supported } = await AudioEncoder.isConfigSupported(config);
    if (!supported) throw new Error("This browser does not encode Opus.");
    if (this.#encoder) await this.#flush(former_hz);
    this.#encoder ??= new AudioEncoder({
      output: (packet, metadata) => this.#receive(packet, metadata),
      error: (error) => this.#fail(error),
    });
    this.#encoder.configure(config);
    this.#given_us = this.#made_us = 0;
  }

  /** @param {AudioData} sound */
  #encode(sound) {
    const fitting = withChannels(sound, this.#quality.channels);
    this.#given_us += (fitting.numberOfFrames / this.#rate_hz) * 1e6;
    if (this.#encoder?.state === "configured") this.#encoder.encode(fitting);
    fitting.close();
  }

  /**
   * The encoder is behind by what decoders skip: so much silence pushes the last sound out.
   *
   * @param {number} sampleRate for which it is configured
   */
  async #flush(sampleRate) {
    if (this.#encoder?.state !== "configured") return;
    const numberOfFrames = Math.ceil((this.#delay_us * sampleRate) / 1e6);
    const numberOfChannels = this.#quality.channels;
    const timestamp = Math.round(this.#given_us);
    const shape = { sampleRate, numberOfChannels, numberOfFrames, timestamp };
    if (numberOfFrames > 0) {
      const rest = silence(shape);
      this.#encoder.encode(rest);
      rest.close();
    }
    await this.#encoder.flush();
  }

  /**
   * @param {EncodedAudioChunk} packet
   * @param {EncodedAudioChunkMetadata} [metadata]
   */
  #receive(packet, metadata) {
    if (this.#last) {
      this.#last.push(packet);
      return;
    }
    const writer = this.#writer ?? this.#open(metadata);
    this.#hand(writer.packet(bytesOf(packet), this.#time_us), lengthOf_us(packet));
    this.#pump();
  }

  /** @param {EncodedAudioChunkMetadata} [metadata] of the first packet */
  #open(metadata) {
    const input = { channels: this.#quality.channels, rate_hz: this.#rate_hz };
    const head = opusHead(metadata?.decoderConfig?.description, input);
    this.#delay_us = (preSkipOf(head) / OPUS_RATE_HZ) * 1e6;
    this.#writer = new WebmWriter(head);
    this.#ears.onChunk(this.#writer.head(), 0);
    this.#begin();
    return this.#writer;
  }

  /** Tell how much of the last packet is sound, so that the recording is as long as that was. */
  #writeLast() {
    for (const packet of this.#last ?? []) {
      const packet_us = lengthOf_us(packet);
      const sound_us = this.#given_us + this.#delay_us - this.#made_us;
      if (sound_us <= 0 || !this.#writer) return;
      const bytes = bytesOf(packet);
      if (sound_us >= packet_us) {
        this.#hand(this.#writer.packet(bytes, this.#time_us), packet_us);
      } else {
        const padding_ns = Math.round((packet_us - sound_us) * 1000);
        this.#hand(this.#writer.lastPacket(bytes, this.#time_us, padding_ns), sound_us);
        return;
      }
    }
  }

  /** @param {Bytes} bytes @param {number} length_us */
  #hand(bytes, length_us) {
    this.#time_us += length_us;
    this.#made_us += length_us;
    this.#ears.onChunk(bytes, this.elapsed_s);
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
