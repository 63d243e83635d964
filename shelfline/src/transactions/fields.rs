//! What the text in a field means: quantities, prices, times, and why goods are gone.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use ledger::{Money, Reason};

/// Which of two numbers in a date such as `03/04/2011` is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 3 April.
    DayFirst,
    /// 4 March.
    MonthFirst,
}

/// A field that cannot be taken: a stable code, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) next: &'static str,
}

/// A whole number, not zero, that a `u32` holds without its sign. `6`, `-6`, `6.0` and `+6` are numbers.
pub(crate) fn quantity(text: &str) -> Result<i64, Bad> {
    let invalid = |code, message: &str, next| Err(Bad { code, message: message.to_owned(), next });
    if text.is_empty() {
        return invalid("quantity_missing", "there is no quantity", "write how many pieces moved");
    }
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let Ok(number) = whole.parse::<i64>() else {
        return invalid(
            "quantity_invalid",
            "it is no number",
            "write digits, with a minus for what comes back or is gone",
        );
    };
    // Three digits behind a separator may be decimals or thousands: `1.000` is one piece or a thousand.
    if fraction.len() == 3 || fraction.bytes().any(|byte| byte != b'0') {
        return invalid(
            "quantity_not_whole",
            "it is no whole number",
            "write whole pieces without separators (grams for weighed goods)",
        );
    }
    match u32::try_from(number.unsigned_abs()) {
        Ok(0) => invalid("quantity_zero", "nothing moved", "leave the row out or correct the quantity"),
        Ok(_) => Ok(number),
        Err(_above) => invalid("quantity_too_large", "it is above 4294967295", "correct the quantity"),
    }
}

/// An amount in minor units, rounded half away from zero once (R3); empty is none.
///
/// `2.55`, `2,55`, `1,234.56` and `1.234,56` are understood; `1,234` is not, for it may be either.
pub(crate) fn price(text: &str) -> Result<Option<Money>, Bad> {
    if text.is_empty() {
        return Ok(None);
    }
    let invalid = || Bad {
        code: "price_invalid",
        message: "it is no amount".to_owned(),
        next: "write digits with a decimal point, such as `2.55`, without a currency",
    };
    let (negative, size) = text.strip_prefix('-').map_or((false, text), |size| (true, size));
    let decimal = match (size.rfind('.'), size.rfind(',')) {
        (Some(point), Some(comma)) if comma > point => ',',
        (None, Some(_)) if size.split_once(',').is_some_and(|(_, behind)| behind.len() == 3) => {
            return Err(Bad {
                code: "price_ambiguous",
                message: "the comma may separate thousands or decimals".to_owned(),
                next: "write `1234` or `1.234`",
            });
        }
        (None, Some(_)) => ',',
        (_, None) | (Some(_), Some(_)) => '.',
    };
    let (whole, fraction) = size.split_once(decimal).unwrap_or((size, ""));
    let whole: String = whole.chars().filter(|c| !matches!(c, ',' | '.')).collect();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(&whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return Err(invalid());
    }
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    let thousandths: i64 = format!("0{whole}{thousandths}").parse().map_err(|_too_large| invalid())?;
    let minor = (thousandths / 10) + i64::from(thousandths % 10 >= 5);
    Ok(Some(Money::new(if negative { -minor } else { minor })))
}

/// A moment. Times with an offset are taken as they are, all others are local times of `zone`.
///
/// A local time that does not exist (clocks go forward) is read as if they had not gone forward yet, so 01:30 becomes
/// 02:30; of one that exists twice (clocks go back) the earlier is taken. A date without a time is read as noon, because
/// midnight would belong to the trading day before (R16).
pub(crate) fn time(text: &str, zone: &TimeZone, order: Option<DateOrder>) -> Result<Timestamp, Bad> {
    let invalid = || Bad {
        code: "date_invalid",
        message: "it is no date and time".to_owned(),
        next: "write it as `2011-03-27 09:30:00`",
    };
    if text.is_empty() {
        return Err(Bad {
            code: "date_missing",
            message: "there is no date".to_owned(),
            next: "write when it happened",
        });
    }
    let with_offset = text.get(10..).is_some_and(|behind_date| behind_date.contains(['Z', 'z', '+', '-']));
    if with_offset {
        return text.parse().map_err(|_unread| invalid());
    }
    let (day, clock) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let date = date(day, order)?.ok_or_else(invalid)?;
    let time = time_of_day(clock.trim()).ok_or_else(invalid)?;
    zone.to_timestamp(DateTime::from_parts(date, time)).map_err(|_out_of_range| invalid())
}

