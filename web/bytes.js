/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** @param {...(Bytes | number[])} parts @returns {Bytes} one after the other */
export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
