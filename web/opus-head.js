/** The header that tells a decoder how to begin with an Opus stream (RFC 7845 §5.1). */

/** @import { Bytes } from "./bytes.js" */

const MAGIC = "OpusHead";
const SIZE_BYTES = 19;
/** The look-ahead of libopus, which every browser uses, at 48 kHz. */
const USUAL_PRE_SKIP = 312;

/**
 * What the encoder says of itself; what every encoder would, where it says nothing.
 *
 * @param {AllowSharedBufferSource | undefined} description
 * @param {{channels: number, rate_hz: number}} input
 * @returns {Bytes}
 */
export function opusHead(description, { channels, rate_hz }) {
  const told = description && bytesOf(description);
  if (told && isOpusHead(told)) return told;
  const head = new Uint8Array(SIZE_BYTES);
  head.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(head.buffer);
  view.setUint8(8, 1); // Version
  view.setUint8(9, channels);
  view.setUint16(10, USUAL_PRE_SKIP, true);
  view.setUint32(12, rate_hz, true);
  return head; // No gain, and channels in their usual order.
}

/** @param {Bytes} head @returns {number} the samples at 48 kHz that come before the first one */
export function preSkipOf(head) {
  return new DataView(head.buffer, head.byteOffset).getUint16(10, true);
}

/** @param {Bytes} bytes */
function isOpusHead(bytes) {
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  return bytes.length >= SIZE_BYTES && magic === MAGIC;
}

/** @param {AllowSharedBufferSource} source @returns {Bytes} */
function bytesOf(source) {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return new Uint8Array(view);
}
