//! What a store's agent is given when it is enrolled: one PEM text with the store's certificate, its key and the
//! authority's certificate.
//!
//! The first certificate is the store's, the second the authority's; there is one private key. Text between the sections
//! is skipped, so that a file may carry a note for people.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::ca::Credentials;
use crate::tls;

/// An identity that an agent can connect with.
#[derive(Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The store's certificate.
    pub certificate_pem: String,
    /// The store's private key. Keep it to its owner.
    pub key_pem: String,
    /// The certificate of the authority that hubs must show a certificate of.
    pub trust_pem: String,
}

/// A text that is no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// A section is not there.
    #[error("the identity has no {0}: enrol the store again and use the file as it was written")]
    Missing(&'static str),
    /// There are more sections than a bundle has.
    #[error("the identity has more than {0}: give the file of one enrolment")]
    TooMany(&'static str),
    /// A section begins and does not end, or its contents cannot be read.
    #[error("the {0} of the identity is damaged: enrol the store again")]
    Damaged(&'static str),
    /// The certificate names no store.
    #[error("the certificate of the identity names no store: use a file of `shelfline-hub enrol`")]
    NoStore,
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// [`BundleError`] when a section is missing, too much or damaged, or the certificate names no store.
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        let (certificates, keys) = sections(text)?;
        let mut certificates = certificates.into_iter();
        let bundle = Self {
            certificate_pem: certificates.next().ok_or(BundleError::Missing(CERTIFICATE))?,
            trust_pem: certificates.next().ok_or(BundleError::Missing(TRUST))?,
            key_pem: keys.first().cloned().ok_or(BundleError::Missing(KEY))?,
        };
        if certificates.next().is_some() {
            return Err(BundleError::TooMany("two certificates"));
        }
        if keys.len() > 1 {
            return Err(BundleError::TooMany("one private key"));
        }
        CertificateDer::from_pem_slice(bundle.trust_pem.as_bytes())
            .map_err(|_unread| BundleError::Damaged(TRUST))?;
        PrivateKeyDer::from_pem_slice(bundle.key_pem.as_bytes())
            .map_err(|_unread| BundleError::Damaged(KEY))?;
        bundle.store()?;
        Ok(bundle)
    }

    /// The text that [`Bundle::parse`] reads.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let sections = [&self.certificate_pem, &self.key_pem, &self.trust_pem];
        sections.iter().flat_map(|section| [section.trim(), "\n"]).collect()
    }

    /// The store that the certificate names.
    ///
    /// # Errors
    /// [`BundleError`] when the certificate is damaged or names no store.
    pub fn store(&self) -> Result<String, BundleError> {
        let certificate = CertificateDer::from_pem_slice(self.certificate_pem.as_bytes())
            .map_err(|_unread| BundleError::Damaged(CERTIFICATE))?;
        tls::store_of(&certificate).ok_or(BundleError::NoStore)
    }

    /// The store's certificate with its key.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials { certificate_pem: self.certificate_pem.clone(), key_pem: self.key_pem.clone() }
    }
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle").field("store", &self.store()).finish_non_exhaustive()
    }
}

const CERTIFICATE: &str = "store's certificate";
const TRUST: &str = "authority's certificate";
const KEY: &str = "private key";

/// The PEM sections of a text: its certificates and its private keys, each as text. Other sections are skipped.
fn sections(text: &str) -> Result<(Vec<String>, Vec<String>), BundleError> {
    let (mut certificates, mut keys) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some((_before, after)) = rest.split_once("-----BEGIN ") {
        let (label, body) = after.split_once("-----").ok_or(BundleError::Damaged("PEM text"))?;
        let end = format!("-----END {label}-----");
        let (body, following) = body.split_once(&end).ok_or(BundleError::Damaged("PEM text"))?;
        let section = format!("-----BEGIN {label}-----{body}{end}\n");
        match label {
            "CERTIFICATE" => certificates.push(section),
            label if label.ends_with("PRIVATE KEY") => keys.push(section),
            _ => {}
        }
        rest = following;
    }
    Ok((certificates, keys))
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::ca::Authority;

    fn bundle() -> Bundle {
        let authority = Authority::create("Test authority").unwrap();
        let Credentials { certificate_pem, key_pem } =
            authority.issue_store("s001", Duration::days(1)).unwrap();
        Bundle { certificate_pem, key_pem, trust_pem: authority.credentials().certificate_pem.clone() }
    }

    #[test]
    fn a_bundle_round_trips_and_names_its_store() {
        let given = bundle();
        let read = Bundle::parse(&format!("for the till\n{}\n", given.to_pem())).unwrap();
        assert_eq!(read.to_pem(), given.to_pem());
        assert_eq!(read.store().unwrap(), "s001");
        assert!(!format!("{read:?}").contains("PRIVATE"));
    }

    #[test]
    fn what_is_no_bundle_is_told_by_name() {
        let Bundle { certificate_pem, key_pem, trust_pem } = bundle();
        let check = |text: &str, expect: BundleError| assert_eq!(Bundle::parse(text), Err(expect));
        check("", BundleError::Missing(CERTIFICATE));
        check(&[&*certificate_pem, &key_pem].concat(), BundleError::Missing(TRUST));
        check(&[&*certificate_pem, &trust_pem].concat(), BundleError::Missing(KEY));
        let whole = [&*certificate_pem, &key_pem, &trust_pem].concat();
        check(&[&*whole, &trust_pem].concat(), BundleError::TooMany("two certificates"));
        check(&[&*whole, &key_pem].concat(), BundleError::TooMany("one private key"));
        check(whole.trim_end().trim_end_matches('-'), BundleError::Damaged("PEM text"));
        check(&[&*trust_pem, &key_pem, &certificate_pem].concat(), BundleError::NoStore);
    }
}
