//! What each AI may be in a GS1 Digital Link: facts of the GS1 Syntax Dictionary (release 2026-01-27) in our own notation.
//!
//! [`of`] is the only door, so that a table of all AIs can take this file's place.

/// The place of an AI in a Digital Link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Role {
    /// For an AI that can be the primary key: the sequences of AIs that may follow it, each in this order, any of them left
    /// out. Sequences are not mixed.
    pub(crate) key: Option<&'static [&'static [&'static str]]>,
    /// Whether it may stand in the query.
    pub(crate) attribute: bool,
}

/// The role of an AI; nothing when there is no such AI.
pub(crate) fn of(ai: &str) -> Option<Role> {
    let key = KEYS.iter().find(|(key, _)| *key == ai).map(|(_, sequences)| *sequences);
    let known = key.is_some() || KNOWN.iter().any(|(first, last)| within(ai, first, last));
    known.then(|| Role { key, attribute: !NOT_ATTRIBUTES.contains(&ai) })
}

fn within(ai: &str, first: &str, last: &str) -> bool {
    ai.len() == first.len() && (first..=last).contains(&ai) && ai.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the AI's value ends without FNC1: these come first in a query.
pub(crate) fn ends_without_fnc1(ai: &str) -> bool {
    let first_two = ai.get(..2).unwrap_or_default();
    matches!(
        first_two,
        "00" | "01"
            | "02"
            | "03"
            | "04"
            | "11"
            | "12"
            | "13"
            | "14"
            | "15"
            | "16"
            | "17"
            | "18"
            | "19"
            | "20"
    ) || matches!(first_two, "31" | "32" | "33" | "34" | "35" | "36" | "41")
}

const ITEM: &[&[&str]] = &[&["22", "10", "21"], &["235"]];
const PIECE: &[&[&str]] = &[&["22", "10", "21"]];
const SERVICE: &[&[&str]] = &[&["8019"]];

#[rustfmt::skip]
const KEYS: &[(&str, &[&[&str]])] = &[
    ("01",   ITEM),
    ("00",   &[]),
    ("414",  &[&["254"], &["7040"]]),
    ("8003", &[]),
    ("8004", &[&["7040"]]),
    ("253",  &[]),
    ("255",  &[]),
    ("401",  &[]),
    ("402",  &[]),
    ("415",  &[&["8020"]]),
    ("417",  &[&["7040"]]),
    ("8006", PIECE),
    ("8010", &[&["8011"]]),
    ("8013", &[]),
    ("8017", SERVICE),
    ("8018", SERVICE),
];

/// What may stand behind a key, or nowhere, but not in a query.
const NOT_ATTRIBUTES: &[&str] = &[
    "03", "21", "22", "235", "254", "7040", "7041", "8011", "8014", "8019", "8020", "8040", "8041", "8042",
    "8043", "8200",
];

/// First and last of each run of AIs, keys included.
#[rustfmt::skip]
const KNOWN: &[(&str, &str)] = &[
    ("00", "03"), ("10", "13"), ("15", "17"), ("20", "22"), ("30", "30"), ("37", "37"), ("90", "99"),
    ("235", "235"), ("240", "243"), ("250", "251"), ("253", "255"),
    ("400", "403"), ("410", "417"), ("420", "427"), ("710", "717"),
    ("3100", "3105"), ("3110", "3115"), ("3120", "3125"), ("3130", "3135"), ("3140", "3145"), ("3150", "3155"),
    ("3160", "3165"), ("3200", "3205"), ("3210", "3215"), ("3220", "3225"), ("3230", "3235"), ("3240", "3245"),
    ("3250", "3255"), ("3260", "3265"), ("3270", "3275"), ("3280", "3285"), ("3290", "3295"), ("3300", "3305"),
    ("3310", "3315"), ("3320", "3325"), ("3330", "3335"), ("3340", "3345"), ("3350", "3355"), ("3360", "3365"),
    ("3370", "3375"), ("3400", "3405"), ("3410", "3415"), ("3420", "3425"), ("3430", "3435"), ("3440", "3445"),
    ("3450", "3455"), ("3460", "3465"), ("3470", "3475"), ("3480", "3485"), ("3490", "3495"), ("3500", "3505"),
    ("3510", "3515"), ("3520", "3525"), ("3530", "3535"), ("3540", "3545"), ("3550", "3555"), ("3560", "3565"),
    ("3570", "3575"), ("3600", "3605"), ("3610", "3615"), ("3620", "3625"), ("3630", "3635"), ("3640", "3645"),
    ("3650", "3655"), ("3660", "3665"), ("3670", "3675"), ("3680", "3685"), ("3690", "3695"),
    ("3900", "3939"), ("3940", "3943"), ("3950", "3955"),
    ("4300", "4326"), ("4330", "4333"),
    ("7001", "7011"), ("7020", "7023"), ("7030", "7041"), ("7230", "7242"), ("7250", "7259"),
    ("8001", "8014"), ("8017", "8020"), ("8026", "8026"), ("8030", "8030"), ("8040", "8043"), ("8110", "8112"),
    ("8200", "8200"),
];

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    /// The dictionary itself is not in the repository; where it is at hand, every AI's role is compared.
    #[test]
    fn roles_agree_with_the_dictionary() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/gs1/gs1-syntax-dictionary.txt");
        let Ok(text) = std::fs::read_to_string(path) else { return };
        let mut listed = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let fields: Vec<&str> = line.split('#').next().unwrap().split_whitespace().collect();
            let (first, last) = fields[0].split_once('-').unwrap_or((fields[0], fields[0]));
            let flags = if fields[1].chars().all(|c| "*?".contains(c)) { fields[1] } else { "" };
            let key = fields.iter().find_map(|field| field.strip_prefix("dlpkey")).map(|sequences| {
                let sequences = sequences.trim_start_matches('=').split('|').filter(|one| !one.is_empty());
                sequences.map(|one| one.split(',').map(ToString::to_string).collect()).collect()
            });
            for number in first.parse::<u32>().unwrap()..=last.parse().unwrap() {
                let ai = format!("{number:0width$}", width = first.len());
                let role = of(&ai).unwrap_or_else(|| panic!("({ai}) is missing"));
                let ours: Option<Vec<Vec<String>>> = role.key.map(|sequences| {
                    sequences.iter().map(|one| one.iter().map(ToString::to_string).collect()).collect()
                });
                assert_eq!(ours, key, "({ai})");
                assert_eq!(role.attribute, flags.contains('?'), "({ai})");
                assert_eq!(ends_without_fnc1(&ai), flags.contains('*'), "({ai})");
                listed.push(ai);
            }
        }
        let all = (2..=4)
            .flat_map(|width| (0..10u32.pow(width)).map(move |n| format!("{n:0w$}", w = width as usize)));
        let ours: Vec<String> = all.filter(|ai| of(ai).is_some()).collect();
        assert_eq!(ours.len(), listed.len(), "AIs that the dictionary does not have");
    }
}
