/**
 * Regular looks at something that moves, as often as the eye needs and no oftener. All keep one beat:
 * what is drawn in one frame costs the browser half of what it costs in two.
 */

/** Half a frame of most screens: asked for later, the one that is meant would be missed. */
const EARLY_MS = 8;

/**
 * Call `look` some times a second while the page is seen, until the returned function is called.
 *
 * @param {number} perSecond
 * @param {() => void} look
 * @returns {() => void}
 */
export function everyFrame(perSecond, look) {
  const pitch_ms = 1000 / perSecond;
  let frame = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @param {number} now_ms */
  const tick = (now_ms) => {
    // A frame that is asked for costs the browser its work, whatever is drawn in it: sleep meanwhile.
    const next_ms = (Math.round(now_ms / pitch_ms) + 1) * pitch_ms;
    timer = setTimeout(ask, next_ms - EARLY_MS - performance.now());
    look();
  };
  const ask = () => {
    frame = requestAnimationFrame(tick);
  };
  ask();
  return () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
  };
}
