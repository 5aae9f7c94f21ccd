# One file, two images: `backend` (no torch) and `worker`.
FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements/base.lock requirements/
RUN pip install --no-deps --require-hashes -r requirements/base.lock
RUN useradd --uid 10001 --no-create-home lathe && mkdir /data && chown lathe /data
ENV LATHE_DATA_DIR=/data HOME=/tmp

FROM base AS wheel
COPY requirements/build.lock requirements/
RUN pip install --no-deps --require-hashes -r requirements/build.lock
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc frontend/
RUN cd frontend && npm ci --no-audit --no-fund
COPY frontend frontend
RUN cd frontend && npm run build
COPY pyproject.toml README.md LICENSE ./
COPY backend backend
COPY client client
COPY lathe lathe
COPY worker worker
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel .

FROM base AS backend
COPY --from=wheel /wheel /wheel
RUN pip install --no-deps /wheel/*.whl
USER lathe
EXPOSE 8000
CMD ["lathe", "serve"]

FROM base AS worker
COPY requirements/worker.lock requirements/torch.lock requirements/cuda.lock requirements/
RUN pip install --no-deps --require-hashes -r requirements/worker.lock
RUN pip install --no-deps --require-hashes -r requirements/torch.lock -r requirements/cuda.lock
COPY --from=wheel /wheel /wheel
RUN pip install --no-deps /wheel/*.whl
USER lathe
CMD ["lathe", "worker"]
