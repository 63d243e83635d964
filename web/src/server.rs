//! A listener with limits, and a way to stop it: no new connections, what is under way is finished, streams end and
//! their readers come back with their cursor.
//!
//! Limits today: plain HTTP/1.1 and HTTP/2 without TLS; a body that trickles in is bounded by its size only.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

/// How a server is told to stop. Clones share one state; triggering it twice is once.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Sender<bool>);

/// What one listener bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; further ones wait in the system's queue.
    pub connections: usize,
    /// How long the head of a request may take, and how long an idle connection is kept.
    pub head: Duration,
    /// The longest head of a request, in bytes.
    pub head_bytes: usize,
    /// How long requests under way may take after the shutdown; then they are cut.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2_000,
            head: Duration::from_secs(30),
            head_bytes: 64 * 1024,
            grace: Duration::from_secs(10),
        }
    }
}

// === impl Shutdown ===

impl Shutdown {
    /// A shutdown that nobody has triggered.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Tells everyone who waits, now and later.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was triggered.
    #[must_use]
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends once it is triggered.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        // The sender goes along: without one, waiting would end too early.
        let shutdown = self.clone();
        async move {
            let mut receiver = shutdown.0.subscribe();
            receiver.wait_for(|triggered| *triggered).map(drop).await;
        }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

/// Serves a router on a listener until `shutdown`, then drains. Returns how many connections had to be cut because
/// they took longer than [`Limits::grace`].
///
/// Handlers may ask for the peer with `ConnectInfo<SocketAddr>`.
pub async fn serve(listener: TcpListener, router: Router, shutdown: &Shutdown, limits: Limits) -> usize {
    let room = Arc::new(Semaphore::new(limits.connections));
    let drain = GracefulShutdown::new();
    let http = protocol(limits);
    let mut connections = JoinSet::new();
    let stop = shutdown.wait();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_ended) = connections.join_next() => continue,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let service = hyper::service::service_fn({
            let router = router.clone();
            move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo(peer));
                router.clone().oneshot(request.map(Body::new))
            }
        });
        let connection = http.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let connection = drain.watch(connection);
        connections.spawn(async move {
            if let Err(broken) = connection.await {
                tracing::debug!(%peer, cause = %broken, "connection ended early");
            }
            drop(permit);
        });
    }
    // Whoever connects from now on is refused by the system and can go elsewhere.
    drop(listener);
    let drained = tokio::time::timeout(limits.grace, drain.shutdown()).await.is_ok();
    while connections.try_join_next().is_some() {}
    let cut = if drained { 0 } else { connections.len() };
    connections.shutdown().await;
    cut
}

fn protocol(limits: Limits) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes.max(SMALLEST_BUFFER));
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.head)
        .keep_alive_timeout(limits.head);
    http
}

/// hyper takes no smaller buffer.
const SMALLEST_BUFFER: usize = 8_192;

/// Waits for room, then for a connection; `None` when the connection broke before it was ours.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are small and awaited: none may wait for a second packet.
            if let Err(refused) = stream.set_nodelay(true) {
                tracing::debug!(%peer, cause = %refused, "answers may be delayed");
            }
            Some((stream, peer, permit))
        }
        Err(failed) => {
            rest_after(&failed).await;
            None
        }
    }
}

