/** Sound of this type cannot be played this way, whatever the browser said. */
export class CannotPlay extends Error {}
