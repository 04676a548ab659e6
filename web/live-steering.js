/** Where a live listener should be, and how to get there: plain arithmetic. */

/** Further behind than this, a jump is kinder than minutes of hurrying. */
export const JUMP_BEYOND_S = 1.5;
const JUMP_BEYOND_TARGETS = 3;
/** Chromium begins to sound once it has so much: with less, a jump would only wait for it. */
export const LANDING_S = 0.22;
const MOST_RATE_CHANGE = 0.03;
const RATE_STEP = 0.005;
const GAIN = 0.6;
/** A rate that is not 1 costs work and a little beauty: begin late, and end near the target. */
const BEGIN_BEYOND_S = 0.015;
const END_WITHIN_S = 0.004;
/** Nearer than this to the end of a range, the player has run dry. */
const RANGE_END_S = 0.05;

/**
 * @typedef {{jumpTo_s: number} | {rate: number}} Steering
 * @param {{ranges: [number, number][], now_s: number, delay_s: number, target_s: number,
 *   rate: number}} player the buffered ranges in order, the player's position, how far that is
 *   behind the live edge and should be, and its present rate
 * @returns {?Steering} null: not enough sound yet to do anything
 */
export function steer({ ranges, now_s, delay_s, target_s, rate }) {
  const last = ranges.at(-1);
  if (!last) return null;
  const [start_s, edge_s] = last;
  const landing_s = Math.max(target_s, LANDING_S);
  const jumpTo_s = Math.max(start_s, edge_s - landing_s);
  const current = ranges.find(([start, end]) => start <= now_s && now_s <= end);
  if (!current) return edge_s - start_s < landing_s ? null : { jumpTo_s };
  if (edge_s - now_s > Math.max(JUMP_BEYOND_S, JUMP_BEYOND_TARGETS * target_s)) return { jumpTo_s };
  const next = ranges.find(([start]) => start > now_s);
  if (next && current[1] - now_s < RANGE_END_S) return { jumpTo_s: next[0] };
  return { rate: rateFor(delay_s - target_s, rate) };
}

/**
 * @param {number} error_s too far behind where positive
 * @param {number} rate the present one
 */
function rateFor(error_s, rate) {
  const leave_s = rate === 1 ? BEGIN_BEYOND_S : END_WITHIN_S;
  if (!(Math.abs(error_s) > leave_s)) return 1;
  if (rate !== 1 && rate > 1 !== error_s > 0) return 1; // Past the target: rest there.
  const change = Math.min(MOST_RATE_CHANGE, Math.max(RATE_STEP, Math.abs(error_s) * GAIN));
  return 1 + Math.sign(error_s) * Math.round(change / RATE_STEP) * RATE_STEP;
}
