/**
 * A source, a line and a player without a browser's sound, a millisecond a step, in no time at all:
 * what the page's player would do with its own rules.
 *
 * @typedef {{seed?: number, batches_s?: number[], late?: [number, number, number], ppm?: number,
 *   seconds?: number, settled_s?: number, ring?: boolean}} Link `batches_s`: how much sound comes at once, in turn;
 *   `late`: which share of the requests is late, and by how much at least and at most; `ppm`: how
 *   much too fast the source's clock is; `ring`: whether the page decodes by itself
 */

async (link) => {
  const { NEEDS } = await import("/static/live-ring.js");
  const { LANDING_S, ringRate, steer } = await import("/static/live-steering.js");
  const { TargetDelay } = await import("/static/live-target.js");
  const {
    seed = 1,
    batches_s = [0.04],
    late: [share, least_s, most_s] = [0, 0, 0],
    ppm = 0,
    seconds = 60,
    settled_s = 8,
    ring = false,
  } = link;
  const STEP_S = 0.001;

  /** Each number from 0 to 1 in an order that is always the same. @param {number} seed */
  function dice(seed) {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
  }

  /** What comes over the line: one request after the other, each with what was made by then. */
  function* arrivals(roll) {
    let made_s = 0;
    let free_s = 0;
    for (let i = 0; made_s < seconds + 1; i++) {
      made_s += batches_s[i % batches_s.length];
      const ready_s = made_s / (1 + ppm / 1e6);
      if (ready_s < free_s) continue; // It goes with the next request.
      const late_s = roll() < share ? least_s + (most_s - least_s) * roll() : 0;
      const at_s = ready_s + 0.005 + 0.004 * roll() + late_s;
      free_s = at_s + 0.002;
      yield { at_s, edge_s: made_s };
    }
  }

  const line = arrivals(dice(seed));
  const target = new TargetDelay();
  if (ring) target.restart(NEEDS);
  const found = { stalls: 0, jumps: 0, most_s: 0, least_s: Infinity, changes: 0 };
  let next = line.next().value;
  let [edge_s, position_s, rate, sounding, keepsPitch] = [0, 0, 1, false, true];
  for (let now_s = 0; now_s < seconds; now_s += STEP_S) {
    while (next && next.at_s <= now_s) {
      if (edge_s === 0) position_s = Math.max(0, next.edge_s - LANDING_S);
      edge_s = next.edge_s;
      target.arrived(now_s, edge_s, sounding ? position_s : undefined);
      const delay_s = target.liveEdge_s(now_s) - position_s;
      const steering = ring
        ? { rate: ringRate(delay_s - target.target_s, rate), keepsPitch: false }
        : steer({
            ranges: [[0, edge_s]],
            now_s: position_s,
            delay_s,
            target_s: target.target_s,
            spare_s: target.spare_s,
            rate,
          });
      if (steering && "jumpTo_s" in steering) {
        position_s = steering.jumpTo_s;
        found.jumps++;
      } else if (steering && sounding) {
        if (now_s > settled_s && rate !== steering.rate) found.changes++;
        ({ rate, keepsPitch } = steering);
      }
      next = line.next().value;
    }
    if (sounding) {
      position_s += STEP_S * rate;
    } else {
      sounding = edge_s - position_s >= (ring ? target.target_s : LANDING_S);
      if (ring && sounding) position_s = edge_s - target.target_s;
    }
    // As measured in Chromium; a ring is filled from a block of 10 ms to the next.
    const ahead_s = ring || rate === 1 ? 0.008 : keepsPitch ? 0.05 : 0.022;
    if (sounding && position_s >= edge_s - ahead_s) {
      sounding = false;
      target.stalled();
      if (now_s > settled_s) found.stalls++;
    }
    if (now_s > settled_s && sounding) {
      const delay_s = target.liveEdge_s(now_s) - position_s;
      found.most_s = Math.max(found.most_s, delay_s);
      found.least_s = Math.min(found.least_s, delay_s);
    }
  }
  return { ...found, delay_s: target.liveEdge_s(seconds) - position_s, target_s: target.target_s };
};
