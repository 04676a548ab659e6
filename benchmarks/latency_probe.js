/**
 * Goes into every page of benchmarks/latency.py before its own scripts: keeps what the microphone
 * gives it ("in") and what it gives to the sound card ("out"), each piece with the time of day.
 *
 * A page costs what it always costs until `latency.tap(…)` is called.
 */
(() => {
  const RATE = 48_000;
  const now_ms = () => performance.timeOrigin + performance.now();
  const taps = { in: newTap(), out: newTap() };
  const microphones = [];
  const outlets = [];
  const LOUD = 0.04;
  /** A blip that was left over from before a pause is shorter. */
  const LASTS_MS = 15;
  const lastNodes = [];
  let isWatching = false;
  let clicked_ms = 0;
  let first_ms = 0;

  function newTap() {
    return { rate: RATE, pieces: [], wanted: false };
  }

  /** Times are of pieces of `size` samples; samples are all of them. */
  function keep(tap, { at_ms, size, samples }) {
    tap.pieces.push({ at_ms, size, samples });
  }

  function toInt16(floats, into, at) {
    for (let i = 0; i < floats.length; i++) {
      into[at + i] = Math.max(-1, Math.min(1, floats[i])) * 32767;
    }
  }

  /** The microphone's own sound, as soon as the browser has it. */
  async function readTrack(track) {
    const tap = taps.in;
    const processor = new MediaStreamTrackProcessor({ track, maxBufferSize: 200 });
    const reader = processor.readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      const at = now_ms();
      if (done) return;
      tap.rate = value.sampleRate;
      const size = value.numberOfFrames;
      const floats = new Float32Array(size);
      value.copyTo(floats, { planeIndex: 0, format: "f32-planar" });
      value.close();
      const samples = new Int16Array(size);
      toInt16(floats, samples, 0);
      keep(tap, { at_ms: [at], size, samples });
    }
  }

  const loaded = new WeakMap();

  function loadWorklet(context) {
    if (!loaded.has(context)) {
      // The page's own policy holds: the worklet comes from its server, in place of the cover.
      loaded.set(context, context.audioWorklet.addModule("/cover"));
    }
    return loaded.get(context);
  }

  const connect = AudioNode.prototype.connect;

  async function tapNode(node, tap) {
    const { context } = node;
    await loadWorklet(context);
    tap.rate = context.sampleRate;
    const worklet = new AudioWorkletNode(context, "latency-tap");
    worklet.port.onmessage = ({ data }) => keep(tap, data);
    connect.call(node, worklet);
    connect.call(worklet, context.destination);
  }

  /** How long it has been sounding at the end of these samples. */
  function lastingSound_ms(samples, rate) {
    const step = Math.round(rate / 400); // One wave of the hum.
    let start = samples.length;
    while (start >= step && samples.subarray(start - step, start).some((s) => Math.abs(s) > LOUD)) {
      start -= step;
    }
    return ((samples.length - start) / rate) * 1000;
  }

  /** Look at what a node gives until that is a sound: sooner than any worklet is there. */
  function watchNode(node) {
    const ear = node.context.createAnalyser();
    const heard = new Float32Array(ear.fftSize);
    connect.call(node, ear);
    const look = () => {
      ear.getFloatTimeDomainData(heard);
      const lasted_ms = lastingSound_ms(heard, node.context.sampleRate);
      if (lasted_ms >= LASTS_MS) {
        isWatching = false;
        first_ms ||= now_ms() - lasted_ms;
      }
      if (isWatching) setTimeout(look);
      else node.disconnect(ear);
    };
    look();
  }

  function openTap(name) {
    const tap = taps[name];
    if (tap.wanted) return;
    tap.wanted = true;
    for (const begin of name === "in" ? microphones : outlets) begin();
  }

  /** Where the page would hear a microphone or sound to a card, the tap may be opened. */
  function offer(name, list, begin) {
    list.push(begin);
    if (taps[name].wanted) begin();
  }

  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode && !(to.context instanceof OfflineAudioContext)) {
      offer("out", outlets, () => tapNode(this, taps.out));
      lastNodes.push(this);
      if (isWatching) watchNode(this);
    }
    return connect.call(this, to, ...rest);
  };

  const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (open) {
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const wav = globalThis.latency.fakeMicrophone;
      if (wav) return playAsMicrophone(wav);
      const stream = await open(constraints);
      const [track] = stream.getAudioTracks();
      offer("in", microphones, () => readTrack(track));
      return stream;
    };
  }

  /** Where the browser's own fake microphone can play no file, Web Audio plays one. */
  async function playAsMicrophone(wav) {
    const context = new AudioContext({ sampleRate: RATE });
    const player = context.createBufferSource();
    const bytes = Uint8Array.from(atob(wav), (letter) => letter.charCodeAt(0));
    player.buffer = await context.decodeAudioData(bytes.buffer);
    player.loop = true;
    const output = context.createMediaStreamDestination();
    connect.call(player, output);
    player.start();
    offer("in", microphones, () => tapNode(player, taps.in));
    return output.stream;
  }

  addEventListener(
    "click",
    (event) => {
      clicked_ms = performance.timeOrigin + event.timeStamp;
    },
    { capture: true },
  );

  globalThis.latency = {
    fakeMicrophone: null,
    tap: openTap,
    /** From now on, note when the next sound goes out. */
    watch() {
      isWatching = true;
      first_ms = 0;
      for (const node of lastNodes) watchNode(node);
    },
    /** How long that took since the last click; null before. */
    firstSound_ms: () => (first_ms ? first_ms - clicked_ms : null),
    /** Let go of what came until now. */
    forget(name) {
      taps[name].pieces = [];
    },
    /** What came since the last time; samples as base64 of 16 bits each. */
    drain(name) {
      const tap = taps[name];
      const pieces = tap.pieces.splice(0);
      const bytes = new Uint8Array(2 * pieces.reduce((sum, { samples }) => sum + samples.length, 0));
      let at = 0;
      for (const { samples } of pieces) {
        bytes.set(new Uint8Array(samples.buffer), at);
        at += samples.byteLength;
      }
      let text = "";
      for (let i = 0; i < bytes.length; i += 0x8000) {
        text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
      }
      return {
        rate_hz: tap.rate,
        sizes: pieces.flatMap(({ at_ms, size }) => at_ms.map(() => size)),
        at_ms: pieces.flatMap(({ at_ms }) => at_ms),
        samples: btoa(text),
      };
    },
    /** As people hear a station elsewhere: an element, and nothing else. */
    async play(url) {
      const media = new Audio(url);
      const context = new AudioContext({ latencyHint: "interactive" });
      context.createMediaElementSource(media).connect(context.destination);
      await Promise.all([context.resume(), media.play()]);
      return true;
    },
    /** The microphone straight to the sound card: what browser and measurement themselves cost. */
    async loopback() {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
      const context = new AudioContext({ latencyHint: "interactive" });
      context.createMediaStreamSource(stream).connect(context.destination);
      await context.resume();
      return true;
    },
  };
})();
