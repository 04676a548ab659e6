/** The listeners' page: wires the live player, the stations and the tracks to what is seen. */

import * as api from "./api.js";
import { showDiagnostics } from "./diagnostics.js";
import { find, icon, tell } from "./dom.js";
import { EventWatch } from "./events.js";
import { timeOfDay } from "./format.js";
import { Listening } from "./listening.js";
import { LivePlayer } from "./live-player.js";
import { MediaKeys } from "./media-keys.js";
import { StationChoice } from "./station-choice.js";
import { TrackDrawer } from "./track-drawer.js";
import { TrackLibrary } from "./track-library.js";
import { TrackPlayer } from "./track-player.js";
import { Visualizer } from "./visualizer.js";

const radio = find("#radio", HTMLElement);
const media = find("#player", HTMLAudioElement);
const playButton = find("#play", HTMLButtonElement);
const badge = find("#badge", HTMLElement);
const goLiveButton = find("#go-live", HTMLButtonElement);
const now = find("#now", HTMLElement);
const audience = find("#audience", HTMLElement);
const offer = find("#offer", HTMLElement);
const newestButton = find("#newest", HTMLButtonElement);
const deck = find("#deck", HTMLElement);
const deckPlayer = find("track-player", TrackPlayer);

/** Between two facts; where the line breaks there, the dot ends it. */
const DOT = "\u00a0· ";
/** No sound for so long is worth a word. */
const SILENT_S = 3;
let wasSilent = false;
/** Whether what played last is the deck's track. */
let isTrackLast = false;
/** @type {ReturnType<typeof setInterval> | undefined} */
let looking;

const listening = new Listening();
const live = new LivePlayer(media, () => listening.analyser);
const visualizer = new Visualizer(find("#visualizer", HTMLCanvasElement));
const library = new TrackLibrary();
const drawer = new TrackDrawer(library, playTrack);
const stations = new StationChoice(find("#stations", HTMLFieldSetElement), () => {
  if (live.isWanted) live.play(stations.chosen);
  show();
});
const mediaKeys = new MediaKeys({
  play() {
    if (!isTrackLast) playLive();
    else if (deckPlayer.audio.paused) deckPlayer.toggle();
  },
  pause() {
    live.pause();
    deckPlayer.audio.pause();
  },
});

const news = new EventWatch({
  open: refresh,
  upload: (progress) => library.noteUpload(progress),
  station(station) {
    const before = stations.current;
    stations.update(station);
    // Not at each change of its audience: who waits after a failure does so for the server's sake.
    if (stations.current?.live && stations.current.started_at !== before?.started_at) live.wake();
    show();
  },
  async track(change) {
    await library.apply(change);
    if (change.id !== deckPlayer.track?.id) return;
    await followLoadedTrack(change.deleted);
    show();
  },
});

async function refresh() {
  library.refresh();
  try {
    stations.replace(await api.listStations());
    drawer.defaultStation = stations.default;
    if (stations.current?.live) live.doubt();
    show();
  } catch {
    // The event stream comes back when the server does, and with it the next refresh.
  }
}

/** Watch the news only while somebody looks, or waits for the station to begin. */
function watch() {
  const waiting = live.state === "offAir" || live.state === "unreachable";
  news.watching = document.visibilityState === "visible" || waiting;
}

function playLive() {
  isTrackLast = false;
  deckPlayer.audio.pause();
  listening.hear(media);
  live.play(stations.chosen);
}

/** @param {api.Track} track */
function playTrack(track) {
  live.pause();
  putOnDeck(track);
  listening.hear(deckPlayer.audio);
  deckPlayer.toggle();
}

/** @param {api.Track} track */
function putOnDeck(track) {
  deck.hidden = false;
  document.body.classList.add("has-deck");
  deckPlayer.load(track);
  drawer.mark(track.id, false);
  show();
}

function closeDeck() {
  isTrackLast = false;
  deckPlayer.unload();
  deck.hidden = true;
  document.body.classList.remove("has-deck");
  drawer.mark("", false);
}

/** @param {boolean} deleted */
async function followLoadedTrack(deleted) {
  if (deleted) return closeDeck();
  const id = deckPlayer.track?.id ?? "";
  const track =
    library.tracks.find((each) => each.id === id) ?? (await api.readTrack(id).catch(() => null));
  if (track && deckPlayer.track?.id === id) deckPlayer.load(track);
}

