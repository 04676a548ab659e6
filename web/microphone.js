/**
 * The microphone behind a Web Audio graph, so that the device can be changed while what is
 * recorded goes on: input → node → analysers, output stream, and whatever a recorder connects.
 */

import { wordsOf } from "./studio-words.js";

/**
 * How the browser treats the sound and how much of it is kept.
 *
 * @typedef {"voice" | "music"} Sound
 * @type {Record<Sound, {channels: number, bitrate_bps: number, constraints: MediaTrackConstraints}>}
 */
export const SOUNDS = {
  voice: {
    channels: 1,
    bitrate_bps: 48_000,
    constraints: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  },
  music: {
    channels: 2,
    bitrate_bps: 128_000,
    constraints: {
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: false,
      channelCount: { ideal: 2 },
    },
  },
};

/** A browser whose computer has no way to play sound may never start any. */
const STARTS_WITHIN_MS = 3000;

/** Tells by the event `change` when another device is in use, or the one in use is lost. */
export class Microphone extends EventTarget {
  #context = new AudioContext({ latencyHint: "interactive" });
  #output = this.#context.createMediaStreamDestination();
  /** @type {?MediaStreamAudioSourceNode} */
  #input = null;
  #ear = this.#context.createAnalyser();
  #heard;
  #on;

  /** What is heard, whatever device is used; silence when there is none. */
  node = this.#context.createGain();
  analyser = this.#context.createAnalyser();
  /** @type {Sound} */
  sound = "voice";

  /**
   * @param {{onLost: () => void, onMuted: () => void}} on told when the device in use goes away,
   *   and when it is muted or heard again
   */
  constructor(on) {
    super();
    this.#on = on;
    this.#ear.fftSize = 8192; // Longer than a piece of a recording, so that no sound slips through.
    this.#heard = new Float32Array(this.#ear.fftSize);
    this.analyser.fftSize = 2048;
    this.analyser.smoothingTimeConstant = 0.75;
    this.node.channelCountMode = "explicit";
    for (const end of [this.analyser, this.#ear, this.#output]) this.node.connect(end);
  }

  /** The same as a stream. */
  get stream() {
    return this.#output.stream;
  }

  /** How much of it is to be kept. */
  get quality() {
    const { channels, bitrate_bps } = SOUNDS[this.sound];
    return { channels, bitrate_bps };
  }

  /** Let a node work that nothing else listens to. @param {AudioNode} node */
  keepRunning(node) {
    node.connect(this.#output);
  }

  /** The device in use, "" when there is none. */
  get deviceId() {
    return this.track?.getSettings().deviceId ?? "";
  }

  get isOpen() {
    return this.track?.readyState === "live";
  }

  /** Whether the device went away while it was in use. */
  get isLost() {
    return this.track?.readyState === "ended";
  }

  /** Whether a switch on it, or the system, keeps it silent. */
  get isMuted() {
    return this.track?.muted ?? false;
  }

  /** How loud the last sixth of a second was at most, from 0 to 1. */
  peak() {
    this.#ear.getFloatTimeDomainData(this.#heard);
    return this.#heard.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  }

  /**
   * Open a device, or change to it. Rejects with what `getUserMedia` rejects with.
   *
   * @param {string} deviceId "" for the browser's choice
   * @param {Sound} sound
   */
  async open(deviceId, sound) {
    if (!navigator.mediaDevices?.getUserMedia) throw new InsecurePage();
    const { constraints, channels } = SOUNDS[sound];
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { ...constraints, ...(deviceId && { deviceId: { exact: deviceId } }) },
    });
    this.close();
    this.sound = sound;
    this.node.channelCount = channels;
    this.#output.channelCount = channels;
    this.#input = this.#context.createMediaStreamSource(stream);
    this.#input.connect(this.node);
    const track = stream.getAudioTracks()[0];
    track?.addEventListener("ended", this.#on.onLost);
    track?.addEventListener("mute", this.#on.onMuted);
    track?.addEventListener("unmute", this.#on.onMuted);
    track?.addEventListener("ended", () => this.dispatchEvent(new Event("change")));
    this.dispatchEvent(new Event("change"));
    await Promise.race([this.resume(), new Promise((resolve) => setTimeout(resolve, 300))]);
  }

  /** Browsers start sound only after the person has touched the page. */
  async resume() {
    if (this.#context.state !== "running") await this.#context.resume();
  }

  /** As `resume`, when the person has touched the page. Rejects with NoOutput. */
  async start() {
    const tooLate = new Promise((_, reject) => {
      setTimeout(() => reject(new NoOutput()), STARTS_WITHIN_MS);
    });
    await Promise.race([this.resume(), tooLate]);
  }

  /** Let go of the device: the browser's sign that it listens goes out. */
  close() {
    this.#input?.disconnect();
    for (const track of this.#input?.mediaStream.getTracks() ?? []) track.stop();
    this.#input = null;
  }

  /** The sound of the device in use as it gives it. */
  get track() {
    return this.#input?.mediaStream.getAudioTracks()[0];
  }
}

/** Browsers hide the microphone from pages that came over plain HTTP from another computer. */
export class InsecurePage extends Error {}

/** Browsers hear nothing in a page whose sound they cannot play: Firefox waits for an output. */
export class NoOutput extends Error {}

/** @returns {Promise<{id: string, label: string}[]>} labels are empty before permission */
export async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter(({ kind }) => kind === "audioinput")
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/** @returns {Promise<boolean>} whether opening the microphone would ask the person nothing */
export async function isAllowed() {
  try {
    const name = /** @type {PermissionName} */ ("microphone");
    return (await navigator.permissions.query({ name })).state === "granted";
  } catch {
    return false; // Some browsers do not know this permission by name.
  }
}

/**
 * What to tell a person whose microphone did not open.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function explain(error) {
  if (error instanceof InsecurePage) {
    const port = location.port ? `:${location.port}` : "";
    return (
      "Your browser gives the microphone only to secure pages. On the computer that runs this " +
      `radio, open http://localhost${port}/record. From anywhere else, open it over https://.`
    );
  }
  if (error instanceof NoOutput) {
    return (
      "Your browser does not start this page's sound, perhaps because it finds nothing to play it " +
      "on. Plug in headphones or switch on a loudspeaker, then press Record again."
    );
  }
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return (
        "The microphone is blocked for this page. Click the icon left of the address, allow the " +
        "microphone, and press Record again. If that changes nothing, look in your system's " +
        "privacy settings."
      );
    case "NotFoundError":
      return "No microphone was found. Plug one in or switch it on, then press Record again.";
    case "OverconstrainedError":
      return "That microphone is gone. Choose another one and press Record again.";
    case "NotReadableError":
    case "AbortError":
      return "The microphone is busy or not working. Close other programs that use it, then retry.";
    default:
      return `The microphone could not be opened: ${wordsOf(error)}`;
  }
}
