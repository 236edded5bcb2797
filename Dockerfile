# Two images of one program. The server keeps its predictions in SQLite, on the volume:
#
#   docker build --target server -t lifeboat .
#   export LIFEBOAT_API_KEY=$(openssl rand -hex 16)
#   docker run -p 8080:8080 -e LIFEBOAT_API_KEY -v lifeboat:/data lifeboat
#
# The function keeps them where DATABASE_URL says, and runs in Lambda or, as here, in the emulator of its base image:
#
#   docker build --target lambda -t lifeboat-lambda .
#   docker run -p 9000:8080 -e DATABASE_URL=sqlite:/tmp/predictions.db lifeboat-lambda
#   curl localhost:9000/2015-03-31/functions/function/invocations -d @events/predict.json

FROM rust:1.95-slim-bookworm AS rust

# What is built on Debian 12 asks for its C library (2.35 or newer), which Lambda does not have. What is built on Lambda's
# own system (2.34) runs there and on Debian 12 as well, so both programs are built here, by the compiler of Rust's image.
FROM public.ecr.aws/lambda/provided:al2023 AS build
# hadolint ignore=DL3041 # a compiler of any version that Amazon Linux 2023 has will do: only its C library matters
RUN dnf install -y gcc && dnf clean all
ENV CARGO_HOME=/usr/local/cargo RUSTUP_HOME=/usr/local/rustup PATH=/usr/local/cargo/bin:/usr/local/bin:/usr/bin:/bin
COPY --from=rust /usr/local/rustup /usr/local/rustup
COPY --from=rust /usr/local/cargo /usr/local/cargo
WORKDIR /lifeboat
# Dependencies change seldom: they are built for programs that do nothing, and kept as a layer.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir -p src/bin benches \
    && touch src/lib.rs benches/prediction.rs \
    && echo 'fn main() {}' > src/bin/lifeboat.rs \
    && tee src/bin/api.rs src/bin/monitor.rs < src/bin/lifeboat.rs \
    && cargo build --locked --release --bins
COPY build.rs .
COPY model model
COPY src src
# Cargo goes by times of files, and these can be older than the programs that do nothing.
RUN touch src/lib.rs src/bin/*.rs \
    && cargo build --locked --release --bins \
    && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot AS server
COPY --from=build /lifeboat/target/release/lifeboat /lifeboat
# An empty volume takes over this folder's owner.
COPY --from=build --chown=65532:65532 /data /data
USER 65532
ENV HOST=0.0.0.0 PORT=8080 DATABASE_URL=sqlite:/data/predictions.db
EXPOSE 8080
VOLUME /data
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/lifeboat", "health", "http://127.0.0.1:8080/health"]
ENTRYPOINT ["/lifeboat"]
CMD ["serve"]

FROM public.ecr.aws/lambda/provided:al2023 AS lambda
COPY --from=build /lifeboat/target/release/api /var/runtime/bootstrap
# The entry point of the base image asks for the name of a handler. There is one only.
CMD ["api"]

# What is built when no target is named.
FROM server
