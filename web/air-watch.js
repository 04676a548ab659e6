/** Watches whether a recording can be heard live, which only the server knows. */

/** @import { readRecording } from "./api.js" */

/** How often it is asked, in sound; at first, and while nobody can hear it, sooner. */
const ASK_EVERY_S = 10;
const ASK_SOON_S = 2;

export class AirWatch {
  #read;
  #onNews;
  #next_s = ASK_SOON_S;

  /** It is on air until the server says otherwise. */
  known = { on_air: true, off_air_reason: /** @type {?string} */ (null) };

  /** @param {typeof readRecording} read @param {() => void} onNews */
  constructor(read, onNews) {
    this.#read = read;
    this.#onNews = onNews;
  }

  /** Another source may have the station now: ask as soon as this one is heard again. */
  doubt() {
    this.#next_s = 0;
  }

  /** Driven by the sound, because timers sleep in hidden pages. @param {string} id @param {number} recorded_s */
  async look(id, recorded_s) {
    if (recorded_s < this.#next_s) return;
    this.#next_s = recorded_s + ASK_EVERY_S;
    try {
      const { on_air, off_air_reason } = await this.#read(id);
      if (!on_air) this.#next_s = recorded_s + ASK_SOON_S;
      const isNews = on_air !== this.known.on_air || off_air_reason !== this.known.off_air_reason;
      this.known = { on_air, off_air_reason };
      if (isNews) this.#onNews();
    } catch {
      // It is asked again, and what is wrong shows itself where the sound is sent.
    }
  }
}
