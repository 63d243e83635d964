//! A small HTTP/1.1 client for one connection at a time, as a handheld has it.
//!
//! A test that kills servers must know of every request whether it was certainly not done or perhaps done, so this client
//! never repeats anything by itself, and its errors tell the two apart. No TLS, no redirects, no compression.

use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A request that got no whole answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nothing was sent: certainly not done.
    #[error("no connection to {address}")]
    NotSent {
        /// The server.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Some or all of it was sent: perhaps done.
    #[error("no answer from {address} to `{request}`")]
    NoAnswer {
        /// The server.
        address: SocketAddr,
        /// Method and target.
        request: String,
        /// What the system said, or what is wrong with the answer.
        #[source]
        source: io::Error,
    },
}

/// A client of one server. The connection is opened when it is needed and kept as long as the server keeps it.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
    headers: String,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// The body, decoded from its transfer coding.
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
    request: String,
}

/// Status and headers of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

/// The body of an answer, read from `source` as far as its framing says.
#[derive(Debug)]
pub(crate) struct Body<R> {
    source: R,
    framing: Framing,
}

#[derive(Debug, Clone, Copy)]
enum Framing {
    /// So many bytes are left.
    Length(u64),
    /// Chunks; so many bytes of the present one are left. `first` until a chunk was begun.
    Chunked { left: u64, first: bool },
    /// Until the connection ends.
    ToEnd,
    /// All of it was read.
    Over,
}

// === impl Client ===

impl Client {
    /// A client of the server at `address`; nothing is connected yet.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address, connection: None, headers: String::new() }
    }

    /// Sends this header with every request.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// Gets `target`, a path with or without a query.
    ///
    /// # Errors
    /// [`HttpError`] when there is no whole answer. A status of 400 or more is an answer.
    pub fn get(&mut self, target: &str) -> Result<Response, HttpError> {
        self.send("GET", target, &[], &[])
    }

    /// Gets `target` and reads its JSON.
    ///
    /// # Errors
    /// When there is no answer, or its status is not 2xx, or its body has another shape than `T`.
    pub fn get_json<T: DeserializeOwned>(&mut self, target: &str) -> Result<T> {
        self.get(target)?.json()
    }

    /// Posts a value as JSON.
    ///
    /// # Errors
    /// [`HttpError`] when there is no whole answer. A status of 400 or more is an answer.
    pub fn post_json<T: Serialize + ?Sized>(
        &mut self,
        target: &str,
        value: &T,
    ) -> Result<Response, HttpError> {
        let body = serde_json::to_vec(value).map_err(|error| HttpError::NotSent {
            address: self.address,
            source: io::Error::new(io::ErrorKind::InvalidInput, error),
        })?;
        self.send("POST", target, &[("content-type", "application/json")], &body)
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// [`HttpError`] when there is no whole answer; the connection is given up then.
    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response, HttpError> {
        let request = format!("{method} {target}");
        let message = self.message(&request, headers, body);
        let mut connection = match self.connection.take() {
            Some(kept) => kept,
            None => connect(self.address)
                .map_err(|source| HttpError::NotSent { address: self.address, source })?,
        };
        let (response, keep) = exchange(&mut connection, request.clone(), &message)
            .map_err(|source| HttpError::NoAnswer { address: self.address, request, source })?;
        if keep {
            self.connection = Some(connection);
        }
        Ok(response)
    }

    /// Opens a connection of its own, sends the request and reads the head of the answer only.
    pub(crate) fn open(
        &self,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<(Head, Body<BufReader<TcpStream>>)> {
        let message = self.message(&format!("GET {target}"), headers, &[]);
        let mut connection =
            connect(self.address).with_context(|| format!("no connection to {}", self.address))?;
        connection.get_mut().write_all(&message).context("the request could not be sent")?;
        let head = read_head(&mut connection).with_context(|| format!("no answer to `GET {target}`"))?;
        let framing = head.framing()?;
        Ok((head, Body { source: connection, framing }))
    }

    fn message(&self, request: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let mut head = format!("{request} HTTP/1.1\r\nhost: {}\r\n{}", self.address, self.headers);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        // One buffer and one write: two would wait for each other's acknowledgement.
        [head.as_bytes(), body].concat()
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&address, SILENCE_MAX)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    Ok(BufReader::with_capacity(16 * 1024, stream))
}

/// The answer, and whether the connection can be used again.
fn exchange(
    connection: &mut BufReader<TcpStream>,
    request: String,
    message: &[u8],
) -> io::Result<(Response, bool)> {
    connection.get_mut().write_all(message)?;
    let head = read_head(connection)?;
    let framing = head.framing()?;
    let mut body = Vec::new();
    Body { source: connection, framing }.take(BODY_BYTES_MAX).read_to_end(&mut body)?;
    let keep = !matches!(framing, Framing::ToEnd)
        && !head.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
        && u64::try_from(body.len()).is_ok_and(|length| length < BODY_BYTES_MAX);
    Ok((Response { status: head.status, headers: head.headers, body, request }, keep))
}

fn read_head(source: &mut impl BufRead) -> io::Result<Head> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        let line = source.by_ref().take(HEAD_BYTES_MAX).read_until(b'\n', &mut text)?;
        if line == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended"));
        }
        if u64::try_from(text.len()).is_ok_and(|length| length > HEAD_BYTES_MAX) {
            return Err(malformed("its head is too long"));
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Response::new(&mut headers);
    parsed.parse(&text).map_err(|error| malformed(&error.to_string()))?;
    let status = parsed.code.ok_or_else(|| malformed("it has no status"))?;
    let pair = |header: &httparse::Header<'_>| {
        (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned())
    };
    Ok(Head { status, headers: parsed.headers.iter().map(pair).collect() })
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the answer is no HTTP/1.1: {what}"))
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

