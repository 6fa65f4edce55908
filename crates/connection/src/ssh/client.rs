//! Our side of an SSH session: what the library asks us, and what we keep of its end.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use russh::{
    client::{DisconnectReason, Handler},
    keys::PublicKeyOrCertificate,
};

use super::verify::{Judgement, Verifier};

/// What a session leaves behind, for messages.
#[derive(Debug, Default)]
pub(crate) struct Report {
    judgement: Mutex<Option<Judgement>>,
    lost: OnceLock<String>,
}

impl Report {
    /// How the host's key was judged, once it was shown.
    pub(crate) fn judgement(&self) -> Option<Judgement> {
        self.judgement.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why the session ended, once it has.
    pub(crate) fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }
}

/// Our side of a session.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) verifier: Verifier,
    pub(crate) report: Arc<Report>,
}

impl Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let judgement = self.verifier.judge(shown);
        let good = !matches!(judgement, Judgement::Bad(_));
        *self.report.judgement.lock().unwrap_or_else(PoisonError::into_inner) = Some(judgement);
        Ok(good)
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Self::Error>) -> Result<(), Self::Error> {
        let text = match reason {
            DisconnectReason::ReceivedDisconnect(info) => format!("the host disconnected: {}", info.message),
            DisconnectReason::Error(russh::Error::KeepaliveTimeout) => "the host does not answer keepalives".to_owned(),
            DisconnectReason::Error(russh::Error::IO(error)) => super::stream::reason(&error),
            DisconnectReason::Error(russh::Error::Disconnect | russh::Error::HUP) => "closed by the host".to_owned(),
            DisconnectReason::Error(error) => error.to_string(),
        };
        // The first reason is the one that counts.
        let _ = self.report.lost.set(text);
        Ok(())
    }
}
