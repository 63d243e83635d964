//! A body that is one event, or many in `events`: each is read later by itself, so that one that is wrong holds up none of the
//! others.

use serde::Deserialize;
use serde_json::value::RawValue;
use web::Problem;
use web::extract::from_json_text;
use web::problem::BODY_INVALID;

use super::problems::BATCH_SIZE;

/// What came.
pub(super) enum Sent<'a> {
    /// An object without `events`.
    One(&'a str),
    /// A batch.
    Many(Vec<&'a str>),
}

/// See [`Sent`].
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    events: Option<Vec<&'a RawValue>>,
}

/// Reads a body of at most `max` events.
pub(super) fn read(body: &[u8], max: usize) -> Result<Sent<'_>, Problem> {
    let whole: &RawValue = from_json_text(body)?;
    if !whole.get().starts_with('{') {
        let detail = "`#`: send one event as an object, or many as `{\"events\": [...]}`";
        return Err(Problem::new(&BODY_INVALID, detail));
    }
    let Some(events) = from_json_text::<Envelope<'_>>(whole.get().as_bytes())?.events else {
        return Ok(Sent::One(whole.get()));
    };
    if events.is_empty() || events.len() > max {
        let detail = format!("`#/events` has {} events: send 1 to {max} at a time", events.len());
        return Err(Problem::new(&BATCH_SIZE, detail));
    }
    Ok(Sent::Many(events.into_iter().map(RawValue::get).collect()))
}

impl<'a> Sent<'a> {
    /// All events.
    pub(super) fn events(&self) -> Vec<&'a str> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many.clone(),
        }
    }

    /// Whether it was a batch.
    pub(super) const fn is_batch(&self) -> bool {
        matches!(self, Self::Many(_))
    }
}
