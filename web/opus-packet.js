/** What a packet of Opus tells of itself (RFC 6716 §3.1). */

/** @import { Bytes } from "./bytes.js" */

/** By the two low bits of its mode: speech, both, and music. */
const SILK_MS = [10, 20, 40, 60];
const HYBRID_MS = [10, 20, 10, 20];
const CELT_MS = [2.5, 5, 10, 20];
const FIRST_HYBRID = 12;
const FIRST_CELT = 16;

/** @param {Bytes} packet @returns {number} how long its sound is; 0 of an empty one */
export function duration_s([head = 3, count = 0]) {
  const mode = head >> 3;
  const lengths = mode < FIRST_HYBRID ? SILK_MS : mode < FIRST_CELT ? HYBRID_MS : CELT_MS;
  const frames = [1, 2, 2, count & 0x3f][head & 3] ?? 1;
  return ((lengths[mode & 3] ?? 0) * frames) / 1000;
}
