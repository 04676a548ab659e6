# The web app: docker build --tag audio-stream . && docker run --publish 9999:9999 --volume audio-stream:/data audio-stream
FROM python:3.13-slim AS build
WORKDIR /checkout
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY web web
RUN python -m venv /opt/audio-stream && /opt/audio-stream/bin/pip install --no-cache-dir .

FROM python:3.13-slim
RUN useradd --system --uid 9999 --home-dir /data --shell /usr/sbin/nologin audio-stream \
  && install --directory --owner audio-stream --group audio-stream /data
COPY --from=build /opt/audio-stream /opt/audio-stream
ENV PATH=/opt/audio-stream/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AUDIO_STREAM_DATA_DIR=/data
USER audio-stream
VOLUME /data
EXPOSE 9999
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT', 9999)}/healthz\", timeout=4)"]
CMD ["audio-stream"]
