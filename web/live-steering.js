/** Where a live listener should be, and how to get there: plain arithmetic. */

/** Further behind than this, a jump is kinder than minutes of hurrying. */
const JUMP_BEYOND_S = 1.5;
const JUMP_BEYOND_TARGETS = 3;
/** Chromium begins to sound once it has so much: with less, a jump would only wait for it. */
export const LANDING_S = 0.22;
const MOST_RATE_CHANGE = 0.03;
/** With less than this to spare, a browser that keeps the pitch runs dry: it takes 50 ms ahead. */
const PITCH_NEEDS_S = 0.08;
/** A third of a semitone. */
const MOST_PITCH_CHANGE = 0.02;
const RATE_STEP = 0.005;
const GAIN = 0.6;
/**
 * A rate that is not 1 costs work, a little beauty, and sound ahead: begin to hurry late, but to
 * linger early, while there is enough left for that; then go on until well within.
 */
const HURRY_S = { beyond: 0.016, until: 0.004 };
const LINGER_S = { beyond: -0.002, until: 0.008 };
/** What the page plays by itself costs nothing of that, and its change of pitch nobody hears. */
const RING_MOST_RATE_CHANGE = 0.005;
const RING_CLOSE_S = { beyond: 0.004, until: 0.001 };
/** Nearer than this to the end of a range, the player has run dry. */
const RANGE_END_S = 0.05;

/**
 * @typedef {{jumpTo_s: number} | {rate: number, keepsPitch: boolean}} Steering
 * @param {{ranges: [number, number][], now_s: number, delay_s: number, target_s: number,
 *   spare_s: number, rate: number}} player the buffered ranges in order, the player's position, how
 *   far that is behind the live edge and should be, the least it had left of late, its present rate
 * @returns {?Steering} null: not enough sound yet to do anything
 */
export function steer({ ranges, now_s, delay_s, target_s, spare_s, rate }) {
  const last = ranges.at(-1);
  if (!last) return null;
  const [start_s, edge_s] = last;
  const landing_s = Math.max(target_s, LANDING_S);
  const jumpTo_s = Math.max(start_s, edge_s - landing_s);
  const current = ranges.find(([start, end]) => start <= now_s && now_s <= end);
  if (!current) return edge_s - start_s < landing_s ? null : { jumpTo_s };
  if (isLost(edge_s - now_s, target_s)) return { jumpTo_s };
  const next = ranges.find(([start]) => start > now_s);
  if (next && current[1] - now_s < RANGE_END_S) return { jumpTo_s: next[0] };
  const keepsPitch = spare_s > PITCH_NEEDS_S;
  const most = keepsPitch ? MOST_RATE_CHANGE : MOST_PITCH_CHANGE;
  return { rate: rateFor(delay_s - target_s, rate, most), keepsPitch };
}

/**
 * Whether hurrying would take too long.
 *
 * @param {number} fill_s how much of the sound that is there was not heard yet
 * @param {number} target_s
 */
export function isLost(fill_s, target_s) {
  return fill_s > Math.max(JUMP_BEYOND_S, JUMP_BEYOND_TARGETS * target_s);
}

/**
 * How fast the page should play what it decodes by itself.
 *
 * @param {number} error_s too far behind where positive
 * @param {number} rate the present one
 */
export function ringRate(error_s, rate) {
  const isOff = Math.abs(error_s) > RING_CLOSE_S[rate === 1 ? "beyond" : "until"];
  const change = Math.max(-RING_MOST_RATE_CHANGE, Math.min(RING_MOST_RATE_CHANGE, error_s));
  return isOff ? 1 + change : 1;
}

/**
 * @param {number} error_s too far behind where positive
 * @param {number} rate the present one
 * @param {number} most by how much it may differ from 1
 */
function rateFor(error_s, rate, most) {
  const hurries = error_s > (rate > 1 ? HURRY_S.until : HURRY_S.beyond);
  const lingers = error_s < (rate < 1 ? LINGER_S.until : LINGER_S.beyond);
  if (hurries === lingers) return 1;
  const change = Math.min(most, Math.max(RATE_STEP, Math.abs(error_s) * GAIN));
  return 1 + (hurries ? 1 : -1) * Math.round(change / RATE_STEP) * RATE_STEP;
}
