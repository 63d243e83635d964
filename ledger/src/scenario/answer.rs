//! Answers: how they are shown, and when an expected text means the same.

use std::fmt;

use super::number::{Decimal, Ratio};
use crate::quantity::Money;

/// What a question comes to.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A whole number.
    Number(i64),
    /// An amount of money.
    Money(Money),
    /// A fraction, compared at the precision that the expected text is written with.
    Ratio(Ratio),
    /// A word or several.
    Text(String),
    /// Several answers, in order.
    List(Vec<Self>),
}

impl Answer {
    /// No answer: shown as `none`.
    pub(crate) const fn none() -> Self {
        Self::List(Vec::new())
    }

    /// A yes or a no.
    pub(crate) fn yes(yes: bool) -> Self {
        Self::Text(if yes { "yes" } else { "no" }.to_owned())
    }

    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Several answers; `none` is shown for no answer at all.
    pub(crate) fn list(answers: impl IntoIterator<Item = Self>) -> Self {
        Self::List(answers.into_iter().collect())
    }

    /// Whether an expected text says the same: numbers by value, words without regard to case; brackets, commas, spaces
    /// and `%` only separate.
    pub(crate) fn agrees(&self, expected: &str) -> bool {
        let mut said = parts(expected).into_iter();
        let agrees = self.take(&mut said);
        agrees && said.next().is_none()
    }

    fn take(&self, said: &mut impl Iterator<Item = String>) -> bool {
        match self {
            Self::Number(number) => same_number(said, *number, 0),
            Self::Money(money) => same_number(said, money.minor(), 2),
            Self::Ratio(ratio) => said
                .next()
                .and_then(|text| Decimal::parse(&text))
                .is_some_and(|decimal| ratio.rounded(decimal.places) == Some(decimal.units)),
            Self::Text(text) => {
                parts(text).into_iter().all(|part| said.next().is_some_and(|other| same_part(&part, &other)))
            }
            Self::List(answers) if answers.is_empty() => said.next().is_some_and(|text| text == "none"),
            Self::List(answers) => answers.iter().all(|answer| answer.take(said)),
        }
    }
}

fn same_number(said: &mut impl Iterator<Item = String>, units: i64, places: u32) -> bool {
    let decimal = said.next().and_then(|text| Decimal::parse(&text));
    decimal.and_then(|decimal| decimal.scaled(places)) == Some(units)
}

fn same_part(one: &str, other: &str) -> bool {
    match (Decimal::parse(one), Decimal::parse(other)) {
        (Some(one), Some(other)) => {
            let places = one.places.max(other.places);
            one.scaled(places).is_some() && one.scaled(places) == other.scaled(places)
        }
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => one == other,
    }
}

fn parts(text: &str) -> Vec<String> {
    let separates = |letter: char| letter.is_whitespace() || "()[]%;".contains(letter);
    let words = text.split(separates).flat_map(|word| {
        // `1,000` is one number, `1, 2` and `1,2` are two.
        let one = Decimal::parse(word).is_some();
        if one { vec![word] } else { word.split(',').collect() }
    });
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => fmt::Display::fmt(number, f),
            Self::Money(money) => fmt::Display::fmt(money, f),
            Self::Ratio(ratio) => match ratio.rounded(ratio.places) {
                Some(units) => fmt::Display::fmt(&Decimal { units, places: ratio.places }, f),
                None => f.write_str("out of range"),
            },
            Self::Text(text) => f.write_str(text),
            Self::List(answers) if answers.is_empty() => f.write_str("none"),
            Self::List(answers) => {
                for (at, answer) in answers.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { ", " })?;
                    fmt::Display::fmt(answer, f)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expected_text_may_be_written_in_several_ways() {
        let list = Answer::list([Answer::Number(0), Answer::Number(-1)]);
        let pair = Answer::list([Answer::text("B 2"), Answer::text("A 4"), Answer::text("- 1")]);
        let money = Answer::Money(Money::new(100_050));
        let ratio = Answer::Ratio(Ratio::new(26, 7, 2).unwrap());
        #[rustfmt::skip]
        let table = [
            (&list, "(0, -1)", true), (&list, "0,-1", true), (&list, "[0 -1]", true), (&list, "0", false), (&list, "0 -1 2", false),
            (&pair, "b 2, a 4, - 1", true), (&pair, "B 2, A 4", false),
            (&money, "1,000.50", true), (&money, "1000.5", true), (&money, "1000.51", false),
            (&ratio, "3.71", true), (&ratio, "3.7", true), (&ratio, "3.714", true), (&ratio, "3.72", false),
            (&Answer::Number(5), "+5", true), (&Answer::Number(5), "5.0", true), (&Answer::Number(5), "five", false),
            (&Answer::list([]), "none", true), (&Answer::list([]), "", false), (&Answer::yes(true), "YES", true),
        ];
        for (answer, expected, same) in table {
            assert_eq!(answer.agrees(expected), same, "{answer} and {expected}");
        }
    }
}