/// A connection that broke is its peer's matter; when the system is out of handles, trying at once would spin.
async fn rest_after(failed: &io::Error) {
    let of_peer = matches!(
        failed.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    );
    if !of_peer {
        tracing::error!(cause = %failed, "no connection can be accepted: check the limit of open files");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use futures_util::{StreamExt, stream};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;

    use super::*;
    use crate::sse;

    struct Running {
        address: SocketAddr,
        shutdown: Shutdown,
        ended: tokio::task::JoinHandle<usize>,
    }

    async fn start(router: Router, limits: Limits) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new();
        let stop = shutdown.clone();
        let ended = tokio::spawn(async move { serve(listener, router, &stop, limits).await });
        Running { address, shutdown, ended }
    }

    async fn send(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn rest(stream: &mut TcpStream) -> String {
        let mut answer = Vec::new();
        // A connection that is cut may end in an error; what came before counts.
        stream.read_to_end(&mut answer).await.unwrap_or_default();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_request_under_way_is_finished_and_new_ones_are_refused() {
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
            async move || {
                begun.notify_one();
                go_on.notified().await;
                "done"
            }
        };
        let running = start(Router::new().route("/", get(handler)), Limits::default()).await;
        let mut stream = send(running.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        begun.notified().await;
        running.shutdown.trigger();
        go_on.notify_one();
        assert!(rest(&mut stream).await.ends_with("done"));
        assert_eq!(running.ended.await.unwrap(), 0);
        assert!(TcpStream::connect(running.address).await.is_err());
    }

    #[tokio::test]
    async fn an_open_event_stream_does_not_hold_the_shutdown_up() {
        let shutdown = Shutdown::new();
        let of_stream = shutdown.clone();
        let handler = async move || {
            let first = sse::Message::json("status", &1).unwrap();
            sse::respond(stream::iter([first]).chain(stream::pending()), &of_stream)
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = shutdown.clone();
        let router = Router::new().route("/", get(handler));
        let ended = tokio::spawn(async move { serve(listener, router, &stop, Limits::default()).await });
        let mut stream = send(address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut seen = String::new();
        while !seen.contains("data: 1") {
            let mut piece = [0; 512];
            let length = stream.read(&mut piece).await.unwrap();
            seen.push_str(std::str::from_utf8(&piece[..length]).unwrap());
        }
        shutdown.trigger();
        assert_eq!(ended.await.unwrap(), 0);
        assert!(rest(&mut stream).await.ends_with("0\r\n\r\n"), "the stream must end, not break");
    }

    #[tokio::test]
    async fn what_takes_longer_than_the_grace_is_cut() {
        let begun = Arc::new(Notify::new());
        let handler = {
            let begun = Arc::clone(&begun);
            async move || {
                begun.notify_one();
                std::future::pending::<()>().await;
            }
        };
        let limits = Limits { grace: Duration::ZERO, ..Limits::default() };
        let running = start(Router::new().route("/", get(handler)), limits).await;
        let mut stream = send(running.address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        begun.notified().await;
        running.shutdown.trigger();
        assert_eq!(running.ended.await.unwrap(), 1);
        assert_eq!(rest(&mut stream).await, "");
    }

    #[tokio::test]
    async fn a_head_that_never_ends_is_cut_off() {
        let limits = Limits { head: Duration::from_millis(1), ..Limits::default() };
        let running = start(Router::new(), limits).await;
        let mut stream = send(running.address, "GET / HTTP/1.1\r\nhost:").await;
        assert!(!rest(&mut stream).await.contains("200"));
    }

    #[tokio::test]
    async fn a_head_beyond_the_limit_is_refused() {
        let limits = Limits { head_bytes: 8_192, ..Limits::default() };
        let running = start(Router::new(), limits).await;
        let head = format!("GET / HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n", "x".repeat(20_000));
        let mut stream = send(running.address, &head).await;
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431"));
    }

    #[tokio::test]
    async fn a_connection_beyond_the_limit_waits_for_its_turn() {
        let handler = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
        let limits = Limits { connections: 1, ..Limits::default() };
        let running = start(Router::new().route("/", get(handler)), limits).await;
        let request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let idle = TcpStream::connect(running.address).await.unwrap();
        let mut waiting = send(running.address, request).await;
        drop(idle);
        let own = waiting.local_addr().unwrap().to_string();
        assert!(rest(&mut waiting).await.ends_with(&own));
    }

    #[tokio::test]
    async fn waiting_ends_once_triggered_even_when_it_began_later() {
        let shutdown = Shutdown::default();
        assert!(!shutdown.is_triggered());
        assert!(shutdown.wait().now_or_never().is_none());
        shutdown.clone().trigger();
        shutdown.trigger();
        assert!(shutdown.is_triggered());
        assert!(shutdown.wait().now_or_never().is_some());
    }
}
