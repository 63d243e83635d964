//! From the text of a file to its setup and its lines. Every line is looked at, so that all mistakes are told at once.

use std::collections::BTreeMap;

use jiff::civil;
use jiff::tz::TimeZone;

use super::args::{self, Args};
use super::clock::{Clock, DayMeans, clock_time, date};
use super::grammar::{Does, Verb};
use super::lex::{Word, words};
use super::line::Line;
use super::problem::{Problem, nearest};
use super::read::Reader;
use super::setup::{Setup, StoreScope};
use super::verbs;
use crate::ids::{DeviceId, DeviceSeq, EventId, StoreId, UserId};
use crate::time::Timestamp;

/// A file, read.
#[derive(Debug, Clone)]
pub(crate) struct Parsed {
    pub(crate) setup: Setup,
    /// Events and questions, in the order of the file.
    pub(crate) lines: Vec<Line>,
}

/// Reads a file.
pub(crate) fn parse(text: &str) -> Result<Parsed, Vec<Problem>> {
    let mut parser = Parser::default();
    let mut problems = Vec::new();
    for (number, line) in (1usize..).zip(text.lines()) {
        if let Err(problem) = parser.line(number, line) {
            problems.push(problem);
        }
    }
    parser.setup.ensure_defaults();
    if problems.is_empty() { Ok(Parsed { setup: parser.setup, lines: parser.lines }) } else { Err(problems) }
}

#[derive(Debug)]
struct Parser {
    setup: Setup,
    lines: Vec<Line>,
    day: civil::Date,
    /// When the last event happened.
    last: Option<Timestamp>,
    /// When the last event arrived.
    arrived: Timestamp,
    /// The next sequence number of each device.
    devices: BTreeMap<DeviceId, DeviceSeq>,
}

impl Default for Parser {
    fn default() -> Self {
        Self {
            setup: Setup::default(),
            lines: Vec::new(),
            day: FIRST_DAY,
            last: None,
            arrived: Timestamp::from_millis(i64::MIN),
            devices: BTreeMap::new(),
        }
    }
}

/// The day of a file that names none: a Monday.
const FIRST_DAY: civil::Date = civil::date(2026, 11, 2);
/// When the day of a file begins, for events without a time.
const FIRST_TIME: civil::Time = civil::time(8, 0, 0, 0);
/// How long after the line above an event without a time happens, in milliseconds.
const STEP_MS: i64 = 60_000;

/// The moments before a verb, and how many words they took.
struct When {
    began: Timestamp,
    at: Timestamp,
    taken: usize,
}

impl Parser {
    fn line(&mut self, number: usize, text: &str) -> Result<(), Problem> {
        let all = words(number, text)?;
        let Some(first) = all.first() else { return Ok(()) };
        if first.is("day") {
            return self.set_day(number, &all);
        }
        let scope = self.scope(&all);
        let zone = scope.and_then(|id| self.setup.store(id.as_str())).or_else(|| self.setup.stores().first());
        let clock = Clock { day: self.day, zone: zone.map_or(TimeZone::UTC, |store| store.zone.clone()) };
        let when = when(number, &clock, &all)?;
        let rest = all.get(when.as_ref().map_or(0, |when| when.taken)..).unwrap_or_default();
        let (said, wanted) = split_wanted(number, rest)?;
        let [at, behind @ ..] = said else {
            let hint = "write what happened, such as `10:05 sale oat 1`";
            return Err(Problem::new(number, first.column, "the line has a time and no verb", hint));
        };
        let (verb, at, behind) = verb_of(number, at, behind, wanted.is_some())?;
        if !matches!(verb.does, Does::Set(_)) {
            self.setup.ensure_store();
        }
        let reader = Reader { line: number, setup: &self.setup, clock: &clock };
        let args = args::read(verb, at, behind, &reader)?;
        match verb.does {
            Does::Set(set) => {
                if let Some(when) = when {
                    let what = format!("`{}` says how things are and takes no time", verb.name);
                    let _moment = when.at;
                    return Err(Problem::new(number, first.column, what, "take the time away"));
                }
                set(&mut self.setup, &args)
            }
            Does::Ask(_) | Does::AskArrival(_) => self.push(verb, text, wanted, when.as_ref(), &clock, args),
            Does::Event(_) => {
                let times = args.number("times").copied().unwrap_or(1);
                if times > MOST_TIMES {
                    let what = format!("{times} times is above the most, {MOST_TIMES}");
                    return Err(args.problem("times", what, "write fewer, or a larger quantity"));
                }
                for _ in 0..times {
                    self.push(verb, text, wanted.clone(), when.as_ref(), &clock, args.clone())?;
                }
                Ok(())
            }
        }
    }

