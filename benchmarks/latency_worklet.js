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

const MOST_RATE_CHANGE = 0.005;
const CLOSE_S = 0.004;
const JUMP_BEYOND_S = 1.5;

/** A ring of sound, played at the rate that brings it to its target; see latency_ring.js. */
class LatencyRing extends AudioWorkletProcessor {
  #ring = new Float32Array(sampleRate * 4);
  /** In samples since the first, as are all positions. */
  #end = 0;
  #at = 0;
  #first_s = null;
  #rate = 1;
  #target_s = 0.15;
  #sounding = false;
  #stalls = 0;
  #jumps = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => (data.samples ? this.#take(data) : this.#steer(data));
  }

  #take({ samples, media_s }) {
    this.#first_s ??= media_s;
    for (const sample of samples) this.#ring[this.#end++ % this.#ring.length] = sample;
    if (this.#end - this.#at > JUMP_BEYOND_S * sampleRate) {
      this.#at = this.#end - this.#target_s * sampleRate;
      this.#jumps++;
    }
  }

  #steer({ target_s, delay_s }) {
    this.#target_s = target_s;
    const error_s = delay_s - target_s;
    const change = Math.max(-MOST_RATE_CHANGE, Math.min(MOST_RATE_CHANGE, error_s));
    this.#rate = Math.abs(error_s) < CLOSE_S ? 1 : 1 + change;
    this.port.postMessage({
      media_s: this.#first_s + this.#at / sampleRate,
      stalls: this.#stalls,
      jumps: this.#jumps,
    });
  }

  process(_inputs, [[out]]) {
    const ready = this.#end - this.#at;
    if (!this.#sounding && ready >= this.#target_s * sampleRate) this.#sounding = true;
    if (!this.#sounding) return true;
    if (ready < 130) {
      this.#sounding = false;
      this.#stalls++;
      return true;
    }
    for (let i = 0; i < out.length; i++) {
      const whole = Math.floor(this.#at);
      const part = this.#at - whole;
      const here = this.#ring[whole % this.#ring.length];
      const next = this.#ring[(whole + 1) % this.#ring.length];
      out[i] = here + (next - here) * part;
      this.#at += this.#rate;
    }
    return true;
  }
}

registerProcessor("latency-ring", LatencyRing);
