//! Logging in: keys, certificates, the agent, passwords.
//!
//! Source: RFC 4252, RFC 4256.

use std::time::Duration;

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle, KeyboardInteractiveAuthResponse},
    keys::{HashAlg, PrivateKeyWithHashAlg, agent::AgentIdentity},
};

use super::{
    client::Client,
    config::{Effective, Method},
    keys::{Candidate, Keys},
};

/// Why nobody was let in.
#[derive(Debug)]
pub(crate) enum AuthError {
    /// The server refuses; the text is the ssh command's.
    Denied(String),
    /// The connection was lost, or something took too long.
    Lost(String),
}

/// What an attempt came to.
enum Attempt {
    In,
    Failed { remaining: MethodSet, partial: bool },
}

impl From<AuthResult> for Attempt {
    fn from(result: AuthResult) -> Self {
        match result {
            AuthResult::Success => Self::In,
            AuthResult::Failure { remaining_methods, partial_success } => {
                Self::Failed { remaining: remaining_methods, partial: partial_success }
            }
        }
    }
}

/// A login in progress.
struct Door<'a> {
    handle: &'a mut Handle<Client>,
    user: &'a str,
    limit: Duration,
    rsa: Option<Option<HashAlg>>,
}

/// Tries everything that the settings allow and the server offers, until the server is content.
pub(crate) async fn log_in(
    handle: &mut Handle<Client>,
    effective: &Effective,
    password_allowed: bool,
    limit: Duration,
) -> Result<(), AuthError> {
    let login = &effective.login;
    let mut keys = Keys::default();
    let mut waiting: Vec<Method> = login.methods.clone();
    if waiting.contains(&Method::PublicKey) {
        keys = Keys::collect(login).await;
        if keys.candidates.is_empty() {
            waiting.retain(|method| *method != Method::PublicKey);
        }
    }
    if !password_allowed {
        waiting.retain(|method| *method == Method::PublicKey);
        keys.notes.push("the host's key was not checked, so no password is sent to it".to_owned());
    }
    let mut door = Door { handle, user: &effective.user, limit, rsa: None };
    let mut remaining: Option<MethodSet> = None;
    if waiting.is_empty() {
        match door.none().await? {
            Attempt::In => return Ok(()),
            Attempt::Failed { remaining: offered, .. } => remaining = Some(offered),
        }
    }
    let mut candidates: std::collections::VecDeque<Candidate> = keys.candidates.into();
    while let Some(position) = waiting.iter().position(|method| offered(remaining.as_ref(), *method)) {
        let Some(method) = waiting.get(position).copied() else { break };
        let attempt = match method {
            Method::PublicKey => match candidates.pop_front() {
                Some(candidate) => door.key(candidate, keys.agent.as_mut(), &mut keys.notes).await?,
                None => {
                    waiting.remove(position);
                    continue;
                }
            },
            Method::Password => {
                waiting.remove(position);
                let Some(password) = &login.password else { continue };
                let answer = door.handle.authenticate_password(door.user, password.reveal());
                Some(Attempt::from(within(door.limit, "the password was checked", answer).await?))
            }
            Method::KeyboardInteractive => {
                waiting.remove(position);
                let Some(password) = &login.password else { continue };
                Some(door.interactive(password.reveal()).await?)
            }
        };
        match attempt {
            Some(Attempt::In) => return Ok(()),
            Some(Attempt::Failed { remaining: offered, partial }) => {
                if door.handle.is_closed() {
                    return Err(AuthError::Lost("the connection was closed while logging in".to_owned()));
                }
                if partial && method == Method::PublicKey && !offered.contains(&MethodKind::PublicKey) {
                    // This one is done; the server wants another way besides.
                    waiting.retain(|method| *method != Method::PublicKey);
                }
                remaining = Some(offered);
            }
            None => {}
        }
    }
    Err(AuthError::Denied(denied(effective, remaining.as_ref(), &keys.notes)))
}

/// Whether the server offers the method, as far as is known.
fn offered(remaining: Option<&MethodSet>, method: Method) -> bool {
    let kind = match method {
        Method::PublicKey => MethodKind::PublicKey,
        Method::Password => MethodKind::Password,
        Method::KeyboardInteractive => MethodKind::KeyboardInteractive,
    };
    remaining.is_none_or(|remaining| remaining.contains(&kind))
}

