/** What is known of the live sound and its way here, for people who look behind it. */

import { element } from "./dom.js";

/** @import { LivePlayer } from "./live-player.js" */

const LOOK_EVERY_MS = 500;

/** @param {?number} seconds */
const ms = (seconds) =>
  seconds === null || !Number.isFinite(seconds) ? "–" : `${Math.round(seconds * 1000)} ms`;

/** @type {[string, string, (account: LivePlayer["account"]) => string | number][]} */
const ROWS = [
  ["path", "Path", ({ path }) => path || "–"],
  ["container", "Container", ({ mimeType }) => mimeType.replace(/;\s*codecs=/, ", ") || "–"],
  ["delay", "Behind the live edge", ({ delay_s }) => ms(delay_s)],
  ["target", "Target", ({ target_s }) => ms(target_s)],
  ["fill", "Sound in hand", ({ fill_s }) => ms(fill_s)],
  ["lowest", "Least of it lately", ({ lowestFill_s }) => ms(lowestFill_s)],
  ["jitter", "Jitter of arrivals", ({ jitter_s }) => ms(jitter_s)],
  ["rate", "Speed", ({ rate }) => `${(rate * 100).toFixed(1)} %`],
  ["stalls", "Stalls", ({ stalls }) => stalls],
  ["jumps", "Jumps", ({ jumps }) => jumps],
  ["reconnects", "Reconnects", ({ reconnects }) => reconnects],
];

/**
 * Fill in what the player tells, while it is looked at.
 *
 * @param {HTMLDetailsElement} details
 * @param {LivePlayer} live
 */
export function showDiagnostics(details, live) {
  const values = ROWS.map(([name]) => element("dd", { "data-name": name }));
  const rows = ROWS.map(([, term], i) =>
    element("div", {}, element("dt", {}, term), values[i] ?? ""),
  );
  details.append(element("dl", {}, ...rows));
  const look = () => {
    const { account } = live;
    for (const [i, [, , text]] of ROWS.entries()) {
      const value = values[i];
      if (value) value.textContent = live.isWanted ? String(text(account)) : "–";
    }
  };
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let looking;
  details.addEventListener("toggle", () => {
    clearInterval(looking);
    if (!details.open) return;
    look();
    looking = setInterval(look, LOOK_EVERY_MS);
    details.scrollIntoView({ block: "nearest", behavior: "smooth" }); // Below a small page.
  });
}
