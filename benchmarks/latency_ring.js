/**
 * The other way to listen, for benchmarks/latency.py: `AudioDecoder` into a ring that an AudioWorklet
 * (latency_worklet.js) plays, steered by rate. What it would bring: docs/decisions/0015.
 *
 * It takes what the studio sends, one Opus packet per cluster, and adapts by the player's own rules.
 */
(() => {
  const SEGMENT = 0x18538067;
  const CLUSTER = 0x1f43b675;
  const TIMECODE = 0xe7;
  const BLOCK = 0xa3;
  const TRACKS = 0x1654ae6b;
  const ENTRY = 0xae;
  const PRIVATE = 0x63a2;
  const INSIDE = new Set([SEGMENT, CLUSTER, TRACKS, ENTRY]);
  const RATE_HZ = 48_000;

  /** Hands each element's content to `on` as soon as all of it is there. */
  class Elements {
    #bytes = new Uint8Array();

    constructor(on) {
      this.on = on;
    }

    push(more) {
      const bytes = new Uint8Array(this.#bytes.length + more.length);
      bytes.set(this.#bytes);
      bytes.set(more, this.#bytes.length);
      let at = 0;
      for (;;) {
        const id = number(bytes, at, false);
        const size = id && number(bytes, id.end, true);
        if (!size) break;
        if (INSIDE.has(id.value)) {
          at = size.end;
        } else {
          if (size.end + size.value > bytes.length) break;
          this.on(id.value, bytes.subarray(size.end, size.end + size.value));
          at = size.end + size.value;
        }
      }
      this.#bytes = bytes.slice(at);
    }
  }

  function number(bytes, at, masked) {
    const length = Math.clz32(bytes[at] ?? 0) - 23;
    if (at + length > bytes.length || length > 8) return null;
    let value = masked ? bytes[at] & (0xff >> length) : bytes[at];
    for (let i = 1; i < length; i++) value = value * 256 + bytes[at + i];
    return { value, end: at + length };
  }

  /** Play the stream at `url`; `latency.account` tells how it goes. */
  globalThis.latency.ring = async (url) => {
    const { TargetDelay } = await import("/static/live-target.js");
    const target = new TargetDelay();
    const context = new AudioContext({ latencyHint: "interactive", sampleRate: RATE_HZ });
    await context.audioWorklet.addModule("/cover");
    const ring = new AudioWorkletNode(context, "latency-ring");
    const account = { stalls: 0, jumps: 0, way: "ring", delayS: "", targetS: "" };
    globalThis.latency.account = account;
    let position = { media_s: 0, at_s: 0 };
    ring.port.onmessage = ({ data }) => {
      position = { media_s: data.media_s, at_s: performance.now() / 1000 };
      account.stalls = data.stalls;
      account.jumps = data.jumps;
    };
    ring.connect(context.destination);
    let cluster_ms = 0;
    const decoder = new AudioDecoder({
      output(sound) {
        const samples = new Float32Array(sound.numberOfFrames);
        sound.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
        const media_s = sound.timestamp / 1e6;
        ring.port.postMessage({ samples, media_s }, [samples.buffer]);
        const now_s = performance.now() / 1000;
        const edge_s = media_s + sound.numberOfFrames / RATE_HZ;
        const here_s = position.media_s + (now_s - position.at_s);
        target.arrived(now_s, edge_s, position.at_s ? here_s : undefined);
        const delay_s = target.liveEdge_s(now_s) - here_s;
        ring.port.postMessage({ target_s: target.target_s, delay_s });
        account.delayS = delay_s.toFixed(3);
        account.targetS = target.target_s.toFixed(3);
        sound.close();
      },
      error: (error) => {
        account.way = String(error);
      },
    });
    const elements = new Elements((id, content) => {
      if (id === PRIVATE) {
        const description = content.slice();
        const numberOfChannels = description[9];
        decoder.configure({ codec: "opus", sampleRate: RATE_HZ, numberOfChannels, description });
      } else if (id === TIMECODE) {
        cluster_ms = content.reduce((value, byte) => value * 256 + byte, 0);
      } else if (id === BLOCK) {
        const offset_ms = new DataView(content.buffer, content.byteOffset).getInt16(1);
        const timestamp = (cluster_ms + offset_ms) * 1000;
        decoder.decode(
          new EncodedAudioChunk({ type: "key", timestamp, data: content.subarray(4) }),
        );
      }
    });
    const response = await fetch(`${url}?backlog=0.2`, { cache: "no-store" });
    const reader = response.body.getReader();
    await context.resume();
    (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        elements.push(value);
      }
    })();
    return true;
  };
})();
