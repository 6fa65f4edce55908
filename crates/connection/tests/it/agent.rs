//! Logging in with keys that an agent keeps.

use connection::{
    Connection, SshSettings,
    testing::{Server, keys, new_key},
};
use keys::{
    PrivateKey,
    signature::Signer as _,
    ssh_encoding::{Decode as _, Encode as _},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};

use crate::support::{Place, ssh};

/// An agent that lists its keys and signs with them (draft-ietf-sshm-ssh-agent).
async fn serve(mut socket: UnixStream, kept: Vec<PrivateKey>) {
    while let Ok(length) = socket.read_u32().await {
        let mut question = vec![0; length as usize];
        if socket.read_exact(&mut question).await.is_err() {
            return;
        }
        let mut answer = Vec::new();
        match question.split_first() {
            Some((11, _)) => {
                answer.push(12);
                u32::try_from(kept.len()).unwrap().encode(&mut answer).unwrap();
                for key in &kept {
                    key.public_key().to_bytes().unwrap().as_slice().encode(&mut answer).unwrap();
                    "a key".encode(&mut answer).unwrap();
                }
            }
            Some((13, mut rest)) => {
                let wanted = Vec::<u8>::decode(&mut rest).unwrap();
                let data = Vec::<u8>::decode(&mut rest).unwrap();
                let key = kept.iter().find(|key| key.public_key().to_bytes().unwrap() == wanted).unwrap();
                let mut signature = Vec::new();
                key.try_sign(&data).unwrap().encode(&mut signature).unwrap();
                answer.push(14);
                signature.as_slice().encode(&mut answer).unwrap();
            }
            _ => answer.push(5),
        }
        socket.write_u32(u32::try_from(answer.len()).unwrap()).await.unwrap();
        socket.write_all(&answer).await.unwrap();
    }
}

async fn with_agent(extra: &[&str]) -> Result<Connection, connection::ConnectError> {
    let place = Place::new();
    let (stranger, key) = (new_key().unwrap(), new_key().unwrap());
    let mut options = place.options();
    options.user_keys = vec![key.public_key().clone()];
    let server = Server::start(options).await.unwrap();
    let socket = place.path("agent");
    let listener = UnixListener::bind(&socket).unwrap();
    let agent = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            serve(socket, vec![stranger.clone(), key.clone()]).await;
        }
    });
    let mut settings = place.settings(&server);
    settings.password = None;
    settings.options = ["-F", "none", "-o", "IdentityFile=none", "-o"].map(str::to_owned).to_vec();
    settings.options.push(format!("IdentityAgent={}", socket.display()));
    settings.options.extend(extra.iter().map(|word| (*word).to_owned()));
    let opened = Connection::open(&ssh(SshSettings { ..settings })).await;
    agent.abort();
    opened
}

#[tokio::test]
async fn the_agents_keys_are_tried_one_after_the_other() {
    with_agent(&[]).await.unwrap();
}

#[tokio::test]
async fn identities_only_leaves_the_agents_other_keys_alone() {
    let error = with_agent(&["-o", "IdentitiesOnly=yes"]).await.unwrap_err();
    assert!(error.to_string().contains("Permission denied"), "{error}");
}
