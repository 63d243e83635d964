//! A journal in memory, for tests: the shape of the promise without a disk.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ledger::{Seq, StoreId};
use tokio::sync::Mutex;

use super::{Body, Journal, JournalError, JournalHead, Position, Put, Segment};

/// A journal that forgets when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    stores: Mutex<BTreeMap<StoreId, Vec<Segment>>>,
}

fn head(segments: &[Segment]) -> JournalHead {
    let nonce = segments.iter().rev().find_map(|segment| match segment.body {
        Body::Claim { nonce } => Some(nonce),
        Body::Movements { .. } => None,
    });
    segments.last().map_or_else(JournalHead::default, |last| JournalHead {
        position: Position::new(u64::try_from(segments.len()).unwrap_or(u64::MAX)),
        epoch: last.epoch,
        head: last.head,
        nonce,
    })
}

fn numbered(segments: &[Segment]) -> impl DoubleEndedIterator<Item = (Position, &Segment)> {
    segments
        .iter()
        .enumerate()
        .map(|(at, segment)| (Position::new(u64::try_from(at).unwrap_or(u64::MAX)).next(), segment))
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn head(&self, store: StoreId) -> Result<JournalHead, JournalError> {
        Ok(head(self.stores.lock().await.get(&store).map_or(&[], Vec::as_slice)))
    }

    async fn put(&self, store: StoreId, position: Position, segment: Segment) -> Result<Put, JournalError> {
        let mut stores = self.stores.lock().await;
        let segments = stores.entry(store).or_default();
        let end = head(segments);
        if position != end.position.next() {
            return Ok(Put::Taken(end));
        }
        segments.push(segment);
        Ok(Put::Stored)
    }

    async fn read_from(
        &self,
        store: StoreId,
        position: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Segment)>, JournalError> {
        let stores = self.stores.lock().await;
        let segments = stores.get(&store).map_or(&[][..], Vec::as_slice);
        let wanted = numbered(segments).filter(|(at, _)| *at >= position).take(limit);
        Ok(wanted.map(|(at, segment)| (at, segment.clone())).collect())
    }

    async fn find(&self, store: StoreId, seq: Seq) -> Result<JournalHead, JournalError> {
        let stores = self.stores.lock().await;
        let segments = stores.get(&store).map_or(&[][..], Vec::as_slice);
        let found = numbered(segments).rev().find(|(_, segment)| segment.head.seq <= seq);
        Ok(found.map_or_else(JournalHead::default, |(position, segment)| JournalHead {
            position,
            epoch: segment.epoch,
            head: segment.head,
            nonce: None,
        }))
    }

    async fn stores(&self) -> Result<Vec<StoreId>, JournalError> {
        Ok(self.stores.lock().await.keys().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance;
    use super::*;

    #[tokio::test]
    async fn it_keeps_every_promise() {
        conformance::check(&MemoryJournal::default()).await.unwrap();
    }
}
