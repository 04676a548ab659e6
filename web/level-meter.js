/** Shows how loud the input is, as a bar and as words. */

import { everyFrame } from "./frames.js";
import { level_db } from "./visualizer.js";

const QUIETEST_DB = -60;
/** Every second frame of the visualizer. */
const LOOKS_PER_SECOND = 7.5;
const TELL_EVERY_MS = 250;

export class LevelMeter {
  #meter;
  #stop = () => {};
  #told_ms = 0;

  /** @param {HTMLMeterElement} meter in decibels below full scale */
  constructor(meter) {
    this.#meter = meter;
  }

  /** @param {AnalyserNode} analyser */
  start(analyser) {
    this.#stop();
    this.#stop = everyFrame(LOOKS_PER_SECOND, () => this.#show(level_db(analyser)));
  }

  stop() {
    this.#stop();
    this.#told_ms = 0;
    this.#show(QUIETEST_DB);
  }

  /** @param {number} level */
  #show(level) {
    const shown_db = Math.max(QUIETEST_DB, Math.min(0, level));
    this.#meter.value = shown_db;
    if (performance.now() - this.#told_ms < TELL_EVERY_MS) return;
    this.#told_ms = performance.now();
    this.#meter.setAttribute("aria-valuetext", inWords(shown_db));
  }
}

/** @param {number} shown_db */
function inWords(shown_db) {
  if (shown_db <= -55) return "silence";
  if (shown_db < -35) return "quiet";
  return shown_db < -6 ? "good" : "loud";
}
