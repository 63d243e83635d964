//! The hub's certificate authority on disk, and what it gives to stores.
//!
//! The key lies in `ca/key.pem`, readable by its owner only; the certificate in `ca/certificate.pem`. Neither is ever
//! overwritten: with another authority every store would have to be enrolled again. The hub's own server certificate is
//! in no file: it is issued anew at each start.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use ledger::StoreId;
use link::{Authority, Bundle, CaError, Credentials};
use time::Duration;

use crate::clock;
use crate::database::DatabaseError;
use crate::registry::{Registry, RegistryError};

/// The authority could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is one already.
    #[error("there is an authority in `{}` already: it is kept, for another one would shut every enrolled store out", directory.display())]
    Exists {
        /// The authority's directory.
        directory: PathBuf,
    },
    /// There is none yet.
    #[error("there is no authority in `{}`: make one with `shelfline-hub ca init --data-dir DIR`", directory.display())]
    Missing {
        /// The authority's directory.
        directory: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("`{}` cannot be read or written", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The authority's files or a certificate are not usable.
    #[error(transparent)]
    Authority(#[from] CaError),
    /// The registry cannot be opened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The registry failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Makes the authority of a hub.
///
/// # Errors
/// [`Error::Exists`] when there is one, and what else goes wrong.
pub fn init(data_dir: &Path, name: &str) -> Result<(), Error> {
    let directory = data_dir.join(DIRECTORY);
    if directory.join(KEY).exists() || directory.join(CERTIFICATE).exists() {
        return Err(Error::Exists { directory });
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&directory)
        .map_err(|source| Error::File { file: directory.clone(), source })?;
    let authority = Authority::create(name)?;
    let Credentials { certificate_pem, key_pem } = authority.credentials();
    create(&directory.join(KEY), key_pem)?;
    create(&directory.join(CERTIFICATE), certificate_pem)
}

/// Enrols a store: a certificate for its agent that is valid for `days`, and a place in the registry. A store that is
/// enrolled already gets another certificate. A hub may run meanwhile.
///
/// # Errors
/// [`Error::Missing`] before [`init`], and what else goes wrong.
pub fn enrol(data_dir: &Path, store: StoreId, name: Option<&str>, days: i64) -> Result<Bundle, Error> {
    let authority = load(data_dir)?;
    let issued = authority.issue_store(store.as_str(), Duration::days(days))?;
    Registry::open(&data_dir.join(Registry::FILE))?.enrol(store, name, clock::now())?;
    let Credentials { certificate_pem, key_pem } = issued;
    Ok(Bundle { certificate_pem, key_pem, trust_pem: authority.credentials().certificate_pem.clone() })
}

/// Writes a bundle where its owner alone can read it. A file of that name is replaced at once or not at all.
///
/// # Errors
/// [`Error::File`].
pub fn write_bundle(file: &Path, bundle: &Bundle) -> Result<(), Error> {
    let mut draft = file.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    match std::fs::remove_file(&draft) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(Error::File { file: draft, source });
        }
        Ok(()) | Err(_) => {}
    }
    create(&draft, &bundle.to_pem())?;
    std::fs::rename(&draft, file).map_err(|source| Error::File { file: file.to_owned(), source })
}

/// Makes sure that [`write_bundle`] has a place to write to, before anybody is enrolled.
///
/// # Errors
/// [`Error::File`].
pub fn check_place(file: &Path) -> Result<(), Error> {
    let failed = |source| Error::File { file: file.to_owned(), source };
    let parent = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let found = std::fs::metadata(parent).map_err(failed)?;
    if found.is_dir() && !file.is_dir() {
        Ok(())
    } else {
        Err(failed(io::Error::from(io::ErrorKind::IsADirectory)))
    }
}

/// The authority that [`init`] made.
pub(crate) fn load(data_dir: &Path) -> Result<Authority, Error> {
    let directory = data_dir.join(DIRECTORY);
    let read = |name| {
        let file = directory.join(name);
        std::fs::read_to_string(&file).map_err(|source| {
            if source.kind() == io::ErrorKind::NotFound {
                Error::Missing { directory: directory.clone() }
            } else {
                Error::File { file, source }
            }
        })
    };
    let credentials = Credentials { certificate_pem: read(CERTIFICATE)?, key_pem: read(KEY)? };
    Ok(Authority::load(credentials)?)
}

/// The hub's own certificate, valid for [`HUB_DAYS`]. It is issued at every start and not renewed while the hub runs:
/// a hub that runs longer has to be started again.
pub(crate) fn hub_credentials(authority: &Authority) -> Result<Credentials, Error> {
    Ok(authority.issue_hub(Duration::days(HUB_DAYS))?)
}

/// A secret that is the same at every start of a hub with this authority, and tells nothing of its key.
pub(crate) fn reset_secret(authority: &Authority) -> [u8; 32] {
    blake3::derive_key(
        "shelfline 2026-11-25 key of stateless resets",
        authority.credentials().key_pem.as_bytes(),
    )
}

const DIRECTORY: &str = "ca";
const KEY: &str = "key.pem";
const CERTIFICATE: &str = "certificate.pem";
const HUB_DAYS: i64 = 30;

/// Creates a file for its owner alone, synced; never overwrites.
fn create(file: &Path, text: &str) -> Result<(), Error> {
    let write = || {
        let mut to: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        to.write_all(text.as_bytes())?;
        to.sync_all()
    };
    write().map_err(|source| Error::File { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn store(name: &str) -> StoreId {
        StoreId::new(name).unwrap()
    }

    fn mode(file: &Path) -> u32 {
        std::fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn an_authority_is_never_overwritten_and_its_key_is_private() {
        let directory = tempfile::tempdir().unwrap();
        init(directory.path(), "Test").unwrap();
        let key = directory.path().join("ca/key.pem");
        let before = std::fs::read_to_string(&key).unwrap();
        assert!(matches!(init(directory.path(), "Test"), Err(Error::Exists { .. })));
        assert_eq!(std::fs::read_to_string(&key).unwrap(), before);
        assert_eq!(mode(&key), 0o600);
        std::fs::remove_file(&key).unwrap();
        assert!(matches!(init(directory.path(), "Test"), Err(Error::Exists { .. })), "half an authority");
    }

    #[test]
    fn without_an_authority_nobody_is_enrolled() {
        let directory = tempfile::tempdir().unwrap();
        let refused = enrol(directory.path(), store("s001"), None, 60).unwrap_err();
        assert!(refused.to_string().contains("shelfline-hub ca init"), "{refused}");
        assert!(!directory.path().join(Registry::FILE).exists());
    }

    #[test]
    fn an_enrolled_store_gets_a_bundle_that_only_its_owner_reads() {
        let directory = tempfile::tempdir().unwrap();
        init(directory.path(), "Test").unwrap();
        let bundle = enrol(directory.path(), store("s001"), Some("High Street"), 60).unwrap();
        let file = directory.path().join("s001.pem");
        std::fs::write(&file, "an older one").unwrap();
        write_bundle(&file, &bundle).unwrap();
        assert_eq!(mode(&file), 0o600);
        let read = Bundle::parse(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(read.store().unwrap(), "s001");
        assert_eq!(read.trust_pem, load(directory.path()).unwrap().credentials().certificate_pem);
    }
}
