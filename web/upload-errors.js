/** What ends an upload though server and network are there. */

import { clock } from "./format.js";

/** Somebody ended this recording, so what is left of it cannot follow. */
export class EndedElsewhere extends Error {
  constructor() {
    super("This recording was ended from another page.");
  }
}

/** The server lost what this browser has no longer. */
export class PartLost extends Error {
  /** @param {number} lost_s */
  constructor(lost_s) {
    super(
      `The server has lost the first ${clock(lost_s)} of this recording, and so has this browser.`,
    );
  }
}
