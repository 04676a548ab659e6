/**
 * How far behind the live edge a listener should stay: as little as the arrivals of the last
 * seconds allow. Plain arithmetic; all times are seconds of one clock that only goes forward.
 *
 * Sound that came as early as any is at the live edge: that line rises evenly, whatever the batches
 * do, and so does a steady player's position below it. What the two are apart is the delay.
 */

/** What to begin with, before anything is known of the way here. */
export const START_S = 0.15;
export const LEAST_S = 0.05;
export const MOST_S = 0.5;
/** The latest arrival of so many seconds counts: rare ones come again. */
const REMEMBER_S = 30;
/** The earliest arrival of so many seconds is the live edge: short, for clocks drift. */
const EDGE_S = 10;
/** A page that begins to play has much to do, and takes late what came in time. */
const BEGINNING_S = 1.5;
/** Where sound comes in smaller pieces than the studio's, programs are awake more often. */
const STUMBLE_FACTOR = 1.25;
/** After a stall the margin is more by so much, and then less and less. */
const CAUTION_S = 0.02;
const MOST_CAUTION_S = 0.06;
const CAUTION_FALL_PER_S = CAUTION_S / 120;
/** What comes so much later than the promptest is late; less is how batches come. */
const LATE_S = 0.04;
/** So many late ones in the time that is remembered are no accident. */
const SOMETIMES = 3;
/** From so many on, two in a row are to be expected some day: late by nearly twice the usual. */
const OFTEN = 5;
const LATE_FACTOR = 1.9;
/** Where so many pairs are to be expected in the time that is remembered, the worst of them too. */
const PAIRS = 0.75;
const PAIRS_FACTOR = 2.6;
/** Where more of them are late than this share, that is how this source sends. */
const RARE = 0.25;
const FALL_PER_S = 0.025;
const STALL_FACTOR = 1.25;
/** Later than this is no jitter but an outage, for which no delay can make up. */
const OUTAGE_S = 1;

/**
 * What a way of playing needs.
 *
 * @typedef {{margin_s: number, stumble_s: number}} Needs `margin_s`: what should be left at the worst
 *   moment, for it may decode ahead of what is heard; `stumble_s`: so much later than the promptest
 *   may anything come, once, without a stall, for programs stumble
 */

/** One that is told of nothing else needs what Media Source does. @type {Needs} */
export const USUAL_NEEDS = { margin_s: 0.024, stumble_s: 0.05 };

/**
 * One second of arrivals.
 *
 * @typedef {{from_s: number, earliest_s: number, latest_s: number, least_s: number,
 *   most_s: number, arrivals: number, late: number, late_s: number, fill_s: number}} Second
 *   `earliest_s` and `latest_s`: when sound came, against the time in it; `least_s` and `most_s`:
 *   what delays the arrivals asked for; `late`: how many of them were late, by `late_s` together;
 *   `fill_s`: the least sound that the player had left
 */

export class TargetDelay {
  /** @type {Second[]} */
  #seconds = [];
  #edge_s = Number.NaN;
  #now_s = Number.NaN;
  #begun_s = Number.NaN;
  #caution_s = 0;
  #needs = USUAL_NEEDS;

  target_s = START_S;

