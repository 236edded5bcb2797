//! The HTTP server: it takes connections in, bounds how many there are and how long each client is waited for, and hands requests
//! to the router.
//!
//! A connection is either worked for or waited for. When there is room for no more, the one that was waited for longest gives way: a
//! client that sends or reads too slowly costs itself its connection, and nobody else.

mod connection;
mod connections;
mod files;
mod held_bytes;
mod settings;
mod stream;

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tower::Service;
use tracing::{debug, warn};

use connections::{Connections, Registration};
pub use settings::ServerConfig;
use stream::{ReceivedBody, Stream};

/// Most bytes of a request's head. Browsers send a page's cookies to every port of a host, so that heads on a loopback are long.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// How soon after a failure another connection is taken in.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(20);

/// Serves until `stop` ends, then until the requests under way are answered.
pub async fn serve(listener: TcpListener, router: Router, config: &ServerConfig, stop: impl Future<Output = ()>) {
    let config = ServerConfig { max_connections: files::bound(config.max_connections), ..config.clone() };
    let connections = Arc::new(Connections::new(config));
    let mut sweeps = interval(connections.sweep_interval());
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => take_in(stream, &router, &connections),
                Err(error) => mind(&error, &connections).await,
            },
            _ = sweeps.tick() => connections.sweep(),
            () = &mut stop => break,
        }
    }
    drop(listener);
    connections.finish();
    loop {
        tokio::select! {
            () = connections.all_closed() => return,
            _ = sweeps.tick() => connections.sweep(),
        }
    }
}

/// Serves a connection on a task of its own.
fn take_in(stream: TcpStream, router: &Router, connections: &Arc<Connections>) {
    // Answers are small: waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let router = router.clone();
    connections.open(|registration, finish| tokio::spawn(answer_requests(stream, router, registration, finish)));
}

/// Makes room where files have run out; a client that was gone before it was taken in is nobody's business.
async fn mind(error: &io::Error, connections: &Connections) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        warn!(%error, "a connection cannot be taken in");
        connections.close_longest_waiting();
        sleep(PAUSE_AFTER_FAILURE).await;
    }
}

/// Answers the requests of a connection until either side closes it, or the request under way when it is told to finish.
async fn answer_requests(
    stream: TcpStream,
    router: Router,
    registration: Registration,
    mut finish: oneshot::Receiver<()>,
) {
    let io = TokioIo::new(Stream::new(stream, Arc::clone(&registration.connection)));
    let registration = Arc::new(registration);
    let service = service_fn(move |request| answer(request, router.clone(), Arc::clone(&registration)));
    let mut served = pin!(http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).serve_connection(io, service));
    let ended = tokio::select! {
        biased;
        ended = served.as_mut() => ended,
        _ = &mut finish => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}

/// Answers a request once the client has received the answer before it.
async fn answer(
    request: hyper::Request<Incoming>,
    mut router: Router,
    registration: Arc<Registration>,
) -> Result<axum::response::Response, Infallible> {
    let connection = &registration.connection;
    connection.answer_received().await;
    let request: Request = request.map(|body| {
        if hyper::body::Body::is_end_stream(&body) {
            connection.works();
            return Body::empty();
        }
        connection.waits_for_body();
        Body::new(ReceivedBody::new(body, Arc::clone(&registration)))
    });
    let response = router.call(request).await?;
    registration.waits_for_reader(&response);
    Ok(response)
}
