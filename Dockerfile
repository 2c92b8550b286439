# The two images: `controller` (controller and webhook) and `agent` (the container that the webhook adds to pods).
#
#     docker build --target controller -t localhost/external-secrets-injector/controller:0.1.0 .
#
# BASE is what they run on, BUILD_BASE is what they are made on; both need the same minor version of Python (the build
# says so if they differ). docs/images.md tells what is inside and how to choose other bases.
ARG BUILD_BASE=docker.io/library/python:3.13.14-slim-trixie
ARG BASE=gcr.io/distroless/python3-debian13:nonroot

FROM ${BASE} AS base

# What the build itself needs; nothing of it gets into an image.
FROM ${BUILD_BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements/build.lock requirements/
RUN python3 -m pip install --require-hashes --only-binary :all: --target /tools -r requirements/build.lock

FROM build AS wheel
COPY pyproject.toml README.md LICENSE ./
COPY secretcore secretcore
COPY kubecore kubecore
COPY controller controller
COPY injector injector
RUN PYTHONPATH=/tools python3 -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

# The base's standard library, compiled, unless the base has its bytecode: a layer that both images share.
FROM build AS library
COPY --from=base /usr /base/usr
COPY images/contents.py images/
RUN python3 images/contents.py library /base /image

FROM build AS controller-files
COPY requirements/controller.lock requirements/
RUN python3 -m pip install --require-hashes --only-binary :all: --no-compile --target /image/app -r requirements/controller.lock
COPY --from=wheel /wheels /wheels
RUN python3 -m pip install --no-deps --no-compile --target /image/app /wheels/*.whl
COPY images/contents.py images/
RUN python3 images/contents.py controller /image

FROM build AS agent-files
COPY requirements/agent.lock requirements/
RUN python3 -m pip install --require-hashes --only-binary :all: --no-compile --target /image/app -r requirements/agent.lock
COPY --from=wheel /wheels /wheels
RUN python3 -m pip install --no-deps --no-compile --target /image/app /wheels/*.whl
COPY images/contents.py images/
RUN python3 images/contents.py agent /image

# The folder that a pod works in is never one that Python imports from (PYTHONSAFEPATH).
FROM base AS controller
COPY --from=library /image /
COPY --from=controller-files /image /
ENV PYTHONPATH=/app PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /
USER 65532:65532
ENTRYPOINT ["/usr/bin/python3", "-m"]
CMD ["controller"]
ARG BASE
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="external-secrets-injector controller" \
      org.opencontainers.image.description="External Secrets: the controller, and the webhook of the pod injector" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.base.name="${BASE}"

FROM base AS agent
COPY --from=library /image /
COPY --from=agent-files /image /
ENV PYTHONPATH=/app PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /
USER 65532:65532
ENTRYPOINT ["/usr/bin/python3", "-m", "injector"]
CMD ["agent"]
ARG BASE
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="external-secrets-injector agent" \
      org.opencontainers.image.description="External Secrets: writes the secrets of a pod into its memory volume" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.base.name="${BASE}"
