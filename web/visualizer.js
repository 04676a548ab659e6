/** Draws sound as rays around a disc. Stands still for people who prefer reduced motion. */

import { everyFrame } from "./frames.js";

const RAYS = 96;
const SHADES = 8;
const HIGHEST_HZ = 9000;
/** Each costs the browser more than all of the sound does in that time. */
const FRAMES_PER_SECOND = 15;
/** Each frame keeps this share of a ray's length, so that it sinks rather than vanishes. */
const SINKING = 0.68;
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

export class Visualizer {
  #canvas;
  /** @type {?AnalyserNode} */
  #analyser = null;
  #spectrum = new Uint8Array();
  #stop = () => {};
  #levels = new Float32Array(RAYS / 2);
  #colour = "";

  /**
   * @param {HTMLCanvasElement} canvas square; the disc in its middle has the diameter that the
   *   canvas's `data-disc` gives as a share of it. Its `data-peak-hz` tells the loudest frequency.
   */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#colour = getComputedStyle(canvas).color;
    this.#draw();
  }

  /** @param {AnalyserNode} analyser what is seen from now on */
  start(analyser) {
    if (analyser === this.#analyser) return;
    this.#stop();
    this.#analyser = analyser;
    this.#spectrum = new Uint8Array(analyser.frequencyBinCount);
    this.#stop = everyFrame(FRAMES_PER_SECOND, () => this.#look(analyser));
  }

  stop() {
    this.#stop();
    this.#analyser = null;
    delete this.#canvas.dataset.peakHz;
    this.#levels.fill(0);
    this.#draw();
  }

  /** @param {AnalyserNode} analyser */
  #look(analyser) {
    const spectrum = this.#spectrum;
    analyser.getByteFrequencyData(spectrum);
    this.#canvas.dataset.peakHz = String(peak_hz(analyser, spectrum));
    if (stillness.matches) return;
    this.#measure(analyser, spectrum);
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
      this.#levels[i] = Math.max(level, (this.#levels[i] ?? 0) * SINKING);
    }
  }

  #draw() {
    const canvas = this.#canvas;
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
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
    pen.strokeStyle = this.#colour;
    for (const [shade, rays] of this.#raysByShade().entries()) {
      if (rays.length === 0) continue;
      pen.globalAlpha = 0.35 + (0.65 * shade) / (SHADES - 1);
      pen.beginPath();
      for (const i of rays) {
        const angle = Math.PI / 2 + ((i + 0.5) / RAYS) * 2 * Math.PI;
        const length = 1 + room * this.#level(i) ** 1.6;
        pen.moveTo(Math.cos(angle) * inner, Math.sin(angle) * inner);
        pen.lineTo(Math.cos(angle) * (inner + length), Math.sin(angle) * (inner + length));
      }
      pen.stroke();
    }
    pen.restore();
  }

  /** Rays of one shade are one stroke: a canvas minds how many there are. */
  #raysByShade() {
    /** @type {number[][]} */
    const shades = Array.from({ length: SHADES }, () => []);
    for (let i = 0; i < RAYS; i++) shades[Math.round(this.#level(i) * (SHADES - 1))]?.push(i);
    return shades;
  }

  /** @param {number} ray */
  #level(ray) {
    return this.#levels[ray < RAYS / 2 ? ray : RAYS - 1 - ray] ?? 0;
  }
}

/**
 * @param {AnalyserNode} analyser
 * @param {Uint8Array} spectrum
 * @returns {number} 0 in silence
 */
function peak_hz(analyser, spectrum) {
  let bin = 0;
  for (let i = 1; i < spectrum.length; i++) {
    if ((spectrum[i] ?? 0) > (spectrum[bin] ?? 0)) bin = i;
  }
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
