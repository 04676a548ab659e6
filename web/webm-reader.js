/** Reads the packets of a growing WebM file with one Opus track, byte by byte if need be (RFC 9559). */

import { joined } from "./bytes.js";
import * as ids from "./webm-ids.js";

/** @import { Bytes } from "./bytes.js" */

/** What these hold is read as if it stood by itself: so their sizes, often unknown, do not matter. */
const OPENED = new Set([
  ids.SEGMENT,
  ids.INFO,
  ids.TRACKS,
  ids.TRACK_ENTRY,
  ids.CLUSTER,
  ids.BLOCK_GROUP,
]);
const OPUS = "A_OPUS";
const LACED = 0x06;
/** No element that is read as a whole is larger: a larger one is no WebM as it is sent live. */
const MOST_BYTES = 1 << 20;
const USUAL_SCALE_NS = 1_000_000;

/** The bytes are not what this reads. */
export class Unreadable extends Error {}

/** @typedef {{data: Bytes, time_us: number}} Packet */

export class WebmReader {
  /** @type {Bytes} */
  #rest = new Uint8Array();
  #scale_ns = USUAL_SCALE_NS;
  #tracks = 0;
  #cluster = 0;
  /** @type {Packet[]} */
  #packets = [];

  /** The OpusHead of the track (RFC 7845 §5.1); null before it came. @type {?Bytes} */
  opusHead = null;

  /**
   * @param {Bytes} bytes the file's next
   * @returns {Packet[]} those that are whole now; none comes before `opusHead`
   */
  push(bytes) {
    const all = this.#rest.length > 0 ? joined(this.#rest, bytes) : bytes;
    let at = 0;
    for (;;) {
      const element = elementAt(all, at);
      if (element === null) break;
      const { id, start, size } = element;
      if (OPENED.has(id)) {
        if (id === ids.TRACK_ENTRY && ++this.#tracks > 1) throw new Unreadable("several tracks");
        at = start;
        continue;
      }
      if (size > MOST_BYTES) throw new Unreadable(`${size} bytes of ${id.toString(16)}`);
      if (start + size > all.length) break;
      this.#take(id, all.subarray(start, start + size));
      at = start + size;
    }
    this.#rest = all.slice(at);
    return this.#packets.splice(0);
  }

  /** @param {number} id @param {Bytes} content */
  #take(id, content) {
    if (id === ids.TIMESTAMP_SCALE) this.#scale_ns = unsigned(content);
    else if (id === ids.CODEC_ID) this.#checkCodec(new TextDecoder().decode(content));
    else if (id === ids.CODEC_PRIVATE) this.opusHead = content.slice();
    else if (id === ids.TIMESTAMP) this.#cluster = unsigned(content);
    else if (id === ids.SIMPLE_BLOCK || id === ids.BLOCK) this.#takeBlock(content);
  }

  /** @param {string} codec */
  #checkCodec(codec) {
    if (codec !== OPUS) throw new Unreadable(codec);
  }

  /** @param {Bytes} block the track's number, a time of 16 bits after the cluster's, flags, a packet */
  #takeBlock(block) {
    const track = numberAt(block, 0);
    if (track === null || block.length < track.end + 3) throw new Unreadable("half a block");
    if (this.opusHead === null) throw new Unreadable("no head");
    const view = new DataView(block.buffer, block.byteOffset + track.end);
    if (view.getUint8(2) & LACED) throw new Unreadable("laced packets");
    const time = this.#cluster + view.getInt16(0);
    const time_us = (time * this.#scale_ns) / 1000;
    this.#packets.push({ data: block.slice(track.end + 3), time_us });
  }
}

/**
 * @param {Bytes} bytes
 * @param {number} at
 * @returns {?{id: number, start: number, size: number}} null: its beginning is not all there
 */
function elementAt(bytes, at) {
  const id = numberAt(bytes, at);
  const size = id && numberAt(bytes, id.end);
  if (!size) return null;
  return { id: id.value + 2 ** (7 * id.length), start: size.end, size: size.value };
}

/**
 * A number that tells its own length by its first bits (RFC 8794 §4).
 *
 * @param {Bytes} bytes
 * @param {number} at
 * @returns {?{value: number, length: number, end: number}} null: it is not all there
 */
function numberAt(bytes, at) {
  const first = bytes[at];
  if (first === undefined) return null;
  const length = Math.clz32(first) - 23;
  if (length > 8) throw new Unreadable("no number");
  const end = at + length;
  if (end > bytes.length) return null;
  const value = (first & (0xff >> length)) * 256 ** (length - 1);
  return { value: value + unsigned(bytes.subarray(at + 1, end)), length, end };
}

/** @param {Bytes} bytes big-endian */
function unsigned(bytes) {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
