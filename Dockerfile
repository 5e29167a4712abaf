# Porthole as authentik's remote access outpost: one static binary, no shell, no root.
#
#   docker build -t porthole/rac:1.0 --build-arg VERSION=1.0 .
#   docker buildx build --platform linux/amd64,linux/arm64 -t registry.example.org/porthole/rac:1.0 --push .
#
# go run ./scripts/image makes the same image without an engine.
ARG GO_IMAGE=golang:1.26-bookworm

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
# The bundle is the same for every processor.
RUN go run ./scripts/bundle --version "$VERSION"
ARG TARGETOS=linux
ARG TARGETARCH=amd64
ARG TARGETVARIANT
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH GOARM=${TARGETVARIANT#v} \
    go build -trimpath -ldflags="-s -w -X main.version=$VERSION" -o /root-folder/rac ./cmd/porthole
RUN mkdir -p /root-folder/etc/ssl/certs /data-folder \
 && cp /etc/ssl/certs/ca-certificates.crt /root-folder/etc/ssl/certs/ \
 && printf 'root:x:0:0:root:/:/none\nporthole:x:1000:1000:porthole:/data:/none\n' > /root-folder/etc/passwd \
 && printf 'root:x:0:\nporthole:x:1000:\n' > /root-folder/etc/group \
 && touch /data-folder/.keep

FROM scratch
ARG VERSION=dev
ARG REVISION=
LABEL org.opencontainers.image.title="Porthole" \
      org.opencontainers.image.description="Remote machines in a browser tab: authentik's remote access outpost" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/porthole-rac/porthole" \
      org.opencontainers.image.documentation="https://github.com/porthole-rac/porthole/blob/main/docs/authentik-install.md" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /root-folder/ /
COPY --from=build --chown=1000:1000 /data-folder/ /data/
ENV PATH=/ HOME=/data PORTHOLE_DATA=/data TMPDIR=/dev/shm
WORKDIR /
USER 1000:1000
# 8080: pages and direct connections of browsers. 9300: metrics and health, for those who run it.
EXPOSE 8080 9300
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=3s --retries=20 CMD ["/rac", "healthcheck"]
ENTRYPOINT ["/rac"]
