/** The studio: wires microphone and broadcast to what is seen. */

import * as api from "./api.js";
import { Broadcast } from "./broadcast.js";
import { ChunkStore } from "./chunk-store.js";
import { element, find } from "./dom.js";
import { FinishedCard } from "./finished-card.js";
import { clock, size, timeOfDay } from "./format.js";
import { LeftoverList } from "./leftover-list.js";
import { LevelMeter } from "./level-meter.js";
import { explain, isAllowed, listDevices, Microphone } from "./microphone.js";
import { CannotRecord } from "./recorder.js";
import { Visualizer } from "./visualizer.js";

/** @import { Sound } from "./microphone.js" */
/** @import { Progress } from "./uploader.js" */

const studio = find("#studio", HTMLElement);
const settings = find("#settings", HTMLFormElement);
const stationField = find("#station", HTMLInputElement);
const titleField = find("#title", HTMLInputElement);
const deviceField = find("#device", HTMLSelectElement);
const recordButton = find("#record", HTMLButtonElement);
const stopButton = find("#stop", HTMLButtonElement);
const badge = find("#badge", HTMLElement);
const elapsed = find("#elapsed", HTMLElement);
const sent = find("#sent", HTMLElement);
const hint = find("#hint", HTMLElement);
const alarm = find("#alarm", HTMLElement);

const microphone = new Microphone({ onLost: microphoneLost });
const visualizer = new Visualizer(find("#visualizer", HTMLCanvasElement));
const meter = new LevelMeter(find("#level", HTMLMeterElement));
const card = new FinishedCard({
  onDeleted() {
    hint.textContent = "Deleted.";
    recordButton.focus();
  },
});
const pageTitle = document.title;
/** Null where this browser keeps nothing, as in some private windows. */
const store = ChunkStore.open().catch(() => null);
const leftovers = new LeftoverList(store);
/** @type {?Broadcast} */
let broadcast = null;
/** @type {ReturnType<typeof setInterval> | undefined} */
let ticking;

const chosenSound = () => /** @type {Sound} */ (new FormData(settings).get("sound") ?? "voice");

async function start() {
  tell(alarm, "");
  if (!settings.reportValidity()) return;
  card.hide();
  become("starting");
  try {
    await openMicrophone();
  } catch (error) {
    return refuse(explain(error));
  }
  const station = stationField.value;
  broadcast = new Broadcast({
    microphone,
    station,
    store: await store,
    onPiece: () => {},
    onProgress: showProgress,
    onStorage: () => {},
    onFailure: giveUp,
  });
  try {
    await broadcast.start(titleField.value);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return refuse(error instanceof CannotRecord ? `${words} Try another one.` : words);
  }
  remember();
  become("recording");
  ticking = setInterval(showElapsed, 200);
  stopButton.focus();
}

async function stop() {
  const ending = broadcast;
  if (!ending) return;
  become("finishing");
  try {
    await ending.stop();
  } catch {
    return; // `giveUp` has been told why.
  }
  rest();
  hint.textContent = "Press the red button to go on air again.";
  titleField.value = "";
  card.show({ ...describe(ending), id: ending.id ?? "" });
}

/** @param {Broadcast} ended */
function describe({ station, title, started_at }) {
  return { station, title, started_at };
}

/** The broadcast cannot go on. @param {unknown} error @param {boolean} isKept */
function giveUp(error, isKept) {
  const ended = broadcast;
  rest();
  const kept = isKept
    ? " What was not sent is kept in this browser: see “Not sent yet” below."
    : "";
  tell(alarm, whyItEnded(error) + kept);
  if (isKept) leftovers.refresh();
  const isBusy = error instanceof api.Problem && error.status === 409;
  if (ended?.id === null) sent.textContent = "";
  if (isBusy && ended?.id === null) stationField.focus();
  else if (ended?.id) card.show({ ...describe(ended), id: ended.id });
}

/** @param {unknown} error */
function whyItEnded(error) {
  if (error instanceof api.Problem && error.status === 409 && error.fields.since) {
    const since = timeOfDay(String(error.fields.since));
    return (
      `Somebody else is on air on “${error.fields.station ?? stationField.value}” since ${since}. ` +
      "Choose another station, or wait until they have finished."
    );
  }
  if (error instanceof api.Problem && error.status === 401) {
    return "The server wants a name and a password. Reload this page to enter them.";
  }
  return error instanceof Error ? error.message : String(error);
}

/** It did not even begin. @param {string} words */
function refuse(words) {
  rest();
  sent.textContent = "";
  tell(alarm, words);
}

function rest() {
  clearInterval(ticking);
  if (broadcast) showElapsed();
  broadcast = null;
  microphone.close();
  visualizer.stop();
  meter.stop();
  become("idle");
  hint.textContent = "Press the red button and you are on air.";
}

