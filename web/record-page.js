/** The studio: wires microphone and broadcast to what is seen. */

import { Alarms } from "./alarms.js";
import * as api from "./api.js";
import { Broadcast } from "./broadcast.js";
import { ChunkStore } from "./chunk-store.js";
import { find, tell } from "./dom.js";
import { FinishedCard } from "./finished-card.js";
import { clock, size } from "./format.js";
import { LeftoverList } from "./leftover-list.js";
import { explain, isAllowed } from "./microphone.js";
import { MicrophonePanel } from "./microphone-panel.js";
import { PageGuard } from "./page-guard.js";
import { CannotRecord } from "./recorder.js";
import { StorageRoom } from "./storage-room.js";
import { StudioChoices } from "./studio-choices.js";
import * as words from "./studio-words.js";

/** @import { Rest } from "./studio-words.js" */
/** @import { Progress } from "./uploader.js" */

const studio = find("#studio", HTMLElement);
const settings = find("#settings", HTMLFormElement);
const stationField = find("#station", HTMLInputElement);
const titleField = find("#title", HTMLInputElement);
const recordButton = find("#record", HTMLButtonElement);
const stopButton = find("#stop", HTMLButtonElement);
const badge = find("#badge", HTMLElement);
const elapsed = find("#elapsed", HTMLElement);
const sent = find("#sent", HTMLElement);
const hint = find("#hint", HTMLElement);

const alarms = new Alarms(find("#alarms", HTMLElement));
const guard = new PageGuard();
const card = new FinishedCard({
  onDeleted() {
    hint.textContent = "Deleted.";
    recordButton.focus();
  },
});
const pageTitle = document.title;
/** Pieces come many times a second; when none comes for so long, something is wrong. */
const STALLED_AFTER_MS = 5000;
/** Nobody reads numbers faster. */
const TELL_SENT_EVERY_MS = 1000;
/** Null where this browser keeps nothing, as in some private windows. */
const store = ChunkStore.open().catch(() => null);
const leftovers = new LeftoverList(store, {
  onEmptied: () => (recordButton.hidden ? stopButton : recordButton).focus(),
});
/** @type {?Broadcast} */
let broadcast = null;
/** @type {?StorageRoom} */
let room = null;
/** @type {ReturnType<typeof setInterval> | undefined} */
let ticking;
let lastPiece_ms = 0;
let sentTold_ms = 0;

const choices = new StudioChoices(settings);
const panel = new MicrophonePanel({ alarms, chosenSound: () => choices.sound });

