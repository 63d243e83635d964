//! What a demo's directory was made with: a second start goes on only with the same settings, for the numbers of all
//! scans follow from them.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::options::DemoOptions;

/// Everything that decides which scans there are and how they are numbered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Raised when a version of this program draws or numbers scans in another way.
    pub numbering: u32,
    /// How many stores.
    pub stores: u16,
    /// The stores' time zone.
    pub time_zone: String,
    /// Currency of prices that name none.
    pub currency: String,
    /// The items file, if there is one.
    pub items: Option<Fingerprint>,
    /// Where the trade comes from.
    pub trade: TradeSettings,
}

/// Where the trade comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TradeSettings {
    /// A file of transactions.
    File {
        /// Which one.
        transactions: Fingerprint,
        /// Order of numeric dates in it.
        date_order: Option<String>,
    },
    /// A seed.
    Seed {
        /// The seed.
        seed: u64,
        /// Days of trade.
        days: u32,
        /// Items of the invented range; `None` when they come from an items file.
        range: Option<u32>,
    },
}

/// Tells a file's contents from others. Its name does not count: a copy elsewhere is the same file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// Its length in bytes.
    pub bytes: u64,
    /// BLAKE3 of its bytes, in hex.
    pub blake3: String,
}

/// A directory that is this demo's alone while it runs.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// Holds the lock.
    _settings: File,
    resumed: bool,
}

/// A directory or file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file named on the command line cannot be read.
    #[error("{flag} `{path}` cannot be read: check the path and the rights")]
    File {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The directory cannot be made, read or written.
    #[error("the directory `{path}` cannot be used: check the path, the rights and the space")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It holds something that no demo made.
    #[error("`{0}` is not empty and holds no demo: name an empty or new directory")]
    NotADemo(PathBuf),
    /// Its settings cannot be understood.
    #[error(
        "`{path}` cannot be understood: it was damaged or made by another version; name another directory"
    )]
    Unreadable {
        /// The settings file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Another demo runs on it.
    #[error("another demo runs on `{0}`: stop that one, or name another directory")]
    InUse(PathBuf),
    /// It was made with other settings.
    #[error(
        "`{path}` was made with other settings: {differences}; give the same flags to go on, or name another directory"
    )]
    Differs {
        /// The directory.
        path: PathBuf,
        /// What differs, with both values.
        differences: String,
    },
}

/// Raise it whenever the same options would give other scans, or other numbers to them.
const NUMBERING: u32 = 1;
const FILE_NAME: &str = "demo.json";

// === impl Settings ===

impl Settings {
    /// What the options mean; files are read to their end once, to know them again.
    ///
    /// # Errors
    /// [`SettingsError::File`] when one of the files cannot be read.
    pub fn new(options: &DemoOptions) -> Result<Self, SettingsError> {
        let items = options.items.as_deref().map(|path| Fingerprint::of("--items", path)).transpose()?;
        let trade = match &options.transactions {
            Some(path) => TradeSettings::File {
                transactions: Fingerprint::of("--transactions", path)?,
                date_order: options.date_order.map(|order| order.word().to_owned()),
            },
            None => TradeSettings::Seed {
                seed: options.seed,
                days: options.days,
                range: items.is_none().then_some(options.range),
            },
        };
        Ok(Self {
            numbering: NUMBERING,
            stores: options.stores,
            time_zone: options.time_zone.clone(),
            currency: options.currency.to_string(),
            items,
            trade,
        })
    }

    /// What differs from settings that were kept, with both values; empty when nothing does.
    #[must_use]
    pub fn differences(&self, kept: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |name: &str, kept: String, given: String| {
            if kept != given {
                differences.push(format!("{name} was {kept} and is {given}"));
            }
        };
        compare("the version of the numbering", kept.numbering.to_string(), self.numbering.to_string());
        compare("--stores", kept.stores.to_string(), self.stores.to_string());
        compare("--time-zone", kept.time_zone.clone(), self.time_zone.clone());
        compare("--currency", kept.currency.clone(), self.currency.clone());
        compare("--items", shown(kept.items.as_ref()), shown(self.items.as_ref()));
        for ((name, kept), (_, given)) in kept.trade.named().into_iter().zip(self.trade.named()) {
            compare(name, kept, given);
        }
        differences
    }
}

// === impl TradeSettings ===

