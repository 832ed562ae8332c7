# syntax=docker/dockerfile:1
# A release pins the base by digest: --build-arg PYTHON=python:3.11-slim@sha256:...
ARG PYTHON=python:3.11-slim

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src

# The tools that make the wheel, locked as well; none of them reaches the image.
COPY requirements/dev.txt requirements/dev.txt
RUN python -m venv /opt/tools \
    && /opt/tools/bin/pip install --quiet --require-hashes -r requirements/dev.txt

# What the operator needs at run time, without pip. Wheels only: nothing is compiled here.
COPY requirements/run.txt requirements/run.txt
RUN python -m venv --without-pip /opt/quayrobot \
    && /opt/tools/bin/pip --python /opt/quayrobot/bin/python install --quiet \
        --require-hashes --only-binary :all: -r requirements/run.txt

COPY pyproject.toml README.md LICENSE ./
COPY operator operator
RUN /opt/tools/bin/python -m build --wheel --no-isolation --outdir /tmp/dist \
    && /opt/tools/bin/pip --python /opt/quayrobot/bin/python install --quiet \
        --no-deps --no-index /tmp/dist/*.whl

# What is never loaded goes, and the bytecode is written so that it depends on the sources alone.
COPY tools/slim.py /tmp/slim.py
RUN /opt/quayrobot/bin/python /tmp/slim.py

FROM ${PYTHON}
LABEL org.opencontainers.image.title="quay-robot-operator" \
      org.opencontainers.image.description="Quay robot accounts as Kubernetes resources" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/quayrobot /opt/quayrobot
# The root file system is read-only where it runs; the bytecode was written above.
ENV PATH=/opt/quayrobot/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["quayrobot"]
CMD ["run"]
