//! A handshake of which nothing but the server's certificates is wanted.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};

use rustls::{
    ClientConfig, ClientConnection, Error as TlsError, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
    version::{TLS12, TLS13},
};

use super::{authorities, ciphers, in_handshake, verify::Verifier, words};
use crate::{
    certificate::Certificate,
    error::Reason,
    peer::{Handshake, Peer, late},
    stream::Limited,
};

/// Shakes hands.
pub(crate) fn peer(
    line: Limited,
    wanted: &Handshake<'_>,
    environment: &BTreeMap<String, String>,
) -> Result<Peer, Reason> {
    let trusted = match wanted.ca_path {
        Some(path) => authorities::of_file(path)?,
        None => authorities::of_system(environment),
    };
    let mut provider = ring::default_provider();
    if let Some(list) = wanted.ciphers {
        let chosen = ciphers::chosen(list);
        if chosen.is_empty() {
            return Err(Reason::Text("('No cipher can be selected.',)".to_owned()));
        }
        provider.cipher_suites.retain(|suite| suite.tls13().is_some());
        provider.cipher_suites.extend(chosen);
    }
    let versions: Vec<&SupportedProtocolVersion> = [(&TLS13, wanted.without_tls13), (&TLS12, wanted.without_tls12)]
        .into_iter()
        .filter_map(|(version, without)| (!without).then_some(version))
        .collect();
    if versions.is_empty() {
        return Err(Reason::Text("[SSL: NO_PROTOCOLS_AVAILABLE] no protocols available".to_owned()));
    }
    let verifier = Verifier::new(trusted.clone(), wanted.ca_path.is_some(), &provider).for_any_name();
    let configuration = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&versions)
        .map_err(|error| Reason::Text(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let name = ServerName::try_from(wanted.server_name.to_owned())
        // An address is never sent.
        .unwrap_or_else(|_| ServerName::from(std::net::IpAddr::from(Ipv4Addr::UNSPECIFIED)));
    let mut line = line.for_tls();
    let mut connection =
        ClientConnection::new(Arc::new(configuration), name).map_err(|error| Reason::Text(words(&error)))?;
    let shaken = loop {
        if !connection.is_handshaking() {
            break Ok(());
        }
        if let Err(error) = connection.complete_io(&mut line) {
            break Err(error);
        }
    };
    let sent: Vec<_> = connection.peer_certificates().unwrap_or_default().to_vec();
    if let Err(error) = shaken {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
        if sent.is_empty() || !matches!(inner, Some(TlsError::AlertReceived(_))) {
            return Err(late(in_handshake(error)));
        }
    }
    connection.send_close_notify();
    // Whether the farewell arrives is the server's affair.
    let _ = connection.complete_io(&mut line);
    if sent.is_empty() {
        return Err(Reason::Text("Unexpected error: no peer certificate has been returned".to_owned()));
    }
    let bytes = |chain: &[CertificateDer<'_>]| chain.iter().map(|one| one.to_vec()).collect();
    Ok(Peer { chain: bytes(&chain(&sent, &trusted)), sent: bytes(&sent) })
}

/// From the server's own certificate to an authority, as far as issuers are found.
fn chain(sent: &[CertificateDer<'static>], trusted: &[CertificateDer<'static>]) -> Vec<CertificateDer<'static>> {
    let mut chain: Vec<_> = sent.first().cloned().into_iter().collect();
    while let Some(last) = chain.last() {
        let Some(read) = Certificate::read(last) else { break };
        if read.is_self_issued() {
            break;
        }
        let issuer = trusted.iter().chain(sent.iter().skip(1)).find(|candidate| {
            !chain.contains(candidate) && Certificate::read(candidate).is_some_and(|candidate| candidate.issued(&read))
        });
        match issuer {
            Some(issuer) => chain.push(issuer.clone()),
            None => break,
        }
    }
    chain
}
