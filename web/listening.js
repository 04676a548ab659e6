/** Lets the page see what its media elements play. */

import { RATE_HZ } from "./live-decoder.js";

/** Phones silence Web Audio sooner or later once the screen is locked: there the sound stays out of it. */
const SILENCED_IN_BACKGROUND =
  /iP(hone|ad|od)|Android/.test(navigator.userAgent) ||
  (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

export class Listening {
  /** @type {?AudioContext} */
  #context = null;
  /** @type {Set<HTMLMediaElement>} */
  #heard = new Set();

  /** @type {?AnalyserNode} */
  analyser = null;

  /** Route an element through the analyser. Call it within a click. @param {HTMLMediaElement} media */
  hear(media) {
    if (SILENCED_IN_BACKGROUND) return;
    // The browser makes of it what the sound card wants.
    this.#context ??= new AudioContext({ latencyHint: "interactive", sampleRate: RATE_HZ });
    this.#context.resume();
    this.analyser ??= this.#makeAnalyser(this.#context);
    if (this.#heard.has(media)) return;
    this.#heard.add(media);
    this.#context.createMediaElementSource(media).connect(this.analyser);
  }

  /** Nothing plays: do not render silence. The next `hear` goes on. */
  rest() {
    this.#context?.suspend();
  }

  /** @param {AudioContext} context */
  #makeAnalyser(context) {
    const analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    analyser.smoothingTimeConstant = 0.75;
    analyser.connect(context.destination);
    return analyser;
  }
}
