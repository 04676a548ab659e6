/** Whether a connection still brings anything: one into a dead network waits for ever. */

/** A connection that brings nothing for so long is taken for dead: sound comes all the time. */
const SILENCE_MS = 10_000;
/** After news of a network that is back, one that brought nothing for so long is dead. */
const SUSPICIOUS_MS = 1000;

export class Liveness {
  #onDeath;
  #hasEnough;
  #came_ms = performance.now();
  #watch = setInterval(() => this.#giveUpAfter(SILENCE_MS), SILENCE_MS / 4);
  #isOver = false;

  /** Whether it brought anything. */
  isAlive = false;
  /** Whether it was given up because it brought nothing any more. */
  isDead = false;

  /**
   * @param {() => void} onDeath called once, unless it is `over` before
   * @param {() => boolean} [hasEnough] where nobody hears of each byte: whether it needs none now
   */
  constructor(onDeath, hasEnough = () => false) {
    this.#onDeath = onDeath;
    this.#hasEnough = hasEnough;
  }

  /** Seconds since anything came. */
  get silent_s() {
    return (performance.now() - this.#came_ms) / 1000;
  }

  /** Whether what has been silent for so long may never bring anything again. */
  get isSuspicious() {
    return this.silent_s >= SUSPICIOUS_MS / 1000;
  }

  /** Something came. */
  renew() {
    this.#came_ms = performance.now();
    this.isAlive = true;
  }

  /** The network was away: this may wait for ever. */
  doubt() {
    this.#giveUpAfter(SUSPICIOUS_MS);
  }

  /** Nothing more is expected. */
  over() {
    clearInterval(this.#watch);
    this.#isOver = true;
  }

  /** @param {number} silence_ms */
  #giveUpAfter(silence_ms) {
    if (this.#isOver) return;
    if (this.#hasEnough()) this.renew();
    if (this.silent_s * 1000 < silence_ms) return;
    this.over();
    this.isDead = true;
    this.#onDeath();
  }
}
