/** How this browser hears a station: the best of the ways that it has. */

import { canRing } from "./live-ring.js";
import { canBuffer } from "./live-source.js";

/**
 * @typedef {"ring" | "mse" | "plain" | "mp3"} Way
 *   `ring`: decoded by the page, close to the live edge; `mse`: fed through Media Source, as close,
 *   but for its stumbling; `plain`: the element alone plays what the source sends; `mp3`: the element
 *   alone plays what the server makes of it
 */

/** What a station sends, as far as anybody knows before it did. */
const LIKELY_TYPES = ["audio/webm", "audio/mp4"];

export class Ways {
  #media;
  #output;
  /** Each with a type: what the browser claimed and then did not do. @type {Set<string>} */
  #broken = new Set();

  /**
   * @param {HTMLMediaElement} media
   * @param {() => ?AudioNode} output where sound may go that is no element's, if anywhere
   */
  constructor(media, output) {
    this.#media = media;
    this.#output = output;
  }

  /** @param {string} type what the source sends @returns {Way} */
  bestFor(type) {
    const works = (/** @type {Way} */ way) => !this.#broken.has(`${way} ${type}`);
    return chooseWay({
      ring: works("ring") && canRing(type, this.#output()),
      mse: works("mse") && canBuffer(type),
      plain: works("plain") && this.#media.canPlayType(type) !== "",
    });
  }

  /** The best for what came last, or else for what may well come. @param {string} lastType */
  likely(lastType) {
    const ways = [lastType, ...LIKELY_TYPES].map((type) => this.bestFor(type));
    return ways.find((way) => way === "ring" || way === "mse") ?? "plain";
  }

  /** It did not go well. @param {Way} way @param {string} type */
  giveUp(way, type) {
    this.#broken.add(`${way} ${type}`);
  }
}

/**
 * @param {Record<Exclude<Way, "mp3">, boolean>} can what it can do with what the source sends
 * @returns {Way}
 */
export function chooseWay({ ring, mse, plain }) {
  if (ring) return "ring";
  if (mse) return "mse";
  return plain ? "plain" : "mp3";
}