/// `2011-03-27`, `27.03.2011`, and with `/` or `-` the orders that the numbers or `order` allow.
fn date(text: &str, order: Option<DateOrder>) -> Result<Option<Date>, Bad> {
    let Some(separator) = text.chars().find(|c| matches!(c, '-' | '/' | '.')) else { return Ok(None) };
    let mut parts = text.split(separator);
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    let numbers = (number(a), number(b), number(c));
    let (Some(first), Some(second), Some(third)) = numbers else { return Ok(None) };
    if a.len() == 4 {
        return Ok(calendar(first, second, third));
    }
    if c.len() != 4 {
        return Ok(None);
    }
    let day_first = match order {
        _ if separator == '.' || first > 12 || first == second => true,
        _ if second > 12 => false,
        Some(order) => order == DateOrder::DayFirst,
        None => {
            return Err(Bad {
                code: "date_ambiguous",
                message: "day and month cannot be told apart".to_owned(),
                next: "say `--date-order dmy` or `--date-order mdy`",
            });
        }
    };
    let (day, month) = if day_first { (first, second) } else { (second, first) };
    Ok(calendar(third, month, day))
}

fn calendar(year: u16, month: u16, day: u16) -> Option<Date> {
    let small = |number: u16| i8::try_from(number).ok();
    Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()
}

/// `9:30`, `09:30:15`, `09:30:15.250`, `9:30 pm`; noon when empty.
fn time_of_day(text: &str) -> Option<Time> {
    if text.is_empty() {
        return Some(Time::constant(12, 0, 0, 0));
    }
    let lower = text.to_ascii_lowercase();
    let (clock, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        (None, None) => (lower.as_str(), None),
    };
    let mut parts = clock.trim().split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = match parts.next() {
        None => 0,
        Some(text) => number(text.split_once('.').map_or(text, |(whole, _fraction)| whole))?,
    };
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
    };
    let small = |number: u16| i8::try_from(number).ok();
    if parts.next().is_some() {
        None
    } else {
        Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()
    }
}

fn number(text: &str) -> Option<u16> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) { None } else { text.parse().ok() }
}

/// Why goods are gone, guessed from the note on the row.
///
/// A word that begins with damag, broke, crack, crush, smash, rust, mould, fault or unsale, the word `wet`, or `throw` /
/// `thrown` before `away` speaks of damage; the words lost, missing, stolen and mia (missing in action) of a loss whose
/// cause nobody knows. If the note speaks of exactly one of the two, that is the reason; in every other case it is a
/// correction of the record (`data_entry`).
pub(crate) fn reason(note: &str) -> Reason {
    let note = note.to_ascii_lowercase();
    let words: Vec<&str> =
        note.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    let begins = |word: &&str| DAMAGE_BEGINNINGS.iter().any(|beginning| word.starts_with(beginning));
    let away = words.windows(2).any(|pair| matches!(pair, ["throw" | "thrown", "away"]));
    let damaged = away || words.iter().any(|word| *word == "wet" || begins(word));
    let lost = words.iter().any(|word| matches!(*word, "lost" | "missing" | "stolen" | "mia"));
    match (damaged, lost) {
        (true, false) => Reason::Damage,
        (false, true) => Reason::CountVariance,
        (true, true) | (false, false) => Reason::DataEntry,
    }
}

