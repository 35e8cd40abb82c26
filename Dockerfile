# The server, fit for Cloud Run and its like: the port comes from PORT, nobody is root, SIGTERM drains (docs/deployment.md).
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home ecgbench

WORKDIR /app
COPY requirements/server.txt requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/server.txt

COPY ecgbench ecgbench
RUN python -m compileall -q ecgbench

ENV PORT=8080 PYTHONPATH=/app PYTHONUNBUFFERED=1 HOME=/tmp OPENBLAS_NUM_THREADS=1
USER ecgbench
EXPOSE 8080

# Without a shell in between, so that SIGTERM reaches the server.
ENTRYPOINT ["python", "-m", "ecgbench.ws_server", "--host", "0.0.0.0"]