async function start() {
  alarms.clear("end", "microphone", "storage");
  if (!settings.reportValidity()) return;
  card.hide();
  become("starting");
  try {
    await panel.open();
    await panel.microphone.start();
  } catch (error) {
    return refuse(explain(error));
  }
  const station = stationField.value;
  broadcast = new Broadcast({
    microphone: panel.microphone,
    station,
    store: await store,
    onPiece: heedPiece,
    onRecorded: () => panel.close(),
    onProgress: showProgress,
    onStorage: warnOfStorage,
    onFailure: giveUp,
  });
  panel.beginRecording();
  try {
    await broadcast.start(titleField.value);
  } catch (error) {
    const why = words.wordsOf(error);
    return refuse(error instanceof CannotRecord ? `${why} Try another one.` : why);
  }
  choices.remember();
  become("recording");
  room = broadcast.kept && new StorageRoom(broadcast.kept, warnOfRoom);
  if (!broadcast.kept) alarms.raise("storage", words.aboutStorage(null));
  lastPiece_ms = performance.now();
  ticking = setInterval(look, 200);
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

/** The broadcast cannot go on. @param {unknown} error @param {Rest} unsent */
function giveUp(error, unsent) {
  const ended = broadcast;
  rest();
  alarms.raise("end", words.whyItEnded(error, stationField.value) + words.whatBecameOf(unsent));
  if (unsent !== "none") leftovers.refresh();
  const isBusy = error instanceof api.Problem && error.status === 409;
  if (ended?.id === null) sent.textContent = "";
  if (isBusy && ended?.id === null) stationField.focus();
  else if (ended?.id) card.show({ ...describe(ended), id: ended.id });
  else recordButton.focus();
}

/** It did not even begin. @param {string} why */
function refuse(why) {
  rest();
  sent.textContent = "";
  alarms.raise("end", why);
  recordButton.focus();
}

function rest() {
  clearInterval(ticking);
  if (broadcast) showElapsed();
  broadcast = null;
  room = null;
  panel.close();
  alarms.clear("storage", "room", "stalled");
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
  guard.isOn = busy;
  document.title = busy ? `● ${pageTitle}` : pageTitle;
}

/** @param {Progress} progress */
function showProgress(progress) {
  const { sent_bytes, unsent_bytes, unsent_s, trouble } = progress;
  const state = studio.dataset.state;
  const late = unsent_s >= 1;
  const isNews = late !== sent.classList.contains("is-late") || state === "finishing";
  if (isNews || performance.now() - sentTold_ms >= TELL_SENT_EVERY_MS) {
    sentTold_ms = performance.now();
    tell(sent, late ? `Not sent yet: ${clock(unsent_s)}` : `${size(sent_bytes)} sent`);
  }
  sent.classList.toggle("is-late", late);
  sent.dataset.sentBytes = String(sent_bytes);
  sent.dataset.unsentBytes = String(unsent_bytes);
  sent.dataset.unsentS = unsent_s.toFixed(2);
  if (state !== "recording" && state !== "finishing") return;
  if (trouble && state === "finishing") {
    const waits = words.whereItWaits(broadcast?.kept?.isKeeping ?? false);
    tell(hint, `${trouble} The rest is sent as soon as that works again${waits}`);
  } else if (trouble) {
    tell(hint, `${trouble} Recording goes on; it is sent as soon as that works again.`);
  } else {
    tell(hint, state === "finishing" ? "Sending the rest…" : whatIsHeard(progress));
  }
  const told = whereItGoes(progress);
  showBadge(told, told === "On air");
}

/** @param {Progress} progress */
function whereItGoes({ trouble, sent_bytes, on_air }) {
  if (trouble) return "Not connected";
  if (sent_bytes === 0) return "Connecting";
  if (on_air) return "On air";
  return studio.dataset.state === "recording" ? "Recording, not on air" : "Off air";
}

/** @param {Progress} progress */
function whatIsHeard({ on_air, off_air_reason }) {
  if (!on_air) return off_air_reason ?? words.STATION_TAKEN;
  return panel.isHeard
    ? "Everyone who listens hears you."
    : "You are on air, but your microphone is not heard.";
}

function showElapsed() {
  const elapsed_s = broadcast?.elapsed_s ?? 0;
  tell(elapsed, clock(elapsed_s));
  elapsed.dataset.elapsedS = elapsed_s.toFixed(2);
}

/**
 * @param {string} state
 * @param {boolean} live
 */
function showBadge(state, live) {
  tell(badge, state);
  badge.classList.toggle("is-live", live);
}

/** @param {number} recorded_s */
function heedPiece(recorded_s) {
  lastPiece_ms = performance.now();
  alarms.clear("stalled");
  panel.hear(recorded_s);
  room?.look(recorded_s);
}

/** What no event tells: that time passes, and that events stay away. */
function look() {
  showElapsed();
  const isStalled = performance.now() - lastPiece_ms > STALLED_AFTER_MS;
  if (studio.dataset.state !== "recording" || !isStalled) return;
  alarms.raise("stalled", words.STALLED);
  panel.microphone.resume();
}

/** @param {?unknown} error what keeps pieces from being stored, null once they are again */
function warnOfStorage(error) {
  if (error === null) alarms.clear("storage");
  else alarms.raise("storage", words.aboutStorage(error));
}

/** @param {?number} left_s */
function warnOfRoom(left_s) {
  if (left_s === null) alarms.clear("room");
  else alarms.raise("room", words.aboutRoom(left_s));
}

recordButton.addEventListener("click", start);
stopButton.addEventListener("click", stop);
settings.addEventListener("submit", (event) => event.preventDefault());
addEventListener("online", () => broadcast?.wake());
document.addEventListener("visibilitychange", () => broadcast && look());
addEventListener("pagehide", () => broadcast?.finishOnUnload());
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

choices.recall();
choices.useDefaultStation();
if (!navigator.mediaDevices || (await isAllowed())) {
  panel.open().catch((error) => alarms.raise("end", explain(error)));
}
