//! Private keys and certificates: which there are, and in what order they are tried.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use protocol::Secret;
use russh::keys::{
    Certificate, PrivateKey, PublicKey,
    agent::{AgentIdentity, client::AgentClient},
    decode_secret_key,
    ssh_key::public::KeyData,
};
use tokio::net::UnixStream;

use super::config::Login;

/// A key that can be tried.
pub(crate) enum Candidate {
    /// The agent signs.
    Agent(Box<AgentIdentity>),
    /// A key from a file.
    Key(Arc<PrivateKey>),
    /// A key from a file, with a certificate for it.
    Certified(Arc<PrivateKey>, Box<Certificate>),
}

/// The agent, as far as there is one.
pub(crate) type Agent = AgentClient<UnixStream>;

/// The keys that can be tried, in OpenSSH's order: certificates for keys in files, keys of the agent that are also
/// named in the settings, other keys of the agent, keys in files.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) agent: Option<Agent>,
    /// What could not be used, and why.
    pub(crate) notes: Vec<String>,
}

/// An identity of a file: at least its public half.
struct Identity {
    public: Option<KeyData>,
    private: Option<Arc<PrivateKey>>,
}

impl Keys {
    pub(crate) async fn collect(login: &Login) -> Self {
        let mut keys = Self::default();
        let identities: Vec<Identity> =
            login.identities.iter().filter_map(|path| identity(path, login, &mut keys.notes)).collect();
        let mut certificates = certificates(login, &mut keys.notes);
        let offered = keys.connect_agent(login).await;
        for identity in &identities {
            let Some(private) = &identity.private else { continue };
            let fitting = |certificate: &mut Certificate| certificate.public_key() == private.public_key().key_data();
            for certificate in certificates.extract_if(.., fitting) {
                keys.candidates.push(Candidate::Certified(Arc::clone(private), Box::new(certificate)));
            }
        }
        let named = |key: &AgentIdentity| {
            let public = key.public_key();
            identities.iter().any(|identity| identity.public.as_ref() == Some(public.key_data()))
        };
        let (first, rest): (Vec<_>, Vec<_>) = offered.into_iter().partition(named);
        let mut in_agent: Vec<KeyData> = first.iter().map(|key| key.public_key().key_data().clone()).collect();
        keys.candidates.extend(first.into_iter().map(Box::new).map(Candidate::Agent));
        if !login.identities_only {
            in_agent.extend(rest.iter().map(|key| key.public_key().key_data().clone()));
            keys.candidates.extend(rest.into_iter().map(Box::new).map(Candidate::Agent));
        }
        for identity in identities {
            if let Some(private) = identity.private
                && !in_agent.contains(private.public_key().key_data())
            {
                keys.candidates.push(Candidate::Key(private));
            }
        }
        keys
    }

    /// The agent's keys; an agent that does not answer has none, as with OpenSSH.
    async fn connect_agent(&mut self, login: &Login) -> Vec<AgentIdentity> {
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
        let Some(path) = &login.agent else { return Vec::new() };
        let asked = async {
            let mut agent = Agent::connect_uds(path).await?;
            let keys = agent.request_identities().await?;
            Ok::<_, russh::keys::Error>((agent, keys))
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok((agent, keys))) => {
                self.agent = Some(agent);
                keys
            }
            Ok(Err(error)) => {
                self.notes.push(format!("the agent at {} gives no keys: {error}", path.display()));
                Vec::new()
            }
            Err(_) => {
                self.notes.push(format!("the agent at {} does not answer", path.display()));
                Vec::new()
            }
        }
    }
}

fn identity(path: &Path, login: &Login, notes: &mut Vec<String>) -> Option<Identity> {
    let public_file = beside(path, ".pub");
    let read_public = |path: &Path| {
        let text = std::fs::read_to_string(path).ok()?;
        Some(PublicKey::from_openssh(text.trim()).ok()?.key_data().clone())
    };
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            // The public half alone is enough where the agent has the private one.
            let public = read_public(&public_file);
            if public.is_none() && login.named {
                notes.push(format!("no such identity: {}: {}", path.display(), super::stream::reason(&error)));
            }
            return public.map(|public| Identity { public: Some(public), private: None });
        }
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            notes.push(format!("{}: {}", path.display(), super::stream::reason(&error)));
            return None;
        }
    };
    if let Ok(public) = PublicKey::from_openssh(text.trim()) {
        // `IdentityFile key.pub` names a key of the agent.
        return Some(Identity { public: Some(public.key_data().clone()), private: None });
    }
    if metadata.uid() == rustix::process::getuid().as_raw() && metadata.mode() & 0o077 != 0 {
        let mode = metadata.mode() & 0o777;
        let path = path.display();
        notes.push(format!("{path}: others can read it (mode {mode:04o}), so it is not used; chmod 600 {path}"));
        return Some(Identity { public: read_public(&public_file), private: None });
    }
    match decode_secret_key(&text, login.passphrase.as_ref().map(Secret::reveal)) {
        Ok(key) if !key.is_encrypted() => {
            Some(Identity { public: Some(key.public_key().key_data().clone()), private: Some(Arc::new(key)) })
        }
        wrong => {
            let locked =
                matches!(&wrong, Ok(_) | Err(russh::keys::Error::KeyIsEncrypted)) || text.contains("ENCRYPTED");
            let why = match (&wrong, &login.passphrase) {
                (_, None) if locked => {
                    "it is encrypted, and no passphrase was given (ssh-add it, or set ansible_private_key_passphrase)"
                        .to_owned()
                }
                (Err(_), Some(_)) => "it cannot be read with the passphrase that was given".to_owned(),
                (Err(error), None) => format!("it cannot be read: {error}"),
                (Ok(_), _) => "it is encrypted".to_owned(),
            };
            notes.push(format!("{}: {why}", path.display()));
            // The public half of an encrypted key can be read: the agent may have it.
            let public = PrivateKey::from_openssh(&text).ok().map(|key| key.public_key().key_data().clone());
            Some(Identity { public: public.or_else(|| read_public(&public_file)), private: None })
        }
    }
}

/// Certificates that are named, and those that lie beside an identity.
fn certificates(login: &Login, notes: &mut Vec<String>) -> Vec<Certificate> {
    let mut found = Vec::new();
    for path in &login.certificates {
        match Certificate::read_file(path) {
            Ok(certificate) => found.push(certificate),
            Err(error) => notes.push(format!("the certificate {} cannot be read: {error}", path.display())),
        }
    }
    for path in &login.identities {
        let path = beside(path, "-cert.pub");
        if path.exists() {
            match Certificate::read_file(&path) {
                Ok(certificate) => found.push(certificate),
                Err(error) => notes.push(format!("the certificate {} cannot be read: {error}", path.display())),
            }
        }
    }
    found
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
