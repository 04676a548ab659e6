/** Keeps what flows through it, and when each 128 samples were made; see latency_probe.js. */

class LatencyTap extends AudioWorkletProcessor {
  #at_ms = [];
  #samples = new Int16Array(1024);
  #filled = 0;

  process([[channel]]) {
    this.#at_ms.push(Date.now());
    for (let i = 0; i < 128; i++) {
      this.#samples[this.#filled++] = channel ? Math.max(-1, Math.min(1, channel[i])) * 32767 : 0;
    }
    if (this.#filled === this.#samples.length) {
      this.port.postMessage({ at_ms: this.#at_ms, size: 128, samples: this.#samples.slice() });
      this.#at_ms = [];
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("latency-tap", LatencyTap);
