# Targets: cpu (default) serves on the CPU, cuda on NVIDIA GPUs; model and model-fp16 contain only a model package, to be
# mounted as an image volume. cpu, model and model-fp16 are built for the platform that --platform names, linux/amd64 or
# linux/arm64; cuda for linux/amd64 alone. See docs/images.md.
#
# Each base image can be replaced, or pinned by its digest: --build-arg NODE_BASE=docker.io/library/node@sha256:...
ARG NODE_BASE=docker.io/library/node:24.21.0-trixie-slim
ARG DEBIAN_BASE=docker.io/library/debian:trixie-20260803-slim
# The CUDA and cuDNN that the locked onnxruntime-node is built for: drivers from 580, GPUs from Turing.
ARG CUDA_13_BASE=docker.io/nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04
# For the last build for CUDA 12, with a cuDNN that still supports Volta (9.11 dropped it): V100 and older drivers.
ARG CUDA_12_BASE=docker.io/nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04
# 13 or 12
ARG CUDA=13

# --- Dependencies and program ---

FROM ${NODE_BASE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc LICENSE NOTICE ./

# The secret is for networks whose proxy has its own certificate authority; without it Node.js warns and continues.
FROM manifests AS dependencies
# Inventory fails if a package has no licence, prune if a binary is left that is not for the image's architecture. Where
# development dependencies are named but not installed, npm makes no bill of materials.
COPY docker/inventory.ts docker/bill-of-materials.ts docker/notices.ts docker/prune.ts docker/native-binaries.ts docker/
COPY docker/licenses docker/licenses
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=extra-ca \
    NODE_EXTRA_CA_CERTS=/run/secrets/extra-ca npm ci --omit=dev --no-audit --no-fund \
    && npm pkg delete devDependencies \
    && node docker/inventory.ts /licenses \
    && node docker/prune.ts node_modules

FROM manifests AS build
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=extra-ca \
    NODE_EXTRA_CA_CERTS=/run/secrets/extra-ca npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY batch batch
COPY plan plan
COPY cli cli
COPY demo/*.ts demo/
COPY docker docker
COPY model model
COPY service service
RUN npx tsc -p tsconfig.build.json

# The compiled program, its entry point, and the files that it reads from their places in the source tree. Whatever the
# clone's umask was, the server, who does not own them, can read them.
FROM build AS program
RUN mkdir /program && mv build /program/
COPY package.json /program/
COPY bin/ofa-ve.js /program/bin/
COPY service/http/demo-page/assets /program/service/http/demo-page/assets
COPY service/grpc/inference.proto /program/service/grpc/
RUN chmod -R u=rwX,go=rX /program

# --- The model ---

# Replace it with any folder in ModelScope's layout: --build-context checkpoint=FOLDER
FROM scratch AS checkpoint
COPY demo/checkpoint /
COPY demo/examples /examples

# Contains nothing of the service, so that changes to it keep the model and its layer.
FROM manifests AS compiler
COPY --from=dependencies /app/node_modules node_modules
COPY docker/compile-model.ts docker/
COPY model model

FROM compiler AS compiled
ARG MODEL_NAME=ofa-demo
RUN --mount=type=bind,from=checkpoint,target=/checkpoint \
    node docker/compile-model.ts /checkpoint /package "${MODEL_NAME}" fp32 \
    && chmod -R u=rwX,go=rX /package

FROM compiler AS compiled-fp16
ARG MODEL_NAME=ofa-demo
RUN --mount=type=bind,from=checkpoint,target=/checkpoint \
    node docker/compile-model.ts /checkpoint /package "${MODEL_NAME}" fp16 \
    && chmod -R u=rwX,go=rX /package

# Replace them with an existing package: --build-context model=FOLDER
FROM scratch AS model
COPY --from=compiled /package /

FROM scratch AS model-fp16
COPY --from=compiled-fp16 /package /

# Every release changes the manifest, which contains the compiler's version, but seldom the weights. So the weights get
# their own layer, and a fixed date, so that the same weights make the same layer on a builder without a cache. (Not
# every builder has COPY --exclude.)
FROM ${NODE_BASE} AS model-parts
COPY --from=model / /rest/model/
RUN mkdir -p /weights/model \
    && mv /rest/model/model.onnx.data /weights/model/ \
    && chmod -R u=rwX,go=rX /weights /rest \
    && find /weights /rest -exec touch --date=@0 {} +

FROM ${NODE_BASE} AS model-fp16-parts
COPY --from=model-fp16 / /rest/model/
RUN mkdir -p /weights/model \
    && mv /rest/model/model.onnx.data /weights/model/ \
    && chmod -R u=rwX,go=rX /weights /rest \
    && find /weights /rest -exec touch --date=@0 {} +

# --- ONNX Runtime's CUDA provider, which is not in the npm package ---

FROM dependencies AS cuda-13-dependencies

FROM dependencies AS cuda-12-dependencies
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=extra-ca \
    NODE_EXTRA_CA_CERTS=/run/secrets/extra-ca npm install --omit=dev --no-audit --no-fund onnxruntime-node@1.26.0 \
    && node docker/inventory.ts /licenses \
    && node docker/prune.ts node_modules

FROM cuda-${CUDA}-dependencies AS cuda-dependencies
RUN [ "$(uname -m)" = x86_64 ] || { echo >&2 "The target cuda is for linux/amd64 alone, as ONNX Runtime has no CUDA provider \
for Node.js on $(uname -m): build it with --platform linux/amd64, or the target cpu."; exit 1; }

# The installer reads the proxy from its own variables.
FROM cuda-dependencies AS cuda-download
RUN --mount=type=secret,id=extra-ca \
    NODE_EXTRA_CA_CERTS=/run/secrets/extra-ca ONNXRUNTIME_NODE_INSTALL=true \
    GLOBAL_AGENT_HTTPS_PROXY="${HTTPS_PROXY:-${https_proxy:-}}" GLOBAL_AGENT_NO_PROXY="${NO_PROXY:-${no_proxy:-}}" \
    node node_modules/onnxruntime-node/script/install.js \
    && mkdir /provider \
    && mv node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so \
          node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_shared.so /provider/

# If NuGet cannot be reached, replace it with a folder of the two libraries: --build-context cuda-provider=FOLDER
FROM scratch AS cuda-provider
COPY --from=cuda-download /provider /

FROM ${CUDA_13_BASE} AS cuda-13-base
FROM ${CUDA_12_BASE} AS cuda-12-base

# --- The images ---

# Layers that rarely change come first: the runtime, the weights, the rest of the model, the dependencies, the program.
#
# The settings at the end of both images are the same but cannot be shared: a stage inherits them only from its base, and
# cuda and cpu have different bases. One final stage whose base an ARG selects would take away the two targets.
#
# V8 would let the memory of new objects grow to 64 MiB, which makes requests no faster (bench/service-cost.ts).
#
# glibc raises the threshold from which it returns freed memory to the system, up to 32 MiB, when a block of that size is
# freed: each thread would keep the memory of the largest picture that it has decoded (bench/decoding-memory.ts).
FROM cuda-${CUDA}-base AS cuda
COPY --from=manifests /usr/local/bin/node /usr/local/bin/
COPY --from=model-fp16-parts /weights /
COPY --from=model-fp16-parts /rest /
COPY --from=cuda-provider / /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/
COPY --from=cuda-dependencies /app/node_modules /app/node_modules
COPY --from=cuda-dependencies /licenses /licenses
RUN --mount=type=bind,source=docker,target=/docker \
    ["node", "/docker/check-provider.ts", "/app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so"]
COPY --from=program /program /app/
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ofa-ve" \
      org.opencontainers.image.description="OFA visual entailment on NVIDIA GPUs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production HOME=/tmp MODEL_DIR=/model DEVICE=cuda MALLOC_MMAP_THRESHOLD_=131072 \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /app
USER 10001:10001
EXPOSE 8000 8001 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=660s --retries=3 CMD ["node", "build/docker/health.js"]
ENTRYPOINT ["node", "--max-semi-space-size=2", "bin/ofa-ve.js"]
CMD ["serve"]

FROM ${DEBIAN_BASE} AS debian

FROM debian AS cpu
COPY --from=manifests /usr/local/bin/node /usr/local/bin/
COPY --from=model-parts /weights /
COPY --from=model-parts /rest /
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=dependencies /licenses /licenses
COPY --from=program /program /app/
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ofa-ve" \
      org.opencontainers.image.description="OFA visual entailment on the CPU" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production HOME=/tmp MODEL_DIR=/model DEVICE=cpu MALLOC_MMAP_THRESHOLD_=131072
WORKDIR /app
USER 10001:10001
EXPOSE 8000 8001 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=660s --retries=3 CMD ["node", "build/docker/health.js"]
ENTRYPOINT ["node", "--max-semi-space-size=2", "bin/ofa-ve.js"]
CMD ["serve"]
