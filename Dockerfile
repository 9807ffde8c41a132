# The explorer for a public machine, on the CPU. Not built by its authors, who had no container engine: see docs/deploy.md.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 GRADIO_ANALYTICS_ENABLED=False GRADIO_TEMP_DIR=/tmp/glyph-ebm HOME=/tmp
WORKDIR /srv/glyph-ebm
# A C compiler makes a step of SGLD about twice as fast; without it torch's operators do the same.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY requirements.txt requirements.lock ./
RUN pip install --requirement requirements.lock
COPY ebm ebm
COPY app app
COPY checkpoints checkpoints
COPY LICENSE .
RUN python -m compileall -q ebm app && useradd --system --no-create-home reader
USER reader
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"
CMD ["python", "-m", "app", "--host", "0.0.0.0", "--port", "7860", "--no-browser", "--no-training"]