const DAMAGE_BEGINNINGS: [&str; 9] =
    ["damag", "broke", "crack", "crush", "smash", "rust", "mould", "fault", "unsale"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_whole_and_not_zero() {
        #[rustfmt::skip]
        let cases: &[(&str, Result<i64, &str>)] = &[
            ("6",          Ok(6)),
            ("-74215",     Ok(-74_215)),
            ("+6",         Ok(6)),
            ("6.0",        Ok(6)),
            ("6,00",       Ok(6)),
            ("",           Err("quantity_missing")),
            ("0",          Err("quantity_zero")),
            ("six",        Err("quantity_invalid")),
            ("1.5",        Err("quantity_not_whole")),
            ("1,000",      Err("quantity_not_whole")),
            ("1.000",      Err("quantity_not_whole")),
            ("1.000,5",    Err("quantity_not_whole")),
            ("4294967295", Ok(4_294_967_295)),
            ("4294967296", Err("quantity_too_large")),
            ("99999999999999999999", Err("quantity_invalid")),
        ];
        for (text, expect) in cases {
            assert_eq!(quantity(text).map_err(|bad| bad.code), *expect, "{text}");
        }
    }

    #[test]
    fn prices_in_both_notations() {
        #[rustfmt::skip]
        let cases: &[(&str, Result<Option<i64>, &str>)] = &[
            ("",          Ok(None)),
            ("2.55",      Ok(Some(255))),
            ("2,55",      Ok(Some(255))),
            ("3",         Ok(Some(300))),
            (".5",        Ok(Some(50))),
            ("0.001",     Ok(Some(0))),
            ("0.005",     Ok(Some(1))),
            ("-11062.06", Ok(Some(-1_106_206))),
            ("1,234.56",  Ok(Some(123_456))),
            ("1.234,56",  Ok(Some(123_456))),
            ("1,234",     Err("price_ambiguous")),
            ("£2.55",     Err("price_invalid")),
            ("-",         Err("price_invalid")),
            ("99999999999999999999", Err("price_invalid")),
        ];
        for (text, expect) in cases {
            let read = price(text).map(|money| money.map(Money::minor)).map_err(|bad| bad.code);
            assert_eq!(read, *expect, "{text}");
        }
    }

    #[test]
    fn times_in_london() {
        let london = TimeZone::get("Europe/London").unwrap();
        #[rustfmt::skip]
        let cases: &[(&str, Option<DateOrder>, Result<&str, &str>)] = &[
            ("2010-12-01 08:26:00",       None, Ok("2010-12-01T08:26:00Z")),
            ("2011-07-01T08:26",          None, Ok("2011-07-01T07:26:00Z")),
            ("2011-07-01 8:26:30.5",      None, Ok("2011-07-01T07:26:30Z")),
            ("2011-07-01T08:26:00+02:00", None, Ok("2011-07-01T06:26:00Z")),
            ("2011-07-01T08:26:00Z",      None, Ok("2011-07-01T08:26:00Z")),
            ("2011/07/01 08:26",          None, Ok("2011-07-01T07:26:00Z")),
            ("01.07.2011 08:26",          None, Ok("2011-07-01T07:26:00Z")),
            ("12/13/2010 8:26",           None, Ok("2010-12-13T08:26:00Z")),
            ("13/12/2010 8:26 pm",        None, Ok("2010-12-13T20:26:00Z")),
            ("13/12/2010 12:05AM",        None, Ok("2010-12-13T00:05:00Z")),
            ("12/1/2010 8:26", Some(DateOrder::MonthFirst), Ok("2010-12-01T08:26:00Z")),
            ("12/1/2010 8:26", Some(DateOrder::DayFirst),   Ok("2010-01-12T08:26:00Z")),
            ("1/12/2010 8:26",            None, Err("date_ambiguous")),
            ("2010-12-01",                None, Ok("2010-12-01T12:00:00Z")),
            // Clocks go forward at 01:00 on 2011-03-27 and back at 02:00 on 2011-10-30.
            ("2011-03-27 01:30:00",       None, Ok("2011-03-27T01:30:00Z")),
            ("2011-10-30 01:30:00",       None, Ok("2011-10-30T00:30:00Z")),
            ("",                          None, Err("date_missing")),
            ("2010-02-30 08:26:00",       None, Err("date_invalid")),
            ("2010-12-01 25:00",          None, Err("date_invalid")),
            ("2010-12-01 13:00 pm",       None, Err("date_invalid")),
            ("01/12/10 08:26",            None, Err("date_invalid")),
            ("yesterday",                 None, Err("date_invalid")),
            ("40513.35",                  None, Err("date_invalid")),
        ];
        for (text, order, expect) in cases {
            let read = time(text, &london, *order).map(|moment| moment.to_string()).map_err(|bad| bad.code);
            assert_eq!(read.as_deref().map_err(|code| *code), *expect, "{text}");
        }
    }

    #[test]
    fn notes_and_what_they_say() {
        #[rustfmt::skip]
        let cases = [
            ("",                             Reason::DataEntry),
            ("damaged",                      Reason::Damage),
            ("Printing smudges/thrown away", Reason::Damage),
            ("throw away",                   Reason::Damage),
            ("wet?",                         Reason::Damage),
            ("SWEETHEART CARRY-ALL",         Reason::DataEntry),
            ("?lost",                        Reason::CountVariance),
            ("mia",                          Reason::CountVariance),
            ("possible damages or lost?",    Reason::DataEntry),
            ("sold as set on dotcom",        Reason::DataEntry),
            ("TRUSTY MALIAN CRUSTS",         Reason::DataEntry),
        ];
        for (note, expect) in cases {
            assert_eq!(reason(note), expect, "{note}");
        }
    }
}
