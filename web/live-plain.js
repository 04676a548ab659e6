/** The element alone plays what the server sends: some seconds late, and never to be steered. */

import * as api from "./api.js";
import { CannotPlay } from "./cannot-play.js";
import { Liveness } from "./liveness.js";
import { startPlaying } from "./start-playing.js";

/** What the element says of sound that it cannot play after all. @type {number[]} */
const UNPLAYABLE = [MediaError.MEDIA_ERR_DECODE, MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED];

/** An element begins once it has about so much, be it at once or after a while. */
const STARTS_WITH_S = 4;

export class PlainStream {
  #media;
  #onSounding;
  #url = "";
  #sounding = false;
  /** When the sound would have begun, had it gone on ever since. @type {?number} */
  #zero_s = null;
  #closed = new AbortController();
  #die = () => {};

  /** What is in hand is heard to its end before a dead line is given up. */
  liveness = new Liveness(
    () => this.#die(),
    () => this.#media.readyState > HTMLMediaElement.HAVE_CURRENT_DATA,
  );

  /** How this way is called where people look behind it. */
  path = "the element alone";
  /** How often the sound stopped because nothing had come. */
  stalls = 0;
  jumps = 0;
  rate = 1;
  isEnding = false;

  /**
   * @param {HTMLMediaElement} media
   * @param {() => void} onSounding called when it is heard, be it for the first time or again
   */
  constructor(media, onSounding) {
    this.#media = media;
    this.#onSounding = onSounding;
    const { signal } = this.#closed;
    media.addEventListener("playing", () => this.#plays(), { signal });
    media.addEventListener("waiting", () => this.#waits(), { signal });
    media.addEventListener("progress", () => this.liveness.renew(), { signal });
  }

  /** Seconds of sound that the element has in hand; more may be on its way there. */
  get fill_s() {
    const { buffered, currentTime } = this.#media;
    return buffered.length > 0 ? buffered.end(buffered.length - 1) - currentTime : 0;
  }

  /** Seconds behind the live edge, null before the first sound. */
  get delay_s() {
    if (this.#zero_s === null) return null;
    return STARTS_WITH_S + performance.now() / 1000 - this.#zero_s - this.#media.currentTime;
  }

  #plays() {
    this.#sounding = true;
    this.#zero_s ??= performance.now() / 1000 - this.#media.currentTime;
    this.#onSounding();
  }

  #waits() {
    if (this.#sounding) this.stalls++;
    this.#sounding = false;
  }

  /**
   * Play until the broadcast ends. Rejects with `CannotPlay`, or with whatever else ended it.
   *
   * @param {string} station
   * @param {"" | ".mp3"} extension of what the server makes of the source's sound
   * @param {boolean} isNew whether the sound before now is news, of which the server sends some first
   */
  async play(station, extension, isNew) {
    const media = this.#media;
    const { signal } = this.#closed;
    const backlog = isNew ? "" : "&backlog=0";
    // Each is another address, so that none comes out of a cache.
    this.#url = `${api.liveUrl(station, extension)}?attempt=${Date.now()}${backlog}`;
    media.src = this.#url;
    await new Promise((resolve, reject) => {
      media.addEventListener("ended", resolve, { signal });
      media.addEventListener(
        "error",
        () => {
          const { code = 0, message = "" } = media.error ?? {};
          reject(
            UNPLAYABLE.includes(code) ? new CannotPlay(message) : new api.Unreachable(message),
          );
        },
        { signal },
      );
      signal.addEventListener("abort", resolve);
      this.#die = () => reject(new api.Unreachable("silence"));
      startPlaying(media).catch(reject);
    });
  }

  close() {
    this.#closed.abort();
    this.liveness.over();
    if (!this.#url || !this.#media.src.endsWith(this.#url)) return;
    this.#media.removeAttribute("src");
    this.#media.load();
  }
}