/** @param {"idle" | "starting" | "recording" | "finishing"} state */
function become(state) {
  studio.dataset.state = state;
  const busy = state !== "idle";
  recordButton.hidden = busy && state !== "starting";
  recordButton.disabled = state === "starting";
  stopButton.hidden = !recordButton.hidden;
  stopButton.disabled = state === "finishing";
  for (const field of settings.querySelectorAll("input")) field.disabled = busy;
  if (state === "starting") {
    hint.textContent = "Opening the microphone…";
    sent.textContent = "";
  }
  if (state === "finishing") hint.textContent = "Sending the rest…";
  showBadge(busy ? "Connecting" : "Off air", false);
  document.title = busy ? `● ${pageTitle}` : pageTitle;
}

/** @param {Progress} progress */
function showProgress({ sent_bytes, unsent_bytes, unsent_s, trouble }) {
  const late = unsent_s >= 1;
  sent.textContent = late ? `Not sent yet: ${clock(unsent_s)}` : `${size(sent_bytes)} sent`;
  sent.classList.toggle("is-late", late);
  sent.dataset.sentBytes = String(sent_bytes);
  sent.dataset.unsentBytes = String(unsent_bytes);
  sent.dataset.unsentS = unsent_s.toFixed(2);
  const state = studio.dataset.state;
  if (state !== "recording" && state !== "finishing") return;
  if (trouble) {
    tell(hint, `${trouble} Recording goes on; it is sent as soon as that works again.`);
  } else {
    tell(hint, state === "finishing" ? "Sending the rest…" : "Everyone who listens hears you.");
  }
  const onAir = !trouble && sent_bytes > 0;
  showBadge(onAir ? "On air" : trouble ? "Not connected" : "Connecting", onAir);
}

function showElapsed() {
  const elapsed_s = broadcast?.elapsed_s ?? 0;
  elapsed.textContent = clock(elapsed_s);
  elapsed.dataset.elapsedS = elapsed_s.toFixed(2);
}

/**
 * @param {string} words
 * @param {boolean} live
 */
function showBadge(words, live) {
  tell(badge, words);
  badge.classList.toggle("is-live", live);
}

/** Say it once, so that screen readers do too. @param {HTMLElement} place @param {string} words */
function tell(place, words) {
  if (place.textContent !== words) place.textContent = words;
  if (place === alarm) alarm.hidden = words === "";
}

async function openMicrophone() {
  if (!microphone.isOpen || microphone.sound !== chosenSound()) {
    await microphone.open(deviceField.value, chosenSound());
  }
  await microphone.resume();
  visualizer.start(microphone.analyser);
  meter.start(microphone.analyser);
  await showDevices();
}

async function showDevices() {
  const devices = await listDevices();
  const named = devices.filter(({ id, label }) => id && label);
  if (named.length === 0) return;
  deviceField.replaceChildren(
    ...named.map(({ id, label }) => {
      const option = element("option", { value: id });
      option.textContent = label;
      return option;
    }),
  );
  if (microphone.deviceId) deviceField.value = microphone.deviceId;
}

async function changeMicrophone() {
  if (!microphone.isOpen && !broadcast) return;
  try {
    await microphone.open(deviceField.value, broadcast ? microphone.sound : chosenSound());
    tell(alarm, "");
  } catch (error) {
    tell(alarm, explain(error));
  }
}

function microphoneLost() {
  showDevices();
  tell(
    alarm,
    broadcast
      ? "The microphone is gone, so only silence is recorded. Plug it in again or choose another " +
          "one below: the recording goes on."
      : "The microphone is gone. Plug it in again or choose another one.",
  );
}

/** What the person chose stays chosen on the next visit. */
function remember() {
  try {
    localStorage.setItem("audio-stream.station", stationField.value);
    localStorage.setItem("audio-stream.sound", chosenSound());
  } catch {
    // A private window forgets; that is its purpose.
  }
}

function recall() {
  const asked = new URLSearchParams(location.search);
  /** @param {string} name */
  const known = (name) => {
    try {
      return asked.get(name) ?? localStorage.getItem(`audio-stream.${name}`);
    } catch {
      return asked.get(name);
    }
  };
  stationField.value = known("station") || stationField.value;
  titleField.value = asked.get("title") ?? "";
  const sound = settings.querySelector(
    `input[value="${known("sound") === "music" ? "music" : "voice"}"]`,
  );
  if (sound instanceof HTMLInputElement) sound.checked = true;
}

/** The one that the server's owner named, unless the person has another. */
async function useDefaultStation() {
  const first = (await api.listStations().catch(() => []))[0];
  if (first && stationField.value === stationField.defaultValue) stationField.value = first.station;
}

recordButton.addEventListener("click", start);
stopButton.addEventListener("click", stop);
settings.addEventListener("submit", (event) => event.preventDefault());
deviceField.addEventListener("change", changeMicrophone);
navigator.mediaDevices?.addEventListener("devicechange", showDevices);
addEventListener("online", () => broadcast?.wake());
addEventListener("pointerdown", () => microphone.isOpen && microphone.resume());
addEventListener("pagehide", () => broadcast?.finishOnUnload());
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

recall();
useDefaultStation();
if (!navigator.mediaDevices)
  tell(alarm, explain(await microphone.open("", "voice").catch((e) => e)));
else if (await isAllowed()) openMicrophone().catch((error) => tell(alarm, explain(error)));
