//! Printers: where they are, what they hold, and whose they are.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::template::{Dpi, Kind, Name};

/// A printer of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Printer {
    /// What it is called.
    pub(crate) name: Name,
    /// Where it is: host and port, 9100 when left out.
    pub(crate) address: Address,
    /// How many dots it makes an inch: 152, 203, 300 or 600.
    pub(crate) dpi: Dpi,
    /// Whether it answers `~HS`. One that does not is sent to blindly.
    #[serde(default = "yes")]
    pub(crate) answers: bool,
    /// The template of each kind that fits the roll in it, where that is not the built-in one.
    #[serde(default)]
    pub(crate) templates: BTreeMap<Kind, Name>,
    /// The devices that print on it unless they say otherwise.
    #[serde(default)]
    pub(crate) devices: BTreeSet<String>,
}

/// Host and port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PrinterAddress")]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Address(String);

/// The port of printers that take ZPL as it is.
const PORT: u16 = 9_100;

/// Most devices that one printer is the default of.
pub(crate) const DEVICES_MAX: usize = 500;

const fn yes() -> bool {
    true
}

impl Address {
    /// Host and port, as one connects to it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shown: String = text.chars().take(100).collect();
        let refuse = || format!("`{shown}` is no address: write it like `192.0.2.7:9100` or `label-printer`");
        let bracketed = text.starts_with('[') && text.ends_with(']');
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !bracketed => {
                (host, port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(refuse)?)
            }
            _ => (text.as_str(), PORT),
        };
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let sound = match inner {
            Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
            None => {
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
                (1..=253).contains(&host.len()) && host.bytes().all(allowed)
            }
        };
        if sound { Ok(Self(format!("{host}:{port}"))) } else { Err(refuse()) }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        #[rustfmt::skip]
        let table = [
            ("192.0.2.7:6101",  "192.0.2.7:6101"),
            ("label-printer",   "label-printer:9100"),
            ("[2001:db8::7]",   "[2001:db8::7]:9100"),
            ("[2001:db8::7]:1", "[2001:db8::7]:1"),
            ("",                "refused"),
            ("printer:0",       "refused"),
            ("printer:99999",   "refused"),
            ("a b",             "refused"),
            ("http://printer",  "refused"),
            ("2001:db8::7",     "refused"),
        ];
        for (text, expected) in table {
            let found =
                Address::try_from(text.to_owned()).map_or_else(|_refused| "refused".to_owned(), String::from);
            assert_eq!(found, expected, "{text}");
        }
    }
}