  /**
   * New sound can be played now.
   *
   * @param {number} now_s
   * @param {number} edge_s where in the sound it ends
   * @param {number} [position_s] where in it the player is, if it sounds
   */
  arrived(now_s, edge_s, position_s) {
    if (edge_s === this.#edge_s) return;
    const fill_s = this.#edge_s - (position_s ?? Number.NaN);
    const lateness_s = now_s - edge_s;
    if (lateness_s - this.#base_s > OUTAGE_S || edge_s < this.#edge_s) this.restart();
    if (Number.isNaN(this.#begun_s)) this.#begun_s = now_s;
    const second = this.#second(now_s);
    second.earliest_s = Math.min(second.earliest_s, lateness_s);
    second.latest_s = Math.max(second.latest_s, lateness_s);
    if (fill_s < second.fill_s) second.fill_s = fill_s;
    // Until it came, the sound before it had to last.
    const need_s = now_s - this.#edge_s - this.#base_s;
    if (need_s < OUTAGE_S && now_s - this.#begun_s > BEGINNING_S) {
      second.least_s = Math.min(second.least_s, need_s);
      second.most_s = Math.max(second.most_s, need_s);
      second.arrivals++;
      const late_s = need_s - this.#least_s;
      if (late_s > LATE_S) {
        second.late++;
        second.late_s += late_s;
      }
    }
    this.#follow(now_s);
    this.#edge_s = edge_s;
    this.#now_s = now_s;
  }

  /** The player had nothing left: whatever the arrivals say, this was too little. */
  stalled() {
    this.#caution_s = Math.min(MOST_CAUTION_S, this.#caution_s + CAUTION_S);
    const enough_s = this.target_s * STALL_FACTOR;
    const second = this.#seconds.at(-1);
    if (second) second.most_s = Math.max(second.most_s, enough_s - this.#needs.margin_s);
    this.#raise(enough_s);
  }

  /**
   * Another connection, another beginning of the sound's time; what was learnt stays.
   *
   * @param {Needs} [needs] of who plays it
   */
  restart(needs = this.#needs) {
    this.#needs = needs;
    for (const second of this.#seconds) {
      second.earliest_s = Number.POSITIVE_INFINITY;
      second.latest_s = Number.NEGATIVE_INFINITY;
    }
    this.#edge_s = this.#begun_s = Number.NaN;
  }

  /** Where in the sound the live edge is; NaN before any came. @param {number} now_s */
  liveEdge_s(now_s) {
    const base_s = this.#base_s;
    return Number.isFinite(base_s) ? now_s - base_s : Number.NaN;
  }

  /** How much later than the earliest the latest arrival of the last seconds was. */
  get jitter_s() {
    const latest_s = Math.max(...this.#last(EDGE_S).map((second) => second.latest_s));
    return Math.max(0, latest_s - this.#base_s) || 0;
  }

  /** The least that the player had left in the last seconds. */
  get lowestFill_s() {
    return Math.min(...this.#last(EDGE_S).map((second) => second.fill_s));
  }

  /** The same of this second and the one before. */
  get spare_s() {
    return Math.min(...this.#last(2).map((second) => second.fill_s));
  }

  /** The lateness of what came as early as any, infinite before anything did. */
  get #base_s() {
    return Math.min(...this.#last(EDGE_S).map((second) => second.earliest_s));
  }

  /** What delay the promptest arrivals ask for: the length of a batch. */
  get #least_s() {
    return Math.min(...this.#last(EDGE_S).map((second) => second.least_s));
  }

  /** What delay would do for everything that is remembered, and what is like it. */
  get #enough_s() {
    const least_s = this.#least_s;
    if (!Number.isFinite(least_s)) return 0; // Nothing has come yet that tells.
    const arrivals = sum(this.#seconds.map((second) => second.arrivals));
    const late = sum(this.#seconds.map((second) => second.late));
    // What happened once or twice will hardly happen again soon: half a minute is too long for it.
    const remembered = late < SOMETIMES ? this.#last(EDGE_S) : this.#seconds;
    const { margin_s: least_margin_s, stumble_s } = this.#needs;
    const margin_s = least_margin_s + this.#caution_s;
    const stumbled_s = least_s + Math.min(stumble_s, least_s * STUMBLE_FACTOR) - least_margin_s;
    const most_s = Math.max(stumbled_s, ...remembered.map((second) => second.most_s));
    if (late < SOMETIMES || late > arrivals * RARE) return most_s + margin_s;
    const usual_s = sum(this.#seconds.map((second) => second.late_s)) / late;
    // What follows a late one was waited for as well: each counts twice.
    const pairs = (late / 2) ** 2 / arrivals;
    const most = pairs > PAIRS ? PAIRS_FACTOR : LATE_FACTOR;
    const factor = 1 + (most - 1) * Math.min(1, (late - 1) / (OFTEN - 1));
    return Math.max(most_s, least_s + usual_s * factor) + margin_s;
  }

  /** @param {number} count */
  #last(count) {
    return this.#seconds.slice(-count);
  }

  /** @param {number} now_s */
  #follow(now_s) {
    const passed_s = Math.min(1, now_s - this.#now_s || 0);
    this.target_s -= passed_s * FALL_PER_S;
    this.#caution_s = Math.max(0, this.#caution_s - passed_s * CAUTION_FALL_PER_S);
    this.#raise(this.#enough_s);
  }

  /** @param {number} atLeast_s */
  #raise(atLeast_s) {
    this.target_s = Math.min(MOST_S, Math.max(LEAST_S, this.target_s, atLeast_s));
  }

  /** @param {number} now_s */
  #second(now_s) {
    let second = this.#seconds.at(-1);
    if (!second || now_s - second.from_s >= 1) {
      second = {
        from_s: now_s,
        earliest_s: Number.POSITIVE_INFINITY,
        latest_s: Number.NEGATIVE_INFINITY,
        least_s: Number.POSITIVE_INFINITY,
        most_s: Number.NEGATIVE_INFINITY,
        arrivals: 0,
        late: 0,
        late_s: 0,
        fill_s: Number.POSITIVE_INFINITY,
      };
      this.#seconds.push(second);
      if (this.#seconds.length > REMEMBER_S) this.#seconds.shift();
    }
    return second;
  }
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
