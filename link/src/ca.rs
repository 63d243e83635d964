//! Our certificate authority: an Ed25519 key that signs certificates for stores and hubs.
//!
//! A store's certificate names it in a URI, `shelfline:store/<id>`, and serves for clients only; a hub's certificate has
//! the name [`HUB_NAME`] and serves for servers only, so that neither can play the other.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ED25519, SanType,
};
use time::{Duration, OffsetDateTime};

/// The name that every hub's certificate carries and every agent asks for, whatever address it dials.
pub const HUB_NAME: &str = "hub.shelfline.internal";

/// What a store's URI begins with.
pub const STORE_URI: &str = "shelfline:store/";

/// A certificate with its private key, both as PEM.
#[derive(Clone)]
pub struct Credentials {
    /// The certificate.
    pub certificate_pem: String,
    /// The private key. Keep it to its owner.
    pub key_pem: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("certificate_pem", &self.certificate_pem).finish_non_exhaustive()
    }
}

/// The authority could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The stored key or certificate cannot be read.
    #[error(
        "the authority's {what} cannot be read: restore it from a backup, or make a new authority and enrol every store again"
    )]
    Load {
        /// `key` or `certificate`.
        what: &'static str,
        /// Why.
        #[source]
        source: rcgen::Error,
    },
    /// A certificate could not be made.
    #[error("the certificate for `{name}` could not be made")]
    Issue {
        /// Who it was for.
        name: String,
        /// Why.
        #[source]
        source: rcgen::Error,
    },
}

/// The authority, ready to sign.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    credentials: Credentials,
}

impl Authority {
    /// Makes a new authority that is valid for ten years.
    ///
    /// # Errors
    /// [`CaError::Issue`] when the key or certificate cannot be made.
    pub fn create(name: &str) -> Result<Self, CaError> {
        let issue = |source| CaError::Issue { name: name.to_owned(), source };
        let key = KeyPair::generate_for(&PKCS_ED25519).map_err(issue)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid_for(&mut params, Duration::days(3650));
        let certificate = params.self_signed(&key).map_err(issue)?;
        let credentials = Credentials { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() };
        Ok(Self { issuer: Issuer::new(params, key), credentials })
    }

    /// Loads an authority that was kept.
    ///
    /// # Errors
    /// [`CaError::Load`] when key or certificate cannot be read.
    pub fn load(credentials: Credentials) -> Result<Self, CaError> {
        let load = |what| move |source| CaError::Load { what, source };
        let key = KeyPair::from_pem(&credentials.key_pem).map_err(load("key"))?;
        let issuer =
            Issuer::from_ca_cert_pem(&credentials.certificate_pem, key).map_err(load("certificate"))?;
        Ok(Self { issuer, credentials })
    }

    /// The authority's own certificate and key.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// A certificate for a store's agent.
    ///
    /// # Errors
    /// [`CaError::Issue`] when it cannot be made.
    pub fn issue_store(&self, store: &str, valid: Duration) -> Result<Credentials, CaError> {
        let uri = format!("{STORE_URI}{store}");
        let name =
            uri.as_str().try_into().map_err(|source| CaError::Issue { name: store.to_owned(), source })?;
        self.issue(store, SanType::URI(name), ExtendedKeyUsagePurpose::ClientAuth, valid)
    }

    /// A certificate for a hub.
    ///
    /// # Errors
    /// [`CaError::Issue`] when it cannot be made.
    pub fn issue_hub(&self, valid: Duration) -> Result<Credentials, CaError> {
        let name =
            HUB_NAME.try_into().map_err(|source| CaError::Issue { name: HUB_NAME.to_owned(), source })?;
        self.issue(HUB_NAME, SanType::DnsName(name), ExtendedKeyUsagePurpose::ServerAuth, valid)
    }

    fn issue(
        &self,
        name: &str,
        subject: SanType,
        purpose: ExtendedKeyUsagePurpose,
        valid: Duration,
    ) -> Result<Credentials, CaError> {
        let issue = |source| CaError::Issue { name: name.to_owned(), source };
        let key = KeyPair::generate_for(&PKCS_ED25519).map_err(issue)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names = vec![subject];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        valid_for(&mut params, valid);
        let certificate = params.signed_by(&key, &self.issuer).map_err(issue)?;
        Ok(Credentials { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }
}

/// From an hour ago, for clocks that are a little behind. A negative life makes a certificate that has run out.
fn valid_for(params: &mut CertificateParams, life: Duration) {
    let now = OffsetDateTime::now_utc();
    let end = now.saturating_add(life);
    params.not_before = now.min(end).saturating_sub(Duration::hours(1));
    params.not_after = end;
}
