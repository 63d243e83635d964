//! What a code says, in words that a shop uses.

use gs1::rcn::Country;
use gs1::report::Meaning;

/// What the data is.
pub(super) fn form(form: &str) -> &str {
    match form {
        "number" => "Number",
        "elements" => "GS1 element string",
        "digital-link" => "GS1 Digital Link",
        "bracketed" => "Element string in brackets",
        "tag" => "RFID tag (EPC)",
        "plain" => "Plain text",
        other => other,
    }
}

/// A country, as people call it.
pub(super) const fn country(country: Country) -> &'static str {
    match country {
        Country::Denmark => "Denmark",
        Country::Estonia => "Estonia",
        Country::Finland => "Finland",
        Country::Germany => "Germany",
        Country::GreatBritain => "Great Britain",
        Country::Latvia => "Latvia",
        Country::Lithuania => "Lithuania",
        Country::Norway => "Norway",
        Country::Sweden => "Sweden",
    }
}

/// What a value means beyond its characters; nothing when it does not.
pub(super) fn meaning(of: &Meaning) -> String {
    if let Some(date) = &of.date {
        return moment(of, date);
    }
    let money = of.amount.as_ref().or(of.price.as_ref());
    if let Some(amount) = money {
        return match &of.currency {
            Some(currency) => format!("{amount} {currency}"),
            None => format!("{amount} in the local currency"),
        };
    }
    match (&of.decimal, &of.unit, of.count) {
        (Some(decimal), Some(unit), _) => format!("{decimal} {unit}"),
        (Some(decimal), None, _) => decimal.clone(),
        (None, _, Some(count)) => count.to_string(),
        (None, _, None) => String::new(),
    }
}

fn moment(of: &Meaning, date: &str) -> String {
    let mut words = day(date);
    if let Some((_, time)) = of.datetime.as_deref().and_then(|moment| moment.split_once('T')) {
        words.push_str(&format!(", {time}"));
    }
    if let Some(end) = of.end_date.as_deref().filter(|end| *end != date) {
        words.push_str(&format!(" to {}", day(end)));
    }
    // GS1 writes day 00 where only the month is told.
    if of.value.as_deref().is_some_and(|value| value.len() == 6 && value.ends_with("00")) {
        words.push_str(" (no day told: the last one of the month)");
    }
    words
}

/// `2026-12-31` as `31 December 2026`.
pub(super) fn day(date: &str) -> String {
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let name = month.and_then(|month| month.parse::<usize>().ok()?.checked_sub(1));
    match (year, name.and_then(|month| MONTHS.get(month)), day) {
        (Some(year), Some(name), Some(day)) => format!("{} {name} {year}", day.trim_start_matches('0')),
        _ => date.to_owned(),
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use gs1::report::{Config, Decoder};

    use super::*;

    /// What the last element of a scan means.
    fn meant(elements: &str) -> String {
        let scan = format!("]d2{elements}");
        let report = Decoder::new(2026).scan(&Config::default(), scan.as_bytes());
        report.meanings.last().map(meaning).unwrap_or_default()
    }

    #[test]
    fn values_are_told_in_words() {
        #[rustfmt::skip]
        let rows = [
            ("17261231",       "31 December 2026"),
            ("17261200",       "31 December 2026 (no day told: the last one of the month)"),
            ("70032612051030", "5 December 2026, 10:30:00"),
            ("7007261201261205", "1 December 2026 to 5 December 2026"),
            ("3103001250",     "1.250 kg"),
            ("3922199",        "1.99 in the local currency"),
            ("3932978199",     "1.99 EUR"),
            ("3012",           "12"),
            ("10ABC",          ""),
        ];
        for (elements, expected) in rows {
            assert_eq!(meant(elements), expected, "{elements}");
        }
    }

    #[test]
    fn what_is_no_day_stays_as_it_is() {
        for text in ["2026-13-01", "2026-00-01", "soon", ""] {
            assert_eq!(day(text), text);
        }
    }
}
