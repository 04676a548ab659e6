/** Makes sound for an encoder out of nothing, or of other sound. */

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
  const { sampleRate, numberOfFrames, numberOfChannels, timestamp } = sound;
  const heard = Array.from({ length: numberOfChannels }, (_, planeIndex) => {
    const plane = new Float32Array(numberOfFrames);
    sound.copyTo(plane, { planeIndex, format: "f32-planar" });
    return plane;
  });
  sound.close();
  // As Web Audio does it: two become one by their mean, one becomes two by being there twice.
  const mixed = channels === 1 ? [mean(heard)] : heard;
  const data = new Float32Array(channels * numberOfFrames);
  for (let channel = 0; channel < channels; channel++) {
    data.set(mixed[channel] ?? mixed[0] ?? [], channel * numberOfFrames);
  }
  const shape = { sampleRate, numberOfFrames, numberOfChannels: channels, timestamp };
  return new AudioData({ format: "f32-planar", ...shape, data, transfer: [data.buffer] });
}

/** @param {Float32Array[]} planes */
function mean(planes) {
  const [first = new Float32Array()] = planes;
  return first.map(
    (_, at) => planes.reduce((sum, plane) => sum + (plane[at] ?? 0), 0) / planes.length,
  );
}
