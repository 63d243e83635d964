//! The real agent carries out the script while every write of its SQLite files is recorded.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use tempfile::TempDir;

use crate::image::Image;
use crate::script::{Operation, Todo};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Write,
    Truncate,
    Sync,
    Unlink,
    /// The operation with the number `place` is asked for.
    Begun,
    /// It was answered.
    Answered,
}

/// One thing that was done to one file.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) what: What,
    pub(crate) name: String,
    pub(crate) place: u64,
    pub(crate) bytes: Vec<u8>,
}

/// All that was done, in order.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) entries: Vec<Entry>,
    files: PathBuf,
    _kept: TempDir,
}

impl Record {
    /// Carries out the script and records it. At the end the agent is killed, so that its files stay as they are.
    pub(crate) fn of(script: &[Operation]) -> Self {
        let kept = tempfile::tempdir().unwrap();
        let recorder = Recorder::new(kept.path());
        recorder.mark(What::Begun, 0);
        let mut agent = Running::start(&recorder);
        recorder.mark(What::Answered, 0);
        for (number, operation) in (1..).zip(script) {
            recorder.mark(What::Begun, number);
            match operation.todo {
                Todo::Ask(_) => operation.carry_out(agent.address),
                Todo::Restart => {
                    agent.stop();
                    agent = Running::start(&recorder);
                }
            }
            recorder.mark(What::Answered, number);
        }
        agent.kill();
        Self { entries: read(&recorder.record), files: recorder.directory, _kept: kept }
    }

    pub(crate) fn writes(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.what, What::Write | What::Truncate)).count()
    }

    pub(crate) fn syncs(&self) -> usize {
        self.entries.iter().filter(|entry| entry.what == What::Sync).count()
    }

    /// All of the record makes the files that the agent left, to the byte: nothing was written behind the recorder's back.
    pub(crate) fn is_complete(&self) {
        let mut image = Image::default();
        self.entries.iter().for_each(|entry| image.apply(entry));
        assert!(image.is_of(&self.files), "the record does not make the files that the agent left");
    }
}

/// The library that records, and where it does.
struct Recorder {
    library: PathBuf,
    record: PathBuf,
    directory: PathBuf,
}

impl Recorder {
    fn new(place: &Path) -> Self {
        // As the system names it, for that is how the recorder sees it.
        let place = place.canonicalize().unwrap();
        let (library, source) = (place.join("recorder.so"), place.join("recorder.c"));
        fs::write(&source, include_str!("recorder.c")).unwrap();
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).output();
        let compiled =
            compiled.expect("this test needs a C compiler: run `cargo xtask test`, it installs one");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let (record, directory) = (place.join("record"), place.join("data"));
        File::create(&record).unwrap();
        fs::create_dir(&directory).unwrap();
        Self { library, record, directory }
    }

    /// A line of ours among those of the agent.
    fn mark(&self, what: What, operation: u64) {
        let letter = if what == What::Begun { b'B' } else { b'A' };
        let mut line = vec![letter, 0];
        line.extend(operation.to_le_bytes());
        line.extend([0; 4]);
        File::options().append(true).open(&self.record).unwrap().write_all(&line).unwrap();
    }
}

/// The agent under the recorder. Killed when it is dropped.
struct Running {
    address: SocketAddr,
    child: Child,
    /// Kept open: an agent that cannot write its log is another agent.
    _log: BufReader<ChildStderr>,
}

impl Running {
    fn start(recorder: &Recorder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_shelfline-agent"))
            .args(["run", "--store", "s001", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&recorder.directory)
            .env("LD_PRELOAD", &recorder.library)
            .env("RECORD", &recorder.record)
            .env("RECORDED_DIRECTORY", &recorder.directory)
            .env("RUST_LOG", "info")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "the agent did not start: {said}");
            if let Some((_, rest)) = line.split_once("address=") {
                break rest.split_whitespace().next().unwrap().parse().unwrap();
            }
            said.push_str(&line);
        };
        Self { address, child, _log: log }
    }

    fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        assert!(self.child.wait().unwrap().success());
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn read(record: &Path) -> Vec<Entry> {
    let bytes = fs::read(record).unwrap();
    let mut rest = bytes.as_slice();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (head, after) = rest.split_at(14);
        let length = u32::from_le_bytes(head[10..14].try_into().unwrap()).try_into().unwrap();
        let (name, after) = after.split_at(head[1].into());
        let (bytes, after) = after.split_at(length);
        let what = match head[0] {
            b'W' => What::Write,
            b'T' => What::Truncate,
            b'S' => What::Sync,
            b'U' => What::Unlink,
            b'B' => What::Begun,
            b'A' => What::Answered,
            other => panic!("the record has `{other}`"),
        };
        entries.push(Entry {
            what,
            name: String::from_utf8(name.to_vec()).unwrap(),
            place: u64::from_le_bytes(head[2..10].try_into().unwrap()),
            bytes: bytes.to_vec(),
        });
        rest = after;
    }
    entries
}