function show() {
  const station = stations.current;
  const isLive = live.state === "playing" || Boolean(station?.live);
  radio.dataset.state = live.state;
  tell(badge, isLive ? "Live" : "Off air");
  badge.classList.toggle("is-live", isLive);
  const verb = live.isWanted ? "Pause" : "Play";
  if (playButton.getAttribute("aria-label") !== verb) {
    playButton.setAttribute("aria-label", verb);
    playButton.replaceChildren(icon(verb.toLowerCase()));
  }
  const words = describe(isLive ? station : undefined);
  tell(now, words);
  const listeners = isLive ? (station?.listeners ?? 0) : 0;
  audience.textContent = listeners > 0 ? `${DOT}${listeners.toLocaleString()} listening` : "";
  const { newest } = library;
  offer.hidden = isLive || newest === null || !deck.hidden;
  find(".pill-text", HTMLElement, newestButton).textContent = newest?.title ?? "";
  if (live.state === "playing") visualize();
  nameForMediaKeys(isLive ? station : undefined);
}

/** @param {api.Station | undefined} station the one on air, if it is */
function nameForMediaKeys(station) {
  const title = isTrackLast ? deckPlayer.track?.title : station?.title || station?.station;
  mediaKeys.show(title ?? "");
}

/** @param {api.Station | undefined} station the one on air, if it is */
function describe(station) {
  if (live.state === "unreachable") {
    return `${live.refusal ?? "The sound broke off."} Trying again…`;
  }
  if (live.state === "blocked") return "Your browser wants another click before it plays sound.";
  if (live.state === "connecting") return "Tuning in…";
  if ((live.silent_s ?? 0) > SILENT_S) return "No sound comes just now. It goes on by itself.";
  if (!station) {
    if (live.state === "playing") return "You are listening live.";
    return live.isWanted
      ? "Off air right now. It plays here by itself as soon as the broadcast begins."
      : "Off air right now.";
  }
  const since = station.started_at ? `${DOT}since ${timeOfDay(station.started_at)}` : "";
  return `${station.title || station.station}${since}`;
}

/** How far behind the live edge, where that is more than this browser's way has to be. */
function showLateness() {
  const { behind_s } = live;
  badge.hidden = behind_s !== null;
  goLiveButton.hidden = behind_s === null;
  if (behind_s !== null) tell(goLiveButton, `${Math.round(behind_s)} s behind · go live`);
  const isSilent = (live.silent_s ?? 0) > SILENT_S;
  if (isSilent !== wasSilent) show();
  wasSilent = isSilent;
}

function visualize() {
  const playing = live.state === "playing" || !deckPlayer.audio.paused;
  if (playing && listening.analyser) visualizer.start(listening.analyser);
  else visualizer.stop();
  if (live.state === "paused" && deckPlayer.audio.paused) listening.rest();
}

playButton.addEventListener("click", () => (live.isWanted ? live.pause() : playLive()));
goLiveButton.addEventListener("click", () => {
  live.goLive();
  showLateness();
  playButton.focus();
});
newestButton.addEventListener("click", () => library.newest && playTrack(library.newest));
find("#close-deck", HTMLButtonElement).addEventListener("click", () => {
  closeDeck();
  show();
  playButton.focus();
});
live.addEventListener("change", () => {
  if (live.state === "playing") media.dataset.way = live.way;
  clearInterval(looking);
  if (live.state === "playing") looking = setInterval(showLateness, 1000);
  showLateness();
  show();
  visualize();
  watch();
});
library.addEventListener("change", show);
for (const type of ["play", "pause", "ended"]) {
  deckPlayer.audio.addEventListener(type, () => {
    if (type === "play") {
      isTrackLast = true;
      live.pause();
      listening.hear(deckPlayer.audio);
    }
    drawer.mark(deckPlayer.track?.id ?? "", !deckPlayer.audio.paused);
    show();
    visualize();
  });
}
media.addEventListener("timeupdate", () => {
  const { delay_s, target_s, stalls, jumps } = live.account;
  Object.assign(media.dataset, {
    delayS: delay_s?.toFixed(3) ?? "",
    targetS: target_s?.toFixed(3) ?? "",
    stalls,
    jumps,
  });
});
document.addEventListener("visibilitychange", watch);
addEventListener("online", () => live.doubt());
addEventListener("pagehide", () => {
  news.watching = false;
});
addEventListener("pageshow", watch);

showDiagnostics(find("#diagnostics", HTMLDetailsElement), live);
watch();
await refresh();
const wanted = new URLSearchParams(location.search).get("track");
if (wanted) {
  // A link to one track: show it, and let the person press its Play.
  const track = await api.readTrack(wanted).catch(() => null);
  if (track) putOnDeck(track);
}
