/** What the studio says when something is wrong: what happened, and what a person can do. */

import { Problem } from "./api.js";
import { clock, timeOfDay } from "./format.js";
import { EndedElsewhere, PartLost, PieceGone, Unreadable } from "./upload-errors.js";

/** @typedef {"none" | "kept" | "lost"} Rest what became of what was not sent, if that was much */

/** Their own words say it all; any other error is one of the recorder. */
const KNOWN = [Problem, EndedElsewhere, PartLost, PieceGone, Unreadable];

/** @param {unknown} error */
export function wordsOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @param {unknown} error @param {string} station */
export function whyItEnded(error, station) {
  if (error instanceof Problem && error.status === 409 && error.fields.since) {
    const since = timeOfDay(String(error.fields.since));
    return (
      `Somebody else is on air on “${error.fields.station ?? station}” since ${since}. ` +
      "Choose another station, or wait until they have finished."
    );
  }
  if (error instanceof Problem && error.status === 401) {
    return "The server wants a name and a password. Reload this page to enter them.";
  }
  const words = wordsOf(error);
  if (KNOWN.some((known) => error instanceof known)) return words;
  return `Your browser has stopped recording: ${words} Press Record again.`;
}

/** @param {Rest} rest @returns {string} to go on with after why it ended */
export function whatBecameOf(rest) {
  if (rest === "none") return "";
  return rest === "kept"
    ? " What was not sent is kept in this browser: see “Rest of a recording” below."
    : " What was not sent could not be kept in this browser.";
}

/** What the person may do with the page meanwhile. @param {boolean} isKept */
export function whereItWaits(isKept) {
  return isKept
    ? ". It is kept in this browser: if you close this page, your next visit offers to send it."
    : ": leave this page open until then.";
}

/** @param {unknown} error why the browser does not keep the recording; null where it never does */
export function aboutStorage(error) {
  if (error === null) {
    return (
      "This browser keeps nothing for this page, perhaps because its window is private. What is " +
      "not sent when the tab closes is lost."
    );
  }
  const isFull = error instanceof DOMException && error.name === "QuotaExceededError";
  return isFull
    ? "This browser has no room left to keep your recording. It goes on, but what is not sent " +
        "when the tab closes is lost: leave it open, and free some disk space."
    : "This browser cannot keep your recording now. It goes on, but what is not sent when the tab " +
        "closes is lost: leave it open.";
}

/** @param {number} left_s */
export function aboutRoom(left_s) {
  return (
    `This browser has room for about ${clock(left_s)} more that is not sent. Free some disk space, ` +
    "or find a network."
  );
}

export const STALLED =
  "Your browser has stopped recording. Click anywhere on this page; if this stays, press Stop " +
  "and record again. All that was recorded until now is kept.";

export const STATION_TAKEN = "Somebody else has the station. Your recording is kept.";