impl TradeSettings {
    /// Each setting under its flag; `none` where it has no meaning.
    fn named(&self) -> [(&'static str, String); 5] {
        const NONE: &str = "none";
        let (file, order, seed, days, range) = match self {
            Self::File { transactions, date_order } => {
                let order = date_order.clone().unwrap_or_else(|| NONE.to_owned());
                (shown(Some(transactions)), order, NONE.to_owned(), NONE.to_owned(), NONE.to_owned())
            }
            Self::Seed { seed, days, range } => {
                let range = range.map_or_else(|| NONE.to_owned(), |range| range.to_string());
                (shown(None), NONE.to_owned(), seed.to_string(), days.to_string(), range)
            }
        };
        [
            ("--transactions", file),
            ("--date-order", order),
            ("--seed", seed),
            ("--days", days),
            ("--range", range),
        ]
    }
}

// === impl Fingerprint ===

impl Fingerprint {
    fn of(flag: &'static str, path: &Path) -> Result<Self, SettingsError> {
        let failed = |source| SettingsError::File { flag, path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        let (mut hasher, mut bytes) = (blake3::Hasher::new(), 0);
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer).map_err(failed)? {
                0 => return Ok(Self { bytes, blake3: hasher.finalize().to_hex().to_string() }),
                read => {
                    hasher.update(buffer.get(..read).unwrap_or_default());
                    bytes += u64::try_from(read).unwrap_or_default();
                }
            }
        }
    }
}

fn shown(file: Option<&Fingerprint>) -> String {
    file.map_or_else(
        || "none".to_owned(),
        |file| {
            let hash: String = file.blake3.chars().take(8).collect();
            format!("a file of {} bytes with BLAKE3 {hash}..", file.bytes)
        },
    )
}

// === impl Directory ===

impl Directory {
    /// Opens a demo's directory, or makes one with these settings.
    ///
    /// # Errors
    /// [`SettingsError`] when it is in use, is no demo's, was made with other settings, or cannot be written.
    pub fn open(path: &Path, settings: &Settings) -> Result<Self, SettingsError> {
        let failed = |source| SettingsError::Directory { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let file_path = path.join(FILE_NAME);
        if !file_path.exists() && fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(SettingsError::NotADemo(path.to_owned()));
        }
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file_path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SettingsError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let resumed = !text.is_empty();
        if resumed {
            let kept: Settings = serde_json::from_str(&text)
                .map_err(|source| SettingsError::Unreadable { path: file_path, source })?;
            let differences = settings.differences(&kept);
            if !differences.is_empty() {
                let differences = differences.join(", ");
                return Err(SettingsError::Differs { path: path.to_owned(), differences });
            }
        } else {
            let text = serde_json::to_vec_pretty(settings)
                .map_err(|source| SettingsError::Unreadable { path: file_path, source })?;
            file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        Ok(Self { path: path.to_owned(), _settings: file, resumed })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a demo ran here before.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeded(seed: u64) -> Settings {
        Settings {
            numbering: NUMBERING,
            stores: 3,
            time_zone: "Europe/London".to_owned(),
            currency: "GBP".to_owned(),
            items: None,
            trade: TradeSettings::Seed { seed, days: 3, range: Some(1500) },
        }
    }

    fn filed() -> Settings {
        let transactions = Fingerprint { bytes: 12, blake3: "0123456789abcdef".to_owned() };
        Settings { stores: 2, trade: TradeSettings::File { transactions, date_order: None }, ..seeded(1) }
    }

    #[test]
    fn settings_are_kept_as_they_were() {
        for settings in [seeded(u64::MAX), filed()] {
            let text = serde_json::to_string(&settings).unwrap();
            assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
            assert_eq!(settings.differences(&settings), Vec::<String>::new());
        }
    }

    #[test]
    fn what_differs_is_named_with_both_values() {
        assert_eq!(seeded(2).differences(&seeded(1)), ["--seed was 1 and is 2"]);
        assert_eq!(
            filed().differences(&seeded(1)),
            [
                "--stores was 3 and is 2",
                "--transactions was none and is a file of 12 bytes with BLAKE3 01234567..",
                "--seed was 1 and is none",
                "--days was 3 and is none",
                "--range was 1500 and is none",
            ]
        );
    }

    #[test]
    fn a_directory_goes_on_with_the_same_settings_only_and_once_at_a_time() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("demo");
        let first = Directory::open(&path, &seeded(1)).unwrap();
        assert!(!first.is_resumed());
        let second = Directory::open(&path, &seeded(1)).unwrap_err();
        assert!(matches!(second, SettingsError::InUse(_)), "{second}");
        drop(first);
        assert!(Directory::open(&path, &seeded(1)).unwrap().is_resumed());
        let other = Directory::open(&path, &seeded(2)).unwrap_err();
        assert!(other.to_string().contains("--seed was 1 and is 2"), "{other}");
    }

    #[test]
    fn a_directory_of_something_else_is_left_alone() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("thesis.txt"), "x").unwrap();
        let refused = Directory::open(scratch.path(), &seeded(1)).unwrap_err();
        assert!(matches!(refused, SettingsError::NotADemo(_)), "{refused}");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_file_names_its_flag() {
        let missing = Fingerprint::of("--items", Path::new("no/such.csv")).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "--items `no/such.csv` cannot be read: check the path and the rights"
        );
    }
}