    fn set_day(&mut self, number: usize, all: &[Word]) -> Result<(), Problem> {
        let [first, rest @ ..] = all else { return Ok(()) };
        let day = rest.first().and_then(|word| date(&word.text)).filter(|_| rest.len() == 1);
        self.day = day.ok_or_else(|| {
            Problem::new(number, first.column, "`day` needs one day", "write `day 2026-11-24`")
        })?;
        self.last = None;
        Ok(())
    }

    /// The store named by `at` or `from`, in whose zone the line's clock times are read.
    fn scope(&self, all: &[Word]) -> Option<StoreId> {
        let mut pairs = all.iter().zip(all.iter().skip(1));
        let named = pairs
            .find(|(key, name)| (key.is("at") || key.is("from")) && self.setup.store(&name.text).is_some());
        named.and_then(|(_, name)| self.setup.store(&name.text)).map(|store| store.id)
    }

    fn push(
        &mut self,
        verb: &'static Verb,
        text: &str,
        wanted: Option<String>,
        when: Option<&When>,
        clock: &Clock,
        args: Args,
    ) -> Result<(), Problem> {
        let event = matches!(verb.does, Does::Event(_));
        let default = || match self.last {
            Some(last) => Some((last.shifted(STEP_MS), 0)),
            None => clock.read(&format!("{}T{FIRST_TIME}", self.day), None, DayMeans::Start),
        };
        let at = match when {
            Some(when) => when.at,
            None if event => default().map(|(at, _)| at).unwrap_or_default(),
            // Whoever asks knows what has arrived: now is not before that, even when the line above came late.
            None => default().map(|(at, _)| at).unwrap_or_default().max(self.arrived),
        };
        let device = args.text("by").map_or(DEFAULT_DEVICE, String::as_str);
        let offset = self.setup.offsets.get(device).copied().unwrap_or_default().saturating_mul(1000);
        let at = at.shifted(offset);
        let arrives = self.arrival(&args, at)?;
        let device: DeviceId = id(&args, "by", device)?;
        let user: UserId = id(&args, "user", args.text("user").map_or(DEFAULT_USER, String::as_str))?;
        let device_seq = match args.number("seq") {
            Some(number) => DeviceSeq::new(u64::try_from(*number).unwrap_or_default()),
            None => self.devices.get(&device).copied().unwrap_or_default().next(),
        };
        let first = self.setup.stores().first().map(|store| store.id);
        let from_option = |slot| args.store(slot).copied();
        let scope =
            from_option("at").or_else(|| from_option("from store")).or_else(|| first.map(StoreScope::One));
        let scope = scope.unwrap_or(StoreScope::All);
        let store = match scope {
            StoreScope::One(store) => Some(store),
            StoreScope::All => first,
        };
        let Some(store) = store else { return Ok(()) };
        if event {
            self.last = Some(at.shifted(offset.saturating_neg()));
            self.arrived = arrives;
            let known = self.devices.entry(device).or_default();
            *known = device_seq.max(*known);
        }
        self.lines.push(Line {
            verb,
            said: said(text),
            began: when.map_or(at, |when| when.began.shifted(offset)),
            at,
            arrives,
            scope,
            store,
            device,
            device_seq,
            user,
            event_id: args.text("id").map(|text| event_id(text)),
            named: args.text("named").cloned(),
            wanted,
            offset_ms: i32::try_from(offset).unwrap_or_default(),
            fixed: args.flag("fixed"),
            args,
        });
        Ok(())
    }

    fn arrival(&self, args: &Args, at: Timestamp) -> Result<Timestamp, Problem> {
        let Some(arrives) = args.moment("arrives").copied() else { return Ok(at.max(self.arrived)) };
        if arrives < at {
            let hint = "give a later `arrives`, or leave it out";
            return Err(args.problem("arrives", "it arrives before it happened", hint));
        }
        if arrives < self.arrived {
            let hint = "lines stand in the order of arrival: move the line up, or leave `arrives` out";
            return Err(args.problem("arrives", "it arrives before the line above", hint));
        }
        Ok(arrives)
    }
}

/// The most often that one line happens.
const MOST_TIMES: i64 = 10_000;
const DEFAULT_DEVICE: &str = "desk";
const DEFAULT_USER: &str = "ann";

fn id<T: std::str::FromStr<Err = crate::ids::IdError>>(
    args: &Args,
    slot: &str,
    text: &str,
) -> Result<T, Problem> {
    text.parse()
        .map_err(|error: crate::ids::IdError| args.problem(slot, error.to_string(), "write a short name"))
}

/// A UUID as it is; any other text stands for 16 bytes of its own.
fn event_id(text: &str) -> EventId {
    text.parse().unwrap_or_else(|_no_uuid| {
        let hash = blake3::hash(text.as_bytes());
        let (half, _rest) = hash.as_bytes().split_at(16);
        EventId::new(half.try_into().unwrap_or_default())
    })
}

