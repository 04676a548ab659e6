/** Writes EBML elements: an ID, a size and what is in it (RFC 8794). */

import { joined } from "./bytes.js";

/** @import { Bytes } from "./bytes.js" */

/** A size that says "until what cannot be inside begins" (RFC 8794 §6.2), in eight bytes. */
const UNKNOWN_SIZE = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/**
 * @param {number} id with its marker bits, as the specifications print it
 * @param {...(Bytes | number[])} parts what is in it
 */
export function element(id, ...parts) {
  const content = joined(...parts);
  return joined(unsigned(id), sizeOf(content.length), content);
}

/**
 * The beginning of an element that ends where its parent's next child, or the file, does.
 *
 * @param {number} id
 * @param {...(Bytes | number[])} parts what is in it first
 */
export function openElement(id, ...parts) {
  return joined(unsigned(id), UNKNOWN_SIZE, ...parts);
}

/** @param {number} id @param {number} value a whole number from 0 to 2^53 */
export function uintElement(id, value) {
  return element(id, unsigned(value));
}

/** @param {number} id @param {number} value a whole number of at most 53 bits, of either sign */
export function intElement(id, value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, BigInt(value));
  return element(id, new Uint8Array(view.buffer));
}

/** @param {number} id @param {number} value */
export function floatElement(id, value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return element(id, new Uint8Array(view.buffer));
}

/** @param {number} id @param {string} text */
export function textElement(id, text) {
  return element(id, new TextEncoder().encode(text));
}

/** A size in as few bytes as it needs (RFC 8794 §4). @param {number} size @returns {number[]} */
function sizeOf(size) {
  let length = 1;
  // All bits set would say that the size is unknown.
  while (size >= 2 ** (7 * length) - 1) length++;
  const bytes = unsigned(size);
  const padded = [...new Array(length - bytes.length).fill(0), ...bytes];
  padded[0] |= 0x80 >> (length - 1);
  return padded;
}

/** @param {number} value @returns {number[]} big-endian, in as few bytes as it needs */
function unsigned(value) {
  const bytes = [value % 256];
  for (let rest = Math.floor(value / 256); rest > 0; rest = Math.floor(rest / 256)) {
    bytes.unshift(rest % 256);
  }
  return bytes;
}
