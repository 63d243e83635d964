//! TLS settings of both sides: version 1.3 only, certificates from our own authority on both sides.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::ca::{Credentials, STORE_URI};

/// Certificates or keys that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM text holds no such thing.
    #[error("no {what} in the PEM text: enrol again to get a complete bundle")]
    Pem {
        /// `certificate` or `private key`.
        what: &'static str,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The authority's certificate cannot be trusted.
    #[error("the authority's certificate cannot be used as one")]
    Trust(#[source] rustls::Error),
    /// Certificate and key do not go together, or are of a kind we do not use.
    #[error("the certificate and the private key do not go together: enrol again")]
    Credentials(#[source] rustls::Error),
    /// The check of the peer's certificate could not be set up.
    #[error("the check of clients' certificates could not be set up")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
    /// No cipher suite that QUIC needs.
    #[error("the cipher suite that QUIC begins with is missing")]
    Quic(#[source] quinn::crypto::rustls::NoInitialCipherSuite),
}

pub(crate) fn server(trust_pem: &str, own: &Credentials) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(trust(trust_pem)?), Arc::clone(&provider))
            .build()
            .map_err(TlsError::Verifier)?;
    let (chain, key) = identity(own)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Trust)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(TlsError::Credentials)?;
    config.alpn_protocols = vec![protocol::ALPN.to_vec()];
    // A resumed session would not check the client's certificate again, so none is offered.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Ok(config)
}

pub(crate) fn client(trust_pem: &str, own: &Credentials) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (chain, key) = identity(own)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Trust)?
        .with_root_certificates(trust(trust_pem)?)
        .with_client_auth_cert(chain, key)
        .map_err(TlsError::Credentials)?;
    config.alpn_protocols = vec![protocol::ALPN.to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// The store that a certificate names, if it names exactly one.
pub(crate) fn store_of(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_rest, parsed) = X509Certificate::from_der(certificate).ok()?;
    let names = parsed.subject_alternative_name().ok()??;
    let store = |name: &GeneralName<'_>| {
        if let GeneralName::URI(uri) = name {
            uri.strip_prefix(STORE_URI).map(ToOwned::to_owned)
        } else {
            None
        }
    };
    let mut stores = names.value.general_names.iter().filter_map(store);
    match (stores.next(), stores.next()) {
        (Some(store), None) => Some(store),
        _ => None,
    }
}

fn trust(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(pem)?).map_err(TlsError::Trust)?;
    Ok(roots)
}

fn identity(own: &Credentials) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let key = PrivateKeyDer::from_pem_slice(own.key_pem.as_bytes())
        .map_err(|source| TlsError::Pem { what: "private key", source })?;
    Ok((vec![certificate(&own.certificate_pem)?], key))
}

fn certificate(pem: &str) -> Result<CertificateDer<'static>, TlsError> {
    CertificateDer::from_pem_slice(pem.as_bytes())
        .map_err(|source| TlsError::Pem { what: "certificate", source })
}
