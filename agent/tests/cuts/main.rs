//! The agent is cut off after every single write to its replica, in the midst of every operation: no operation is there in
//! half, nothing that was answered is missing, and what was not answered is done once when it is asked for again.
//!
//! - `script`: the operations, as requests over HTTP.
//! - `record`: the real agent carries them out while every write of its SQLite files is recorded (`recorder.c`).
//! - `image`: the files as they were after so many of the writes, and what is in them.
//! - `check`: what holds after each.
//!
//! A cut is not a process killed but a prefix of the record: what a kill at that write leaves on the disk. So there is one
//! for every write, by construction, and none takes longer than opening the replica. All of them are tried;
//! `SHELFLINE_CUT_STRIDE=7` tries every seventh.
#![cfg(unix)]

#[cfg(test)]
mod check;
#[cfg(test)]
mod image;
#[cfg(test)]
mod record;
#[cfg(test)]
mod script;

#[cfg(test)]
mod tests {
    use crate::check::Cuts;
    use crate::record::Record;
    use crate::script::{self, Printer};

    #[test]
    fn an_agent_cut_off_at_any_write_leaves_no_half_operation() {
        let printer = Printer::start();
        let script = script::mixed(&printer);
        let record = Record::of(&script);
        record.is_complete();
        let tried = Cuts::new(&script, &record).try_all();
        eprintln!(
            "{} writes, {} syncs of {} operations; {tried} cuts tried",
            record.writes(),
            record.syncs(),
            script.len()
        );
        assert!(record.writes() > 700, "a script of few writes proves little");
    }
}
