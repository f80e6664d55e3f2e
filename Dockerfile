ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No install scripts: the native part comes prebuilt, and Node itself is in the image.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npx tsc --project tsconfig.build.json
# What only compilers read goes: types, maps, and the compiler itself, which npm keeps as an optional peer.
RUN npm prune --omit=dev --ignore-scripts \
 && npm sbom --package-lock-only --omit=dev --sbom-format=cyclonedx >sbom.cdx.json \
 && rm -rf node_modules/typescript node_modules/@types node_modules/.bin \
 && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete

FROM ${BASE}
# blkid and fstrim (util-linux) are in Debian's base. The tools are dynamic programs of one release: never mix two.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends btrfs-progs e2fsprogs mount util-linux xfsprogs \
 && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/*
WORKDIR /app
COPY package.json LICENSE ./
COPY proto proto
COPY --from=build /build/sbom.cdx.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist

ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="csi-driver-loop" \
      org.opencontainers.image.description="Kubernetes CSI driver: every claim a volume of a fixed size, of one sparse file and one loop device" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
# The heap may take 40% of the container's memory limit (cgroup), in both roles; the rest is for code, buffers, threads, and on a
# node for mkfs and fsck. A small young generation: with V8's default the idle driver holds a third more memory.
ENV NODE_OPTIONS="--max-semi-space-size=1 --max-old-space-size-percentage=40"
RUN chmod +x /app/dist/main.js /app/dist/kubectl-loop.js \
 && ln -s /app/dist/main.js /usr/local/bin/csi-driver-loop \
 && ln -s /app/dist/kubectl-loop.js /usr/local/bin/kubectl-loop
ENTRYPOINT ["csi-driver-loop"]
CMD ["--help"]
