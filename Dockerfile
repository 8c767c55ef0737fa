# syntax=docker/dockerfile:1

FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
# Everything, development tools too: the build needs them, the image that runs does not have them.
RUN --mount=type=cache,target=/root/.npm npm ci
RUN npm run build

FROM node:24-bookworm-slim AS run
ENV NODE_ENV=production \
    SECURECHAT_DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=3000
# A named volume takes owner and mode from this folder the first time it is mounted.
RUN install --directory --owner=node --group=node --mode=0700 /data
WORKDIR /app
COPY --from=build /src/dist/standalone ./
COPY deploy/healthcheck.mjs /usr/local/lib/securechat/healthcheck.mjs
USER node
VOLUME /data
# 3000 for browsers, and for servers behind a proxy; 8448 where SECURECHAT_S2S_PORT=8448 gives servers a listener of their own.
EXPOSE 3000 8448
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["node", "/usr/local/lib/securechat/healthcheck.mjs"]
CMD ["node", "server.mjs"]
