/** A SharedWorker: holds the one event stream while any page watches it. */

import { openEventSource } from "./events.js";

/** @import { News } from "./events.js" */

/** @type {Set<MessagePort>} */
const pages = new Set();
/** @type {(() => void) | null} */
let close = null;
let isOpen = false;

/** @param {News} news */
function tell(news) {
  if (news.type === "open") isOpen = true;
  for (const page of pages) page.postMessage(news);
}

addEventListener("connect", (event) => {
  const page = /** @type {MessagePort} */ (/** @type {MessageEvent} */ (event).ports[0]);
  pages.add(page);
  page.onmessage = () => leave(page);
  if (isOpen) page.postMessage({ type: "open" });
  close ??= openEventSource(tell);
});

/** @param {MessagePort} page */
function leave(page) {
  pages.delete(page);
  if (pages.size > 0) return;
  close?.();
  close = null;
  isOpen = false;
}
