//! `GET /v1/stores/events`: tiles as they change.
//!
//! Each event is a whole tile, so a reader that comes back needs no cursor: it is sent every tile first.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::Response;
use futures_util::{Stream, stream};
use tokio::sync::watch;
use web::sse::{Message, respond};

use super::Api;
use super::stores::TileBody;
use crate::clock;

/// Between two looks at the tiles: at most about two events a second for each store.
const GAP: Duration = Duration::from_millis(500);
/// Rates fall by themselves when nothing happens, so the tiles are looked at this often anyway.
const QUIET: Duration = Duration::from_secs(2);

/// `GET /v1/stores/events`
pub(super) async fn follow(State(api): State<Arc<Api>>) -> Response {
    let shutdown = api.shutdown.clone();
    respond(messages(api), &shutdown)
}

struct Reader {
    changed: watch::Receiver<u64>,
    sent: BTreeMap<String, TileBody>,
    waiting: VecDeque<Message>,
    api: Arc<Api>,
    begun: bool,
}

fn messages(api: Arc<Api>) -> impl Stream<Item = Message> + Send {
    let changed = api.services.live.watch();
    let reader = Reader { changed, sent: BTreeMap::new(), waiting: VecDeque::new(), api, begun: false };
    stream::unfold(reader, |mut reader| async move {
        loop {
            if let Some(message) = reader.waiting.pop_front() {
                return Some((message, reader));
            }
            if reader.begun {
                tokio::time::sleep(GAP).await;
                // Either outcome means that it is time to look; the sender lives as long as `api`.
                let _news = tokio::time::timeout(QUIET, reader.changed.changed()).await;
            }
            reader.begun = true;
            reader.look();
        }
    })
}

impl Reader {
    /// Queues the tiles that differ from what was sent.
    fn look(&mut self) {
        self.changed.mark_unchanged();
        for tile in self.api.services.live.tiles(clock::now(), Instant::now()) {
            let body = TileBody::from(&tile);
            if self.sent.get(&body.store) == Some(&body) {
                continue;
            }
            if let Ok(message) = Message::json("store", &body) {
                self.waiting.push_back(message);
            }
            self.sent.insert(body.store.clone(), body);
        }
    }
}
