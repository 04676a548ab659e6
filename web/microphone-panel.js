/** The choice of a microphone, what it hears, and the alarms about it. */

import { element, find } from "./dom.js";
import { LevelMeter } from "./level-meter.js";
import { explain, listDevices, Microphone } from "./microphone.js";
import { Visualizer } from "./visualizer.js";

/** @import { Alarms } from "./alarms.js" */
/** @import { Sound } from "./microphone.js" */

const SILENT_AFTER_S = 10;
/** A packet comes every 20 ms; the microphone's ear remembers longer than this. */
const LISTEN_EVERY_S = 0.08;
/** Quieter than any room: a microphone that is switched off, or a cable that is out. */
const SILENCE = 10 ** (-70 / 20);
/** Chromium lists the system's choices a second time under these. */
const SECOND_NAMES = new Set(["default", "communications"]);

export class MicrophonePanel {
  #alarms;
  #chosenSound;
  #field = find("#device", HTMLSelectElement);
  #visualizer = new Visualizer(find("#visualizer", HTMLCanvasElement));
  #meter = new LevelMeter(find("#level", HTMLMeterElement));
  #isRecording = false;
  #recorded_s = 0;
  #heard_s = 0;
  #wasSilent = false;
  #next_s = 0;

  microphone = new Microphone({ onLost: () => this.#look(), onMuted: () => this.#look() });

  /** @param {{alarms: Alarms, chosenSound: () => Sound}} options */
  constructor({ alarms, chosenSound }) {
    this.#alarms = alarms;
    this.#chosenSound = chosenSound;
    this.#field.addEventListener("change", () => this.#use(this.#field.value));
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#look());
    addEventListener("pointerdown", () => this.microphone.isOpen && this.microphone.resume());
  }

  /** Open what is chosen. Rejects with what `explain` explains. */
  async open() {
    const { microphone } = this;
    if (!microphone.isOpen || microphone.sound !== this.#chosenSound()) {
      await microphone.open(this.#field.value, this.#chosenSound());
    }
    this.#visualizer.start(microphone.analyser);
    this.#meter.start(microphone.analyser);
    await this.#showDevices();
  }

  close() {
    this.#isRecording = false;
    this.microphone.close();
    this.#visualizer.stop();
    this.#meter.stop();
    this.#alarms.clear("microphone");
  }

  /** From now on silence matters. */
  beginRecording() {
    this.#isRecording = true;
    this.#recorded_s = this.#heard_s = this.#next_s = 0;
  }

  /** Another piece is recorded: was there any sound in it? @param {number} recorded_s */
  hear(recorded_s) {
    this.#recorded_s = recorded_s;
    if (recorded_s < this.#next_s) return;
    this.#next_s = recorded_s + LISTEN_EVERY_S;
    if (this.microphone.peak() > SILENCE) this.#heard_s = recorded_s;
    if (this.#isSilent === this.#wasSilent) return;
    this.#wasSilent = this.#isSilent;
    this.#look();
  }

  /** Whether nothing is known to be wrong with it. */
  get isHeard() {
    return this.#trouble() === "";
  }

  get #isSilent() {
    return this.#isRecording && this.#recorded_s - this.#heard_s >= SILENT_AFTER_S;
  }

  /** @param {string} deviceId */
  async #use(deviceId) {
    const { microphone } = this;
    if (!microphone.isOpen && !this.#isRecording) return;
    try {
      await microphone.open(deviceId, this.#isRecording ? microphone.sound : this.#chosenSound());
      this.#heard_s = this.#recorded_s;
      await this.#look();
    } catch (error) {
      this.#alarms.raise("microphone", explain(error));
    }
  }

  /** Say what is wrong with the microphone, and offer the others. */
  async #look() {
    const devices = await this.#showDevices();
    const words = this.#trouble();
    if (!words) return this.#alarms.clear("microphone");
    const { deviceId, isOpen } = this.microphone;
    const others = devices.filter(
      ({ id }) => !(isOpen && id === deviceId) && !SECOND_NAMES.has(id),
    );
    const actions = others.map(({ id, label }) => ({
      words: `Go on with ${label}`,
      act: () => this.#use(id),
    }));
    this.#alarms.raise("microphone", words, this.#isRecording ? actions : []);
  }

  #trouble() {
    const { microphone } = this;
    if (microphone.isLost) {
      return this.#isRecording
        ? "The microphone is gone, so only silence is recorded. Plug it in again or go on with " +
            "another one: it stays the same recording."
        : "The microphone is gone. Plug it in again or choose another one.";
    }
    if (!this.#isRecording) return "";
    if (microphone.isMuted) {
      return (
        "The microphone is muted, by its own switch or by the system, so only silence is " +
        "recorded. Switch it on again or go on with another one."
      );
    }
    if (!this.#isSilent) return "";
    return (
      `Nothing has been heard for ${SILENT_AFTER_S} seconds. Is the microphone switched on, and is ` +
      "it the right one? The recording goes on."
    );
  }

  async #showDevices() {
    const devices = (await listDevices()).filter(({ id, label }) => id && label);
    if (devices.length === 0) return devices;
    this.#field.replaceChildren(
      ...devices.map(({ id, label }) => {
        const option = element("option", { value: id });
        option.textContent = label;
        return option;
      }),
    );
    if (this.microphone.deviceId) this.#field.value = this.microphone.deviceId;
    return devices;
  }
}
