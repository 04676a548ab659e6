/** `<track-player>`: plays one track, with its sound drawn out as the bar that seeks. */

import { readWaveform } from "./api.js";
import { element, icon } from "./dom.js";
import { clock } from "./format.js";

/** @import { Track, Rendition } from "./api.js" */

/** @param {Track} track @param {Rendition["kind"]} kind */
export function rendition(track, kind) {
  return track.renditions.find((each) => each.kind === kind);
}

/** What a person should know about a track that is not simply there. @param {Track} track */
export function describeState(track) {
  if (track.state === "failed") return track.reason || "This track could not be kept.";
  if (track.state === "processing") return "Being prepared. It can be played in a moment.";
  const notes = [];
  if (track.incomplete) notes.push("Incomplete: its broadcast broke off.");
  const mp3 = rendition(track, "mp3");
  if (mp3?.state === "failed") notes.push(`No MP3: ${mp3.reason || "it could not be made."}`);
  return notes.join(" ");
}

export class TrackPlayer extends HTMLElement {
  /** @type {?Track} */
  track = null;
  audio = element("audio", { preload: "none" });

  #title = element("span", { class: "track-title" });
  #time = element("span", { class: "track-time" });
  #note = element("p", { class: "track-note", role: "status" });
  #canvas = element("canvas");
  #seek = element("input", { type: "range", min: "0", max: "0", step: "0.1", value: "0" });
  #button = element("button", { class: "round small", type: "button" });
  #mp3 = element(
    "a",
    { class: "pill quiet", download: "" },
    icon("download"),
    element("span", { class: "pill-text" }, "MP3"),
  );
  /** @type {number[]} loudness from 0 to 1 over the track */
  #peaks = [];
  #seeking = false;

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.#seek.setAttribute("aria-label", "Position");
    this.append(
      this.#button,
      element("div", { class: "track-head" }, this.#title, this.#time),
      element("div", { class: "track-seek" }, this.#canvas, this.#seek),
      element("div", { class: "track-links" }, this.#mp3),
      this.#note,
      this.audio,
    );
    this.#button.addEventListener("click", () => this.toggle());
    for (const type of ["play", "pause", "ended", "timeupdate", "durationchange", "seeked"]) {
      this.audio.addEventListener(type, () => this.#show());
    }
    this.audio.addEventListener("error", () => {
      if (!this.audio.hasAttribute("src")) return;
      this.#note.textContent = "This track cannot be played just now. Press Play to try again.";
      this.audio.pause(); // It never says by itself that it has ended.
    });
    this.#seek.addEventListener("input", () => {
      this.#seeking = true;
      this.#show();
    });
    this.#seek.addEventListener("change", () => {
      this.#seeking = false;
      this.seekTo(Number(this.#seek.value));
    });
    new ResizeObserver(() => this.#draw()).observe(this.#canvas);
  }

  /** Show another track, or what has become of this one. @param {Track} track */
  load(track) {
    const fresh = track.id !== this.track?.id;
    const playable = track.state === "ready";
    const wasPlayable = !fresh && this.track?.state === "ready";
    this.track = track;
    const url = rendition(track, "original")?.url ?? "";
    if (!playable) this.audio.removeAttribute("src");
    else if (!wasPlayable) this.audio.src = url;
    if (fresh) this.#peaks = [];
    if (playable && (!wasPlayable || this.#peaks.length === 0)) this.#loadPeaks(track.id);
    const mp3 = rendition(track, "mp3");
    this.#mp3.hidden = mp3?.state !== "ready";
    this.#mp3.href = `${mp3?.url ?? ""}?download`;
    this.#mp3.setAttribute("aria-label", `Download ${track.title} as MP3`);
    this.#title.textContent = track.title;
    this.#note.textContent = describeState(track);
    this.dataset.state = track.state;
    this.dataset.trackId = track.id;
    this.#show();
  }

  unload() {
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load(); // Lets go of the connection.
    this.track = null;
  }

  toggle() {
    if (!this.audio.paused) return this.audio.pause();
    if (this.audio.error) this.#loadAgain();
    this.audio.play().catch(() => {}); // The error event tells more.
  }

  /** An element that has erred plays nothing more of what it has loaded. */
  #loadAgain() {
    const { currentTime } = this.audio;
    this.audio.load();
    this.audio.currentTime = currentTime;
    if (this.track) this.#note.textContent = describeState(this.track);
  }

  /** @param {number} position_s */
  seekTo(position_s) {
    this.audio.currentTime = position_s;
    this.#show();
  }

  get #duration_s() {
    const { duration } = this.audio;
    return Number.isFinite(duration) && duration > 0 ? duration : (this.track?.duration_s ?? 0);
  }

  #show() {
    const duration_s = this.#duration_s;
    const position_s = this.#seeking ? Number(this.#seek.value) : this.audio.currentTime;
    this.#seek.max = String(duration_s);
    if (!this.#seeking) this.#seek.value = String(position_s);
    this.#seek.setAttribute("aria-valuetext", `${clock(position_s)} of ${clock(duration_s)}`);
    this.#time.textContent = `${clock(position_s)} / ${clock(duration_s)}`;
    const verb = this.audio.paused ? "Play" : "Pause";
    if (this.#button.dataset.verb !== verb) {
      this.#button.dataset.verb = verb;
      this.#button.replaceChildren(icon(verb.toLowerCase()));
    }
    this.#button.setAttribute("aria-label", `${verb} ${this.track?.title ?? ""}`);
    const playable = this.track?.state === "ready";
    this.#button.disabled = this.#seek.disabled = !playable;
    this.dataset.durationS = String(duration_s);
    this.#draw();
  }

  /** @param {string} id */
  async #loadPeaks(id) {
    try {
      const { data, bits } = await readWaveform(id);
      if (this.track?.id !== id) return;
      const full = 2 ** (bits - 1);
      this.#peaks = [];
      for (let i = 0; i + 1 < data.length; i += 2) {
        this.#peaks.push(Math.max(-(data[i] ?? 0), data[i + 1] ?? 0) / full);
      }
    } catch {
      this.#peaks = []; // A flat line seeks as well.
    }
    this.#draw();
  }

  #draw() {
    const { clientWidth, clientHeight } = this.#canvas;
    const pen = this.#canvas.getContext("2d");
    if (!pen || clientWidth === 0) return;
    const width = Math.round(clientWidth * devicePixelRatio);
    const height = Math.round(clientHeight * devicePixelRatio);
    if (this.#canvas.width !== width) [this.#canvas.width, this.#canvas.height] = [width, height];
    pen.clearRect(0, 0, width, height);
    const pitch = 4 * devicePixelRatio;
    const count = Math.floor(width / pitch);
    const heard = count * (Number(this.#seek.value) / (this.#duration_s || 1));
    const loudest = this.#peaks.reduce((most, peak) => Math.max(most, peak), 0.05);
    pen.fillStyle = getComputedStyle(this.#canvas).color;
    for (let i = 0; i < count; i++) {
      const from = Math.floor((i / count) * this.#peaks.length);
      const to = Math.max(from + 1, Math.floor(((i + 1) / count) * this.#peaks.length));
      const level = Math.max(0, ...this.#peaks.slice(from, to)) / loudest;
      const tall = Math.max(3 * devicePixelRatio, level * height * 0.86);
      pen.globalAlpha = i < heard ? 1 : 0.35;
      pen.beginPath();
      pen.roundRect(i * pitch, (height - tall) / 2, pitch * 0.6, tall, pitch * 0.3);
      pen.fill();
    }
  }
}

customElements.define("track-player", TrackPlayer);