// === impl Head ===

impl Head {
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// RFC 9112, section 6.3.
    fn framing(&self) -> io::Result<Framing> {
        if matches!(self.status, 100..200 | 204 | 304) {
            return Ok(Framing::Over);
        }
        if self.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return Ok(Framing::Chunked { left: 0, first: true });
        }
        match self.header("content-length") {
            Some(length) => {
                length.parse().map(Framing::Length).map_err(|_text| malformed("its length is no number"))
            }
            None => Ok(Framing::ToEnd),
        }
    }
}

// === impl Body ===

impl<R: BufRead> Body<R> {
    /// Reads the size of the next chunk, and the end of the one before.
    fn next_chunk(&mut self, first: bool) -> io::Result<Framing> {
        if !first {
            self.line()?;
        }
        let line = self.line()?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let left = u64::from_str_radix(digits, 16).map_err(|_text| malformed("a chunk has no size"))?;
        if left > 0 {
            return Ok(Framing::Chunked { left, first: false });
        }
        while !self.line()?.is_empty() {}
        Ok(Framing::Over)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.source.by_ref().take(HEAD_BYTES_MAX).read_line(&mut line)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended in the body"));
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }

    /// Reads at most `left` bytes; none before the end is an error.
    fn read_part(&mut self, left: u64, buffer: &mut [u8]) -> io::Result<(usize, u64)> {
        let count = self.source.by_ref().take(left).read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended in the body"));
        }
        Ok((count, left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX))))
    }
}

impl<R: BufRead> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = match self.framing {
                Framing::Over | Framing::Length(0) => 0,
                Framing::ToEnd => self.source.read(buffer)?,
                Framing::Length(left) => {
                    let (count, left) = self.read_part(left, buffer)?;
                    self.framing = Framing::Length(left);
                    count
                }
                Framing::Chunked { left: 0, first } => {
                    self.framing = self.next_chunk(first)?;
                    continue;
                }
                Framing::Chunked { left, first } => {
                    let (count, left) = self.read_part(left, buffer)?;
                    self.framing = Framing::Chunked { left, first };
                    count
                }
            };
            return Ok(count);
        }
    }
}

// === impl Response ===

impl Response {
    /// The first header of this name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The answer itself if its status is 2xx.
    ///
    /// # Errors
    /// When it is not; the message has the beginning of the body.
    pub fn success(self) -> Result<Self> {
        if !(200..300).contains(&self.status) {
            let said: String = self.text().chars().take(500).collect();
            bail!("`{}` was answered with {}: {said}", self.request, self.status);
        }
        Ok(self)
    }

    /// The body of a 2xx answer as JSON.
    ///
    /// # Errors
    /// When the status is not 2xx or the body has another shape than `T`.
    pub fn json<T: DeserializeOwned>(self) -> Result<T> {
        let response = self.success()?;
        serde_json::from_slice(&response.body).with_context(|| {
            let said: String = response.text().chars().take(500).collect();
            format!("the answer to `{}` has another shape: {said}", response.request)
        })
    }
}

/// A server that says nothing for so long is taken for dead.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Longest head of an answer, and longest line of a chunked body.
const HEAD_BYTES_MAX: u64 = 64 * 1024;
/// Longest body that is taken whole.
const BODY_BYTES_MAX: u64 = 256 * 1024 * 1024;

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
