/** Sound with nothing to hear in it. */

const RATE_HZ = 8000;
/** Chromium takes shorter sounds for a chime, to which a keyboard's Pause does not apply. */
const LENGTH_S = 10;
const HEADER_BYTES = 44;

/**
 * Let an element play nothing, over and over.
 *
 * @param {HTMLMediaElement} media
 * @returns {() => void} ends it, unless the element has been given something else
 */
export function attachSilence(media) {
  const url = URL.createObjectURL(silentFile());
  media.src = url;
  media.loop = true;
  return () => {
    URL.revokeObjectURL(url);
    if (media.src !== url) return;
    media.loop = false;
    media.removeAttribute("src");
    media.load();
  };
}

/** @returns {Blob} a WAV file of one channel and 8 bits (RFC 2361; the layout is RIFF's) */
function silentFile() {
  const size_bytes = RATE_HZ * LENGTH_S;
  const bytes = new Uint8Array(HEADER_BYTES + size_bytes).fill(0x80, HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const write = (/** @type {number} */ at, /** @type {string} */ text) =>
    bytes.set(new TextEncoder().encode(text), at);
  write(0, "RIFF");
  view.setUint32(4, HEADER_BYTES - 8 + size_bytes, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, RATE_HZ, true);
  view.setUint32(28, RATE_HZ, true); // bytes a second
  view.setUint16(32, 1, true); // bytes of a sample
  view.setUint16(34, 8, true); // bits of it
  write(36, "data");
  view.setUint32(40, size_bytes, true);
  return new Blob([bytes], { type: "audio/wav" });
}
