//! One connection to a printer: what it says of itself, and labels sent to it.
//!
//! A batch counts as taken when the printer answers a question that was sent behind it: what arrives over TCP arrives in
//! order. Only of printers that answer nothing the end of the connection has to be proof enough.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::host_status::{HostStatus, QUERY};
use super::job::Trouble;
use super::printer::Printer;

/// How long a printer may take to accept a connection.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// How long it may take no byte; one that prints a batch with its buffer full takes seconds.
const WRITE_MAX: Duration = Duration::from_secs(30);
/// How long it may take to answer when nothing was sent before.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long it may take to answer behind labels: a question waits in line when the printer's buffer is full, and asking in
/// vain would print them twice.
const TAKE_MAX: Duration = Duration::from_secs(60);
/// The longest answer; a status has about 80 bytes.
const ANSWER_BYTES_MAX: usize = 1_024;
/// Bytes written at once, so that a slow printer is told from a dead one.
const PIECE_BYTES: usize = 4_096;

/// A connection to a printer.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    answers: bool,
}

impl Line {
    /// Connects.
    ///
    /// # Errors
    /// [`Trouble`] `printer_offline`.
    pub(crate) async fn open(printer: &Printer) -> Result<Self, Trouble> {
        let address = printer.address.as_str();
        let offline = |why: &str| {
            let next = "check that it is switched on and in the network";
            trouble("printer_offline", format!("no connection to `{address}` ({why}): {next}"))
        };
        match timeout(CONNECT_MAX, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => Ok(Self { stream, answers: printer.answers }),
            Ok(Err(refused)) => Err(offline(&refused.to_string())),
            Err(_elapsed) => Err(offline("it does not answer")),
        }
    }

    /// Asks how the printer is.
    ///
    /// # Errors
    /// [`Trouble`] when it does not say.
    pub(crate) async fn status(&mut self) -> Result<HostStatus, Trouble> {
        self.status_within(ANSWER_MAX).await
    }

    async fn status_within(&mut self, most: Duration) -> Result<HostStatus, Trouble> {
        self.write(QUERY).await?;
        let mut answer = Vec::new();
        let read = async {
            let mut piece = [0; 256];
            while !HostStatus::is_whole(&answer) && answer.len() < ANSWER_BYTES_MAX {
                let length = self.stream.read(&mut piece).await?;
                if length == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                answer.extend(piece.iter().take(length));
            }
            Ok::<_, io::Error>(())
        };
        match timeout(most, read).await {
            Ok(Ok(())) => {
                HostStatus::read(&answer).map_err(|refused| trouble("status_unreadable", refused.to_string()))
            }
            Ok(Err(broken)) => Err(lost(&broken)),
            Err(_elapsed) => {
                let next = "switch it off and on, or set `answers` to false if it never does";
                let detail = format!("the printer did not answer `~HS` within {} s: {next}", most.as_secs());
                Err(trouble("printer_silent", detail))
            }
        }
    }

    /// Whether labels can be sent now. Of a printer that answers nothing this is not known.
    ///
    /// # Errors
    /// [`Trouble`] with what somebody has to do at the printer, or when it does not say.
    pub(crate) async fn ready(&mut self) -> Result<(), Trouble> {
        if !self.answers {
            return Ok(());
        }
        match self.status().await?.hindrance() {
            None => Ok(()),
            Some((code, detail)) => Err(trouble(code, detail)),
        }
    }

    /// Sends labels. What it answers with says how the printer is after it: labels are taken either way.
    ///
    /// # Errors
    /// [`Trouble`] when it is not known whether the printer has taken them.
    pub(crate) async fn send(&mut self, labels: &[String]) -> Result<Result<(), Trouble>, Trouble> {
        for label in labels {
            self.write(label.as_bytes()).await?;
        }
        if !self.answers {
            return Ok(Ok(()));
        }
        Ok(match self.status_within(TAKE_MAX).await?.hindrance() {
            None => Ok(()),
            Some((code, detail)) => Err(trouble(code, detail)),
        })
    }

    /// Ends the connection after everything that was sent.
    ///
    /// # Errors
    /// [`Trouble`] when the printer is gone.
    pub(crate) async fn close(mut self) -> Result<(), Trouble> {
        match timeout(WRITE_MAX, self.stream.shutdown()).await {
            Ok(ended) => ended.map_err(|broken| lost(&broken)),
            Err(_elapsed) => Err(stuck()),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        for piece in bytes.chunks(PIECE_BYTES) {
            match timeout(WRITE_MAX, self.stream.write_all(piece)).await {
                Ok(written) => written.map_err(|broken| lost(&broken))?,
                Err(_elapsed) => return Err(stuck()),
            }
        }
        Ok(())
    }
}

fn lost(broken: &io::Error) -> Trouble {
    trouble("connection_lost", format!("the connection to the printer broke ({broken}): check its cable"))
}

fn stuck() -> Trouble {
    let detail = format!("the printer took nothing for {} s: look at its display", WRITE_MAX.as_secs());
    trouble("printer_stuck", detail)
}

fn trouble(code: &str, detail: impl Into<String>) -> Trouble {
    Trouble { code: code.to_owned(), detail: detail.into() }
}
