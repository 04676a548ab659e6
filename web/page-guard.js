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
    if (!this.#isOn) return this.#letSleep();
    if (document.visibilityState !== "visible" || this.#wake?.released === false) return;
    // Refused when the battery is low, and not known everywhere: it is a help, not a need.
    const wake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    this.#letSleep();
    this.#wake = wake;
    if (!this.#isOn) this.#letSleep(); // It was turned off while the browser thought about it.
  }

  #letSleep() {
    this.#wake?.release().catch(() => {});
    this.#wake = null;
  }
}

/** @param {BeforeUnloadEvent} event */
function ask(event) {
  event.preventDefault();
}
