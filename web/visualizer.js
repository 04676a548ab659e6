/** Draws sound as rays around a disc. Stands still for people who prefer reduced motion. */

const RAYS = 96;
const HIGHEST_HZ = 9000;
const PEAK_EVERY_MS = 100;
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

export class Visualizer {
  #canvas;
  /** @type {?AnalyserNode} */
  #analyser = null;
  #frame = 0;
  #peakAt_ms = 0;
  #levels = new Float32Array(RAYS / 2);

  /**
   * @param {HTMLCanvasElement} canvas square; the disc in its middle has the diameter that the
   *   canvas's `data-disc` gives as a share of it. Its `data-peak-hz` tells the loudest frequency.
   */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#draw();
  }

  /** @param {AnalyserNode} analyser what is seen from now on */
  start(analyser) {
    this.#analyser = analyser;
    cancelAnimationFrame(this.#frame);
    this.#loop(0);
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#analyser = null;
    delete this.#canvas.dataset.peakHz;
    this.#levels.fill(0);
    this.#draw();
  }

  /** @param {number} now_ms */
  #loop(now_ms) {
    if (!this.#analyser) return;
    this.#frame = requestAnimationFrame((ms) => this.#loop(ms));
    const spectrum = new Uint8Array(this.#analyser.frequencyBinCount);
    this.#analyser.getByteFrequencyData(spectrum);
    if (now_ms - this.#peakAt_ms > PEAK_EVERY_MS) {
      this.#peakAt_ms = now_ms;
      this.#canvas.dataset.peakHz = String(peak_hz(this.#analyser, spectrum));
    }
    if (stillness.matches) return;
    this.#measure(this.#analyser, spectrum);
    this.#draw();
  }

  /**
   * @param {AnalyserNode} analyser
   * @param {Uint8Array} spectrum
   */
  #measure(analyser, spectrum) {
    const bins = (HIGHEST_HZ / (analyser.context.sampleRate / 2)) * spectrum.length;
    const count = this.#levels.length;
    for (let i = 0; i < count; i++) {
      // Low tones get more rays than high ones, as ears do.
      const from = Math.floor(bins * (i / count) ** 2);
      const to = Math.max(from + 1, Math.floor(bins * ((i + 1) / count) ** 2));
      const level = Math.max(...spectrum.subarray(from, to)) / 255;
      this.#levels[i] = Math.max(level, (this.#levels[i] ?? 0) * 0.9);
    }
  }

  #draw() {
    const canvas = this.#canvas;
    const side = canvas.clientWidth * devicePixelRatio;
    if (side === 0) return;
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d");
    if (!pen) return;
    const inner = (side / 2) * Number(canvas.dataset.disc) + 6 * devicePixelRatio;
    const room = side / 2 - inner - 3 * devicePixelRatio;
    pen.clearRect(0, 0, side, side);
    pen.save();
    pen.translate(side / 2, side / 2);
    pen.lineWidth = Math.max(2, ((2 * Math.PI * inner) / RAYS) * 0.42);
    pen.lineCap = "round";
    pen.strokeStyle = getComputedStyle(canvas).color;
    for (let i = 0; i < RAYS; i++) {
      const level = this.#levels[i < RAYS / 2 ? i : RAYS - 1 - i] ?? 0;
      const angle = Math.PI / 2 + ((i + 0.5) / RAYS) * 2 * Math.PI;
      const length = 1 + room * level ** 1.6;
      pen.globalAlpha = 0.35 + 0.65 * level;
      pen.beginPath();
      pen.moveTo(Math.cos(angle) * inner, Math.sin(angle) * inner);
      pen.lineTo(Math.cos(angle) * (inner + length), Math.sin(angle) * (inner + length));
      pen.stroke();
    }
    pen.restore();
  }
}

/**
 * @param {AnalyserNode} analyser
 * @param {Uint8Array} spectrum
 * @returns {number} 0 in silence
 */
function peak_hz(analyser, spectrum) {
  const bin = spectrum.indexOf(Math.max(...spectrum));
  return Math.round((bin * analyser.context.sampleRate) / analyser.fftSize);
}

/**
 * How loud the sound is just now.
 *
 * @param {AnalyserNode} analyser
 * @returns {number} decibels below full scale, -100 in silence
 */
export function level_db(analyser) {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return Math.max(-100, 10 * Math.log10(power + 1e-10));
}
