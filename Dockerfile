FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/kunveno
COPY requirements/run.txt requirements/run.txt
RUN /opt/kunveno/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE config.example.yaml ./
COPY examples examples
COPY ground ground
COPY party party
COPY bridge bridge
COPY bots bots
COPY kunveno kunveno
RUN /opt/kunveno/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN groupadd --gid 10001 kunveno \
    && useradd --uid 10001 --gid kunveno --home-dir /data --no-create-home --shell /usr/sbin/nologin kunveno \
    && install -d -o kunveno -g kunveno -m 0700 /data
COPY --from=build /opt/kunveno /opt/kunveno
ENV PATH=/opt/kunveno/bin:$PATH PYTHONUNBUFFERED=1
USER kunveno
# The configuration, the secrets and, with SQLite, the database.
WORKDIR /data
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8090/health', timeout=4)"]
ENTRYPOINT ["kunveno"]
CMD ["run"]
