# syntax=docker/dockerfile:1
# The bridge as an image: docker build -t osprofiler-otel-bridge .
# examples/README.md says how to run it.

FROM node:24-alpine AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build && npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-alpine
WORKDIR /app
ENV NODE_ENV=production \
    OSPROFILER_BRIDGE_LISTEN=0.0.0.0:13133
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY package.json LICENSE ./
COPY bin ./bin
COPY man ./man
COPY assets ./assets
COPY recordings ./recordings
# The image's own user "node", by number: Kubernetes cannot tell that a name is not root.
USER 1000:1000
EXPOSE 13133
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:13133/livez"]
STOPSIGNAL SIGTERM
# The bridge handles SIGTERM itself and starts no processes: it needs no init (tini, --init) in front.
# How V8 spends memory and its compiler's time; see docs/performance.md.
ENTRYPOINT ["node", "--max-semi-space-size=16", "--no-parallel-scavenge", "--initial-old-space-size=64", "--max-inlined-bytecode-size-cumulative=460", "/app/dist/cli/main.js"]
CMD ["run"]
