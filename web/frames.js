/** Regular looks at something that moves, as often as the eye needs and no oftener. */

/**
 * Call `look` some times a second while the page is seen, until the returned function is called.
 *
 * @param {number} perSecond
 * @param {() => void} look
 * @returns {() => void}
 */
export function everyFrame(perSecond, look) {
  const pitch_ms = 1000 / perSecond;
  let next_ms = 0;
  let frame = 0;
  /** @param {number} now_ms */
  const tick = (now_ms) => {
    frame = requestAnimationFrame(tick);
    if (now_ms < next_ms) return;
    next_ms = Math.max(next_ms + pitch_ms, now_ms);
    look();
  };
  frame = requestAnimationFrame(tick);
  return () => cancelAnimationFrame(frame);
}
