/** Where a live listener should be, and how to get there: plain arithmetic. */

/** How far behind the live edge to stay, so that late segments do not silence the player. */
export const TARGET_S = 0.25;
/** Further behind than this, a jump is kinder than minutes of hurrying. */
export const JUMP_BEYOND_S = 1.5;
const MOST_RATE_CHANGE = 0.03;
const GAIN = 0.3;
const DEAD_BAND_S = 0.03;
/** Nearer than this to the end of a range, the player has run dry. */
const RANGE_END_S = 0.05;

/**
 * @typedef {{jumpTo_s: number} | {rate: number}} Steering
 * @param {{ranges: [number, number][], now_s: number, behind_s: number}} player the buffered
 *   ranges in order, the player's position, and its smoothed distance to the live edge
 * @returns {?Steering} null: not enough sound yet to do anything
 */
export function steer({ ranges, now_s, behind_s }) {
  const last = ranges.at(-1);
  if (!last) return null;
  const [start_s, edge_s] = last;
  const edgeTarget_s = Math.max(start_s, edge_s - TARGET_S);
  const current = ranges.find(([start, end]) => start <= now_s && now_s <= end);
  if (!current) return edge_s - start_s < TARGET_S ? null : { jumpTo_s: edgeTarget_s };
  if (edge_s - now_s > JUMP_BEYOND_S) return { jumpTo_s: edgeTarget_s };
  const next = ranges.find(([start]) => start > now_s);
  if (next && current[1] - now_s < RANGE_END_S) return { jumpTo_s: next[0] };
  const error_s = behind_s - TARGET_S;
  if (Math.abs(error_s) < DEAD_BAND_S) return { rate: 1 };
  const change = Math.max(-MOST_RATE_CHANGE, Math.min(MOST_RATE_CHANGE, error_s * GAIN));
  return { rate: 1 + Math.round(change * 200) / 200 };
}