/// The line as it is written, up to what is expected of it and without a comment.
fn said(text: &str) -> String {
    let mut said = String::new();
    let mut in_quotes = false;
    let mut before = ' ';
    for letter in text.chars() {
        if letter == '"' && before != '\\' {
            in_quotes = !in_quotes;
        }
        if !in_quotes && before.is_whitespace() && (letter == '#' || letter == '=') {
            break;
        }
        said.push(letter);
        before = letter;
    }
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words before `=` or `=>`, and what is expected, as text.
fn split_wanted(number: usize, all: &[Word]) -> Result<(&[Word], Option<String>), Problem> {
    let Some(place) = all.iter().position(|word| word.is("=") || word.is("=>")) else {
        return Ok((all, None));
    };
    let (said, rest) = all.split_at_checked(place).unwrap_or((all, &[]));
    let wanted: Vec<&str> = rest.iter().skip(1).map(|word| word.text.as_str()).collect();
    if let (Some(sign), true) = (rest.first(), wanted.is_empty()) {
        let hint = "write what is expected behind it, or take it away";
        return Err(Problem::new(
            number,
            sign.column,
            format!("`{}` has nothing behind it", sign.text),
            hint,
        ));
    }
    Ok((said, Some(wanted.join(" "))))
}

/// The verb, or the question behind `ask` or `expect`.
fn verb_of<'w>(
    number: usize,
    at: &'w Word,
    behind: &'w [Word],
    wanted: bool,
) -> Result<(&'static Verb, &'w Word, &'w [Word]), Problem> {
    let asks = at.is("ask") || at.is("expect");
    if !asks {
        let verb = verbs::find(&at.text).ok_or_else(|| unknown_verb(number, at))?;
        return Ok((verb, at, behind));
    }
    let [question, rest @ ..] = behind else {
        let hint = "write a question behind it, such as `ask on_hand oat`";
        return Err(Problem::new(number, at.column, format!("`{}` asks nothing", at.text), hint));
    };
    if at.is("expect") && !wanted {
        let hint = "write `= ANSWER` behind the question, or `ask` before it";
        return Err(Problem::new(number, at.column, "`expect` expects no answer", hint));
    }
    let verb = verbs::find_question(&question.text).ok_or_else(|| {
        let near = nearest(&question.text, verbs::question_names());
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "the questions are listed in docs/SCENARIOS.md".to_owned(),
        };
        Problem::new(number, question.column, format!("`{}` is no question", question.text), hint)
    })?;
    Ok((verb, question, rest))
}

fn unknown_verb(number: usize, at: &Word) -> Problem {
    let what = format!("`{}` is no verb", at.text);
    if verbs::find_question(&at.text).is_some() {
        return Problem::new(number, at.column, what, format!("ask with `ask {}`", at.text));
    }
    let hint = match nearest(&at.text, verbs::verb_names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "the verbs are listed in docs/SCENARIOS.md; a time is written `10:05`".to_owned(),
    };
    Problem::new(number, at.column, what, hint)
}

/// Reads a moment or a stretch before the verb: `10:05`, `10:05..10:06`, `2026-11-24 10:05..10:06`.
fn when(number: usize, clock: &Clock, all: &[Word]) -> Result<Option<When>, Problem> {
    let Some(first) = all.first() else { return Ok(None) };
    let second = all.get(1);
    if let Some(day) = date(&first.text)
        && let Some((from, to)) = second.and_then(|word| stretch(&word.text))
    {
        let clock = Clock { day, zone: clock.zone.clone() };
        return stretch_of(number, &clock, first, from, to, 2).map(Some);
    }
    if let Some((from, to)) = stretch(&first.text) {
        return stretch_of(number, clock, first, from, to, 1).map(Some);
    }
    let read = clock.read(&first.text, second.map(|word| word.text.as_str()), DayMeans::Start);
    Ok(read.map(|(at, taken)| When { began: at, at, taken }))
}

/// `10:05..10:06`, also with a dash.
fn stretch(text: &str) -> Option<(&str, &str)> {
    text.split_once("..").or_else(|| {
        let (from, to) = text.split_once(['-', '\u{2013}'])?;
        (clock_time(from).is_some() && clock_time(to).is_some()).then_some((from, to))
    })
}

fn stretch_of(
    number: usize,
    clock: &Clock,
    word: &Word,
    from: &str,
    to: &str,
    taken: usize,
) -> Result<When, Problem> {
    let read = |text| clock.read(text, None, DayMeans::Start).map(|(at, _)| at);
    let (Some(began), Some(at)) = (read(from), read(to)) else {
        let what = format!("`{}` is no stretch of time", word.text);
        return Err(Problem::new(number, word.column, what, "write `10:05..10:06`"));
    };
    if at < began {
        let what = format!("`{}` ends before it begins", word.text);
        return Err(Problem::new(number, word.column, what, "write the earlier time first"));
    }
    Ok(When { began, at, taken })
}
