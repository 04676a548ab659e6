/** Makes one growing WebM file of the packets of an Opus encoder (RFC 9559). */

import { joined } from "./bytes.js";
import {
  element,
  floatElement,
  intElement,
  openElement,
  textElement,
  uintElement,
} from "./ebml.js";
import { preSkipOf } from "./opus-head.js";
import * as ids from "./webm-ids.js";

/** @import { Bytes } from "./bytes.js" */

const TICK_NS = 1_000_000;
const TRACK_NUMBER = 1;
const AUDIO_TRACK = 2;
const KEYFRAME = 0x80;
const OPUS_RATE_HZ = 48_000;
/** What a decoder needs to hear before it is right again (RFC 7845 §4.6). */
const SEEK_PRE_ROLL_NS = 80_000_000;
/** A block tells its time as 16 bits after its cluster's; players like clusters of some seconds. */
const CLUSTER_MS = 5000;

export class WebmWriter {
  #cluster_ms = -1;
  #last_ms = 0;

  /** @param {Bytes} opusHead of the encoder's output (RFC 7845 §5.1) */
  constructor(opusHead) {
    this.#opusHead = opusHead;
  }

  #opusHead;

  /** The bytes before the first packet. */
  head() {
    return joined(
      element(
        ids.EBML,
        uintElement(0x4286, 1), // EBMLVersion
        uintElement(0x42f7, 1), // EBMLReadVersion
        uintElement(0x42f2, 4), // EBMLMaxIDLength
        uintElement(0x42f3, 8), // EBMLMaxSizeLength
        textElement(0x4282, "webm"), // DocType
        uintElement(0x4287, 4), // DocTypeVersion
        uintElement(0x4285, 2), // DocTypeReadVersion
      ),
      openElement(ids.SEGMENT),
      element(
        ids.INFO,
        uintElement(ids.TIMESTAMP_SCALE, TICK_NS),
        textElement(0x4d80, "audio-stream"), // MuxingApp
        textElement(0x5741, "audio-stream"), // WritingApp
      ),
      element(ids.TRACKS, this.#trackEntry()),
    );
  }

  #trackEntry() {
    const delay_ns = Math.round((preSkipOf(this.#opusHead) * 1e9) / OPUS_RATE_HZ);
    return element(
      ids.TRACK_ENTRY,
      uintElement(0xd7, TRACK_NUMBER),
      uintElement(0x73c5, TRACK_NUMBER), // TrackUID
      uintElement(0x83, AUDIO_TRACK), // TrackType
      uintElement(0x9c, 0), // FlagLacing
      textElement(0x22b59c, "und"), // Language
      textElement(ids.CODEC_ID, "A_OPUS"),
      element(ids.CODEC_PRIVATE, this.#opusHead),
      uintElement(0x56aa, delay_ns), // CodecDelay
      uintElement(0x56bb, SEEK_PRE_ROLL_NS), // SeekPreRoll
      element(
        ids.AUDIO,
        floatElement(0xb5, OPUS_RATE_HZ), // SamplingFrequency
        uintElement(0x9f, this.#opusHead[9] ?? 1), // Channels
      ),
    );
  }

  /**
   * @param {Bytes} packet
   * @param {number} time_us since the beginning of the recording, as the encoder counts it; one
   *   that lies before the last packet's becomes that
   * @returns {Bytes} the file's next bytes
   */
  packet(packet, time_us) {
    const [cluster, relative] = this.#place(time_us);
    return joined(cluster, element(ids.SIMPLE_BLOCK, blockHeader(relative, KEYFRAME), packet));
  }

  /**
   * @param {Bytes} packet
   * @param {number} time_us
   * @param {number} padding_ns how much of its end is no sound of the recording
   * @returns {Bytes} the file's last bytes
   */
  lastPacket(packet, time_us, padding_ns) {
    const [cluster, relative] = this.#place(time_us);
    const block = element(ids.BLOCK, blockHeader(relative, 0), packet);
    return joined(
      cluster,
      element(ids.BLOCK_GROUP, block, intElement(ids.DISCARD_PADDING, padding_ns)),
    );
  }

  /** @param {number} time_us @returns {[Bytes, number]} a new cluster if it needs one */
  #place(time_us) {
    // From the encoder's own time, and not from the packet before, so that no rounding adds up.
    this.#last_ms = Math.max(this.#last_ms, Math.round(time_us / 1000));
    const relative_ms = this.#last_ms - this.#cluster_ms;
    if (this.#cluster_ms >= 0 && relative_ms < CLUSTER_MS) return [new Uint8Array(), relative_ms];
    this.#cluster_ms = this.#last_ms;
    return [openElement(ids.CLUSTER, uintElement(ids.TIMESTAMP, this.#cluster_ms)), 0];
  }
}

/** @param {number} relative_ms @param {number} flags */
function blockHeader(relative_ms, flags) {
  return [0x80 | TRACK_NUMBER, relative_ms >> 8, relative_ms & 0xff, flags];
}
