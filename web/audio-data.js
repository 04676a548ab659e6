/** Sound as WebCodecs has it: made of nothing or of other sound, and taken apart. */

/** @param {Omit<AudioDataInit, "data" | "format">} shape */
export function silence(shape) {
  const data = new Float32Array(shape.numberOfFrames * shape.numberOfChannels);
  return new AudioData({ format: "f32-planar", ...shape, data });
}

/**
 * The same sound for so many loudspeakers: one hears the mean of all; two hear the first two.
 *
 * @param {AudioData} sound
 * @param {number} channels
 */
export function withChannels(sound, channels) {
  if (sound.numberOfChannels === channels) return sound;
  const { sampleRate, numberOfFrames, timestamp } = sound;
  const heard = planesOf(sound);
  // As Web Audio does it: two become one by their mean, one becomes two by being there twice.
  const mixed = channels === 1 ? [mean(heard)] : heard;
  const data = new Float32Array(channels * numberOfFrames);
  for (let channel = 0; channel < channels; channel++) {
    data.set(mixed[channel] ?? mixed[0] ?? [], channel * numberOfFrames);
  }
  const shape = { sampleRate, numberOfFrames, numberOfChannels: channels, timestamp };
  return new AudioData({ format: "f32-planar", ...shape, data, transfer: [data.buffer] });
}

/** @param {AudioData} sound is closed by this @returns {Float32Array<ArrayBuffer>[]} its channels */
export function planesOf(sound) {
  const planes = Array.from({ length: sound.numberOfChannels }, (_, planeIndex) => {
    const plane = new Float32Array(sound.numberOfFrames);
    sound.copyTo(plane, { planeIndex, format: "f32-planar" });
    return plane;
  });
  sound.close();
  return planes;
}

/** @param {Float32Array[]} planes */
function mean(planes) {
  const [first = new Float32Array()] = planes;
  return first.map(
    (_, at) => planes.reduce((sum, plane) => sum + (plane[at] ?? 0), 0) / planes.length,
  );
}
