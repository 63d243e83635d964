//! Reads a stream of server-sent events.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;

use anyhow::{Context as _, Result, bail};

use crate::http::{Body, Client};

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// Its id, with which a later stream can go on after it.
    pub id: Option<String>,
    /// Its kind; `None` means a plain message.
    pub kind: Option<String>,
    /// Its data, lines joined with LF.
    pub data: String,
}

/// An open stream of events.
#[derive(Debug)]
pub struct Events {
    lines: BufReader<Body<BufReader<TcpStream>>>,
}

impl Events {
    /// Opens the stream at `target` on a connection of its own; with `after`, it goes on after the event of that id.
    ///
    /// # Errors
    /// When there is no answer or it is no event stream.
    pub fn open(client: &Client, target: &str, after: Option<&str>) -> Result<Self> {
        let mut headers = vec![("accept", "text/event-stream")];
        headers.extend(after.map(|id| ("last-event-id", id)));
        let (head, body) = client.open(target, &headers)?;
        let kind = head.header("content-type").unwrap_or_default();
        if head.status() != 200 || !kind.starts_with("text/event-stream") {
            bail!("`GET {target}` was answered with {} and `{kind}` instead of events", head.status());
        }
        Ok(Self { lines: BufReader::new(body) })
    }

    /// The next event; `None` when the server ended the stream. Waits for it, and gives up after a minute of silence.
    ///
    /// # Errors
    /// When the stream breaks or is silent.
    pub fn next_event(&mut self) -> Result<Option<Event>> {
        let mut event = Event::default();
        let mut lines_of_data = Vec::new();
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line).context("the stream of events broke")? == 0 {
                return Ok(None);
            }
            let text = line.trim_end_matches(['\r', '\n']);
            let (field, value) = text.split_once(':').unwrap_or((text, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                // An empty line ends the event; without data it was none, such as a comment that keeps the line open.
                "" if text.is_empty() && !lines_of_data.is_empty() => {
                    event.data = lines_of_data.join("\n");
                    return Ok(Some(event));
                }
                "id" => event.id = Some(value.to_owned()),
                "event" => event.kind = Some(value.to_owned()),
                "data" => lines_of_data.push(value.to_owned()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn events_are_read_one_by_one_and_resumed_by_id() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).unwrap();
            stream
                .write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\n\
                      id: 8\nevent: movement\ndata: {\"a\":\ndata: 1}\n\nid:9\ndata:x\n\n",
                )
                .unwrap();
            String::from_utf8_lossy(request.get(..length).unwrap()).into_owned()
        });
        let mut events = Events::open(&Client::new(address), "/v1/events", Some("7")).unwrap();
        let first = Event {
            id: Some("8".to_owned()),
            kind: Some("movement".to_owned()),
            data: "{\"a\":\n1}".to_owned(),
        };
        assert_eq!(events.next_event().unwrap(), Some(first));
        assert_eq!(
            events.next_event().unwrap(),
            Some(Event { id: Some("9".to_owned()), kind: None, data: "x".to_owned() })
        );
        assert_eq!(events.next_event().unwrap(), None);
        assert!(server.join().unwrap().contains("last-event-id: 7\r\n"));
    }
}
