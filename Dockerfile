# The command `mmrag`, and the `chroma` server of the same version, for a user without rights; nothing is fetched at run time.
# With the openai package, through which model servers of your own are asked.
#
#   docker build -t mmrag .
#   docker run --rm -v mmrag-data:/data -v "$PWD/scans:/documents:ro" mmrag ingest /documents
#   docker run --rm -v mmrag-data:/data mmrag ask "What is the total of the invoice from Fernhill?"
#   docker run --rm -v mmrag-data:/data -p 127.0.0.1:8765:8765 mmrag serve --host 0.0.0.0
#
# On Linux the default package index gives torch with CUDA. For an image some gigabytes smaller name an index with CPU wheels:
#   docker build --build-arg PIP_EXTRA_INDEX_URL=... -t mmrag .

FROM python:3.11-slim AS wheel
WORKDIR /project
COPY constraints.txt ./
RUN pip install --no-cache-dir -c constraints.txt build hatchling
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY ingest ingest
COPY prompts prompts
RUN python -m build --wheel --no-isolation --outdir /dist

FROM python:3.11-slim AS installed
ARG PIP_EXTRA_INDEX_URL=
COPY constraints.txt /
RUN python -m venv /opt/mmrag \
    && /opt/mmrag/bin/pip install --no-cache-dir "$(grep '^torch==' /constraints.txt)"
COPY --from=wheel /dist /dist
RUN /opt/mmrag/bin/pip install --no-cache-dir -c /constraints.txt "$(echo /dist/*.whl)[openai]"

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home mmrag \
    && mkdir /data /chroma /documents \
    && chown mmrag:mmrag /data /chroma
COPY --from=installed /opt/mmrag /opt/mmrag
ENV PATH=/opt/mmrag/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    ANONYMIZED_TELEMETRY=False \
    MMRAG_STORE=/data/store \
    MMRAG_MODELS__CACHE_DIR=/data/models
USER mmrag
WORKDIR /data
VOLUME ["/data", "/chroma"]
EXPOSE 8765
HEALTHCHECK --interval=60s --timeout=20s --start-period=20s --retries=3 CMD ["mmrag", "doctor", "--json"]
ENTRYPOINT ["mmrag"]
CMD ["--help"]
