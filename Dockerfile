# Two stages: packages are installed, by hash, where a compiler may be; what runs holds only the result.
FROM docker.io/library/python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements/runtime.lock requirements/runtime.lock
RUN python -m venv /opt/netpet \
 && /opt/netpet/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.lock
COPY pyproject.toml README.md ./
COPY adapter adapter
COPY mappings mappings
COPY fixtures/expected.json fixtures/expected.json
COPY fixtures/demo fixtures/demo
RUN /opt/netpet/bin/pip install --no-cache-dir --no-deps .

FROM docker.io/library/python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="netpet-adapter" \
      org.opencontainers.image.description="Dual-PET radiology results in, NETPET scores out. Research and evaluation only." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 netpet \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin netpet \
 && install -d -o 10001 -g 10001 /var/lib/netpet
COPY --from=build /opt/netpet /opt/netpet
ENV PATH=/opt/netpet/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NETPET_STORE__URL=sqlite:////var/lib/netpet/netpet.db
USER 10001:10001
WORKDIR /var/lib/netpet
VOLUME ["/var/lib/netpet"]
EXPOSE 2575 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 CMD ["netpet-adapter", "doctor", "--ready"]
ENTRYPOINT ["netpet-adapter"]
CMD ["serve"]
