//! A program under test: started with its output in a log, paused, killed without warning, started again.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::binary;
use crate::patience::Patience;

/// How to start a program. It can be started again and again; the log goes on.
#[derive(Debug, Clone)]
pub struct Program {
    name: String,
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    log: PathBuf,
}

/// A program that was started. It is killed when this value is dropped.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    log: PathBuf,
}

// === impl Program ===

impl Program {
    /// A program of this workspace, found as [`binary::find`] does; what it prints is appended to the file `log`.
    ///
    /// # Errors
    /// When it has not been built.
    pub fn of_workspace(name: &str, log: impl Into<PathBuf>) -> Result<Self> {
        Ok(Self::at(binary::find(name)?, log))
    }

    /// Any program.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Self { name, path, arguments: Vec::new(), environment: Vec::new(), log: log.into() }
    }

    /// Called so in messages, when there are several of one program.
    #[must_use]
    pub fn called(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// With more arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// With a variable in its environment.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Starts the program.
    ///
    /// # Errors
    /// When it or its log cannot be opened.
    pub fn start(&self) -> Result<Running> {
        let mut log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("the log `{}` cannot be opened", self.log.display()))?;
        writeln!(log, "--- start of {}", self.name).context("the log cannot be written")?;
        let child = self
            .command()
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("the log cannot be shared")?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("`{}` cannot be started", self.path.display()))?;
        Ok(Running { name: self.name.clone(), child, log: self.log.clone() })
    }

    /// Runs the program to its end and returns what it printed on standard output.
    ///
    /// # Errors
    /// When it cannot be started or fails; the message has what it printed on standard error.
    pub fn output(&self) -> Result<String> {
        let output = self
            .command()
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("`{}` cannot be started", self.path.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{} failed ({}): {}", self.name, output.status, said.trim());
        }
        String::from_utf8(output.stdout)
            .with_context(|| format!("{} printed something else than text", self.name))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

// === impl Running ===

impl Running {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process at once, as `kill -9` does, and waits until it is gone.
    ///
    /// # Errors
    /// When it had ended by itself before: a test that kills wants to kill something.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(status) = self.ended()? {
            bail!("{} had ended before it was killed ({status}){}", self.name, self.log_tail());
        }
        self.child.kill().with_context(|| format!("{} cannot be killed", self.name))?;
        self.child.wait().with_context(|| format!("{} was lost", self.name))?;
        Ok(())
    }

    /// Asks the process to end (SIGTERM) and waits until it does.
    ///
    /// # Errors
    /// When it does not end; it is killed then.
    pub fn stop(&mut self, patience: Patience) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        let name = self.name.clone();
        let ended = patience.until(&format!("{name} ends as asked"), || {
            self.ended()?.ok_or_else(|| anyhow!("it is still running"))
        });
        match ended {
            Ok(status) => Ok(status),
            Err(error) => {
                let tail = self.log_tail();
                self.kill()?;
                Err(anyhow!("{error}{tail}"))
            }
        }
    }

    /// Stops the process where it is (SIGSTOP), as a frozen machine does.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pause(&mut self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a paused process go on (SIGCONT).
    ///
    /// # Errors
    /// When it has ended.
    pub fn resume(&mut self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// How the process ended; `None` while it runs.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("{} was lost", self.name))
    }

    /// Looks until `probe` succeeds, as [`Patience::until`] does, and gives up at once when the process ends.
    ///
    /// # Errors
    /// When it gave up; the message has the end of the log.
    pub fn wait_until<T>(
        &mut self,
        patience: Patience,
        what: &str,
        mut probe: impl FnMut() -> Result<T>,
    ) -> Result<T> {
        let what = format!("{} {what}", self.name);
        let found = patience.until(&what, || match self.ended()? {
            Some(status) => Ok(Err(anyhow!("{} ended ({status}) while waiting until {what}", self.name))),
            None => probe().map(Ok),
        });
        found.flatten().map_err(|error| anyhow!("{error}{}", self.log_tail()))
    }

    /// Memory that the process has in RAM, in KiB.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn resident_kib(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.id());
        let status = fs::read_to_string(&path).with_context(|| format!("`{path}` cannot be read"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        number.with_context(|| format!("`{path}` does not tell the resident memory of {}", self.name))
    }

    /// The file its output goes to.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines of the log, with a heading, for a message.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let text = tail(&self.log).unwrap_or_else(|error| format!("(cannot be read: {error})"));
        format!("\n--- the end of `{}`\n{text}", self.log.display())
    }

    fn signal(&mut self, signal: Signal) -> Result<()> {
        if let Some(status) = self.ended()? {
            bail!("{} had ended before ({status}){}", self.name, self.log_tail());
        }
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).context("no process has this id")?;
        kill_process(id, signal).with_context(|| format!("{} cannot be signalled", self.name))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing can be done about an error here: the process is gone already or was never ours.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The last lines of a file, as far as [`TAIL_BYTES`] go.
fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = if length > TAIL_BYTES { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &*text };
    Ok(whole.to_owned())
}

/// About 40 lines.
const TAIL_BYTES: u64 = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn shell(scratch: &Scratch, script: &str) -> Program {
        Program::at("/bin/sh", scratch.join("log")).called("shell").args(["-c", script])
    }

    #[test]
    fn a_program_is_killed_and_started_again_with_one_log() {
        let scratch = Scratch::new("process").unwrap();
        let program = shell(&scratch, "echo ready; exec sleep 600");
        for start in 1..=2 {
            let mut running = program.start().unwrap();
            running
                .wait_until(Patience::SHORT, "is ready", || {
                    let seen = fs::read_to_string(scratch.join("log"))?.matches("ready").count();
                    if seen == start { Ok(()) } else { bail!("ready {seen} times") }
                })
                .unwrap();
            assert!(running.resident_kib().unwrap() > 0);
            running.kill().unwrap();
        }
        let log = fs::read_to_string(scratch.join("log")).unwrap();
        assert_eq!(log, "--- start of shell\nready\n--- start of shell\nready\n");
    }

    #[test]
    fn a_program_that_ends_early_is_noticed_with_its_last_words() {
        let scratch = Scratch::new("process").unwrap();
        let mut running = shell(&scratch, "echo no licence; exit 3").start().unwrap();
        let error = running
            .wait_until(Patience::SHORT, "listens", || -> Result<()> { bail!("it does not") })
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("shell ended (exit status: 3) while waiting until shell listens"),
            "{error}"
        );
        assert!(error.contains("no licence"), "{error}");
        assert!(running.kill().is_err());
    }

    #[test]
    fn a_program_ends_when_asked() {
        let scratch = Scratch::new("process").unwrap();
        let mut running = shell(&scratch, "exec sleep 600").start().unwrap();
        running.pause().unwrap();
        running.resume().unwrap();
        let status = running.stop(Patience::SHORT).unwrap();
        assert_eq!(status.code(), None, "it was ended by a signal");
    }

    #[test]
    fn the_output_of_a_failing_program_is_in_the_error() {
        let scratch = Scratch::new("process").unwrap();
        assert_eq!(shell(&scratch, "echo fine").output().unwrap(), "fine\n");
        let error = shell(&scratch, "echo bad key >&2; exit 64").output().unwrap_err();
        assert_eq!(error.to_string(), "shell failed (exit status: 64): bad key");
    }

    #[test]
    fn a_long_log_is_shown_from_a_whole_line() {
        let scratch = Scratch::new("process").unwrap();
        let path = scratch.join("log");
        let lines: String = (0..2000).map(|n| format!("line {n}\n")).collect();
        fs::write(&path, lines).unwrap();
        let tail = tail(&path).unwrap();
        assert!(tail.starts_with("line ") && tail.ends_with("line 1999\n"), "{tail}");
    }
}
