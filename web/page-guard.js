/** Keeps a page that records from being closed by mistake, and its computer from falling asleep. */

export class PageGuard {
  #isOn = false;
  /** @type {?WakeLockSentinel} */
  #wake = null;

  constructor() {
    // The browser takes the lock away whenever the page is hidden.
    document.addEventListener("visibilitychange", () => this.#stayAwake());
  }

  /** @param {boolean} wanted */
  set isOn(wanted) {
    if (wanted === this.#isOn) return;
    this.#isOn = wanted;
    // A listener that stays would keep the page out of the browser's back-forward cache.
    if (wanted) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
    this.#stayAwake();
  }

  async #stayAwake() {
    if (!this.#isOn) {
      this.#wake?.release().catch(() => {});
      this.#wake = null;
    } else if (document.visibilityState === "visible" && (this.#wake?.released ?? true)) {
      // Refused when the battery is low, and not known everywhere: it is a help, not a need.
      this.#wake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    }
  }
}

/** @param {BeforeUnloadEvent} event */
function ask(event) {
  event.preventDefault();
}
