/**
 * Which page makes or sends a recording: a lock that goes when its page does, crashes included.
 * Without Web Locks every recording looks free.
 */

/** @param {string} key */
const nameOf = (key) => `audio-stream.recording.${key}`;

/**
 * @param {string} key
 * @returns {Promise<null | (() => void)>} lets it go; null while another page has it
 */
export function tryHold(key) {
  const { locks } = navigator;
  if (!locks) return Promise.resolve(() => {});
  return new Promise((resolve, reject) => {
    const held = locks.request(nameOf(key), { ifAvailable: true }, (lock) => {
      if (!lock) return resolve(null);
      return new Promise((letGo) => resolve(() => letGo(undefined)));
    });
    held.catch(reject);
  });
}

/** @param {string} key @returns {Promise<boolean>} whether a page makes or sends it now */
export async function isHeld(key) {
  const { held } = (await navigator.locks?.query()) ?? {};
  return held?.some(({ name }) => name === nameOf(key)) ?? false;
}

/** Wait until no page has it any more. @param {string} key */
export async function untilFree(key) {
  await navigator.locks?.request(nameOf(key), { mode: "shared" }, () => {});
}