fn denied(effective: &Effective, remaining: Option<&MethodSet>, notes: &[String]) -> String {
    let methods: Vec<&str> = remaining.into_iter().flat_map(|set| set.iter()).map(<&str>::from).collect();
    let mut text = format!("{}@{}: Permission denied ({}).", effective.user, effective.host, methods.join(","));
    for note in notes {
        text.push_str("\n  ");
        text.push_str(note);
    }
    text
}

async fn within<T, E: std::fmt::Display>(
    limit: Duration,
    what: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, AuthError> {
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(AuthError::Lost(format!("the connection was lost while {what}: {error}"))),
        Err(_) => Err(AuthError::Lost(format!("Connection timed out while {what}"))),
    }
}

impl Door<'_> {
    async fn none(&mut self) -> Result<Attempt, AuthError> {
        let answer = self.handle.authenticate_none(self.user);
        Ok(within(self.limit, "logging in", answer).await?.into())
    }

    /// Tries a key; `None` where it could not be tried.
    async fn key(
        &mut self,
        candidate: Candidate,
        agent: Option<&mut super::keys::Agent>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Attempt>, AuthError> {
        const WHAT: &str = "a key was checked";
        let result = match candidate {
            Candidate::Key(key) => {
                let hash = if key.algorithm().is_rsa() { self.rsa_hash().await? } else { None };
                let key = PrivateKeyWithHashAlg::new(key, hash);
                within(self.limit, WHAT, self.handle.authenticate_publickey(self.user, key)).await?
            }
            Candidate::Certified(key, certificate) => {
                within(self.limit, WHAT, self.handle.authenticate_openssh_cert(self.user, key, *certificate)).await?
            }
            Candidate::Agent(identity) => {
                let Some(agent) = agent else { return Ok(None) };
                let rsa = identity.public_key().algorithm().is_rsa();
                let hash = if rsa { self.rsa_hash().await? } else { None };
                let comment = identity.comment().to_owned();
                let asked = async {
                    match *identity {
                        AgentIdentity::PublicKey { key, .. } => {
                            self.handle.authenticate_publickey_with(self.user, key, hash, agent).await
                        }
                        AgentIdentity::Certificate { certificate, .. } => {
                            self.handle.authenticate_certificate_with(self.user, certificate, hash, agent).await
                        }
                    }
                };
                match tokio::time::timeout(self.limit, asked).await {
                    Ok(Ok(result)) => result,
                    Ok(Err(error)) => {
                        notes.push(format!("the agent did not sign with {comment}: {error}"));
                        return Ok(None);
                    }
                    Err(_) => return Err(AuthError::Lost(format!("Connection timed out while {WHAT} (of the agent)"))),
                }
            }
        };
        Ok(Some(result.into()))
    }

    /// The hash for signatures with RSA keys: the best that the server names; SHA-256, which all servers of the last
    /// ten years know, where it names none.
    async fn rsa_hash(&mut self) -> Result<Option<HashAlg>, AuthError> {
        if let Some(hash) = self.rsa {
            return Ok(hash);
        }
        let best = within(self.limit, "logging in", self.handle.best_supported_rsa_hash()).await?;
        let hash = best.unwrap_or(Some(HashAlg::Sha256));
        self.rsa = Some(hash);
        Ok(hash)
    }

    /// Answers every question with the password, once: a second question means that it was wrong.
    async fn interactive(&mut self, password: &str) -> Result<Attempt, AuthError> {
        const WHAT: &str = "the password was checked";
        let start = self.handle.authenticate_keyboard_interactive_start(self.user, None);
        let mut response = within(self.limit, WHAT, start).await?;
        let mut answered = false;
        loop {
            match response {
                KeyboardInteractiveAuthResponse::Success => return Ok(Attempt::In),
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success } => {
                    return Ok(Attempt::Failed { remaining: remaining_methods, partial: partial_success });
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                    // Empty answers make the server give up by itself.
                    let answer = if answered { "" } else { password };
                    answered |= !prompts.is_empty();
                    let answers = prompts.iter().map(|_| answer.to_owned()).collect();
                    let respond = self.handle.authenticate_keyboard_interactive_respond(answers);
                    response = within(self.limit, WHAT, respond).await?;
                }
            }
        }
    }
}
