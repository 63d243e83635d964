//! The number of a pallet, parcel or case on its way, as documents keep it.

use std::fmt;
use std::str::FromStr;

use gs1::{Sscc, SsccError};
use serde::{Deserialize, Serialize};

/// The SSCC of a container: 18 digits in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct ContainerId(Sscc);

/// A text that is no SSCC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no SSCC: {why}")]
pub struct ContainerError {
    /// What was given, cut to 64 characters.
    pub text: String,
    /// What is wrong with it.
    pub why: SsccError,
}

impl From<Sscc> for ContainerId {
    fn from(sscc: Sscc) -> Self {
        Self(sscc)
    }
}

impl FromStr for ContainerId {
    type Err = ContainerError;
    fn from_str(text: &str) -> Result<Self, ContainerError> {
        text.parse().map(Self).map_err(|why| ContainerError { text: text.chars().take(64).collect(), why })
    }
}

impl TryFrom<String> for ContainerId {
    type Error = ContainerError;
    fn try_from(text: String) -> Result<Self, ContainerError> {
        text.parse()
    }
}

impl From<ContainerId> for String {
    fn from(container: ContainerId) -> Self {
        container.to_string()
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
