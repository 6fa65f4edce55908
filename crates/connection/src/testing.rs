//! An SSH server within the process, for tests: it checks keys and passwords as it is told, and runs commands with a
//! local shell.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use russh::{
    Channel, ChannelId, MethodKind, MethodSet,
    keys::{Certificate, PrivateKey, PublicKey},
    server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Response, Session, VerifiedPublicKey},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    process::{ChildStdin, Command},
    task::{AbortHandle, JoinSet},
};

pub use russh::keys;

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The keys that show who the server is; one is made where there is none.
    pub host_keys: Vec<PrivateKey>,
    /// Certificates for those keys.
    pub certificates: Vec<Certificate>,
    /// The keys that are let in.
    pub user_keys: Vec<PublicKey>,
    /// The authorities whose certificates are let in.
    pub user_authorities: Vec<PublicKey>,
    /// The password that is let in.
    pub password: Option<String>,
    /// The methods that are offered.
    pub methods: Vec<MethodKind>,
    /// Both a key and then the password are needed.
    pub both: bool,
    /// Variables of commands, `HOME` above all.
    pub environment: Vec<(String, String)>,
    /// Run before each command, as `~/.bashrc` is.
    pub prelude: String,
    /// Connections that are dropped at once, before any others are served.
    pub drop_first: usize,
    /// Nothing is ever said.
    pub silent: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host_keys: Vec::new(),
            certificates: Vec::new(),
            user_keys: Vec::new(),
            user_authorities: Vec::new(),
            password: None,
            methods: vec![MethodKind::PublicKey, MethodKind::Password, MethodKind::KeyboardInteractive],
            both: false,
            environment: Vec::new(),
            prelude: String::new(),
            drop_first: 0,
            silent: false,
        }
    }
}

/// A key that is new.
///
/// # Errors
///
/// Where no key can be made.
pub fn new_key() -> std::io::Result<PrivateKey> {
    PrivateKey::random(&mut keys::key::safe_rng(), keys::Algorithm::Ed25519).map_err(std::io::Error::other)
}

/// A server that listens on 127.0.0.1; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    host_key: PublicKey,
    accepting: AbortHandle,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    options: Options,
    sessions: Mutex<JoinSet<()>>,
    connections: AtomicUsize,
    commands: Mutex<Vec<String>>,
}

impl Server {
    /// Starts a server.
    ///
    /// # Errors
    ///
    /// Where no port can be had, or no key.
    pub async fn start(mut options: Options) -> std::io::Result<Self> {
        if options.host_keys.is_empty() {
            options.host_keys.push(new_key()?);
        }
        let host_key = options
            .host_keys
            .first()
            .map(|key| key.public_key().clone())
            .ok_or_else(|| std::io::Error::other("no key"))?;
        let config = Arc::new(Config {
            methods: MethodSet::from(options.methods.as_slice()),
            auth_rejection_time: Duration::ZERO,
            keys: options.host_keys.clone(),
            certificates: options.certificates.clone(),
            nodelay: true,
            ..Config::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            options,
            sessions: Mutex::default(),
            connections: AtomicUsize::new(0),
            commands: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, config, Arc::clone(&state))).abort_handle();
        Ok(Self { address, host_key, accepting, state })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key that it shows.
    #[must_use]
    pub fn host_key(&self) -> &PublicKey {
        &self.host_key
    }

    /// The line of a known_hosts file for it.
    #[must_use]
    pub fn known_hosts_line(&self) -> String {
        let key = self.host_key.to_openssh().unwrap_or_default();
        format!("[127.0.0.1]:{} {key}\n", self.address.port())
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// The commands that were run so far.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        self.state.commands.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Drops all connections without a word.
    pub fn drop_connections(&self) {
        self.state.sessions.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        self.drop_connections();
    }
}

async fn accept(listener: TcpListener, config: Arc<Config>, state: Arc<State>) {
    while let Ok((socket, _)) = listener.accept().await {
        let number = state.connections.fetch_add(1, Ordering::SeqCst);
        if number < state.options.drop_first {
            continue;
        }
        let (config, served) = (Arc::clone(&config), Arc::clone(&state));
        let serve = async move {
            // The library serves in a task of its own; a pipe between lets us cut the connection.
            let (inner, outer) = tokio::io::duplex(256 * 1024);
            if served.options.silent {
                std::future::pending::<()>().await;
            }
            let handler = Connection { state: served, inputs: HashMap::new(), commands: JoinSet::new(), half: false };
            let running = async {
                if let Ok(session) = russh::server::run_stream(config, inner, handler).await {
                    // Its end is the end of the connection, whatever the reason.
                    drop(session.await);
                }
            };
            let (mut here, mut there) = (socket, outer);
            let copying = async { drop(tokio::io::copy_bidirectional(&mut here, &mut there).await) };
            tokio::join!(running, copying);
        };
        state.sessions.lock().unwrap_or_else(PoisonError::into_inner).spawn(serve);
    }
}

struct Connection {
    state: Arc<State>,
    inputs: HashMap<ChannelId, ChildStdin>,
    commands: JoinSet<()>,
    half: bool,
}

impl Connection {
    fn decide(&mut self, good: bool, method: MethodKind) -> Auth {
        match (good, self.state.options.both, self.half) {
            (true, true, false) if method == MethodKind::PublicKey => {
                self.half = true;
                let left = MethodSet::from([MethodKind::Password].as_slice());
                Auth::Reject { proceed_with_methods: Some(left), partial_success: true }
            }
            (true, true, false) | (false, _, _) => Auth::reject(),
            (true, _, _) => Auth::Accept,
        }
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_password(&mut self, _user: &str, password: &str) -> Result<Auth, Self::Error> {
        let good = self.state.options.password.as_deref() == Some(password);
        Ok(self.decide(good, MethodKind::Password))
    }

    async fn auth_publickey(&mut self, _user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let shown = key.public_key.key_data();
        let good = self.state.options.user_keys.iter().any(|known| known.key_data() == shown);
        Ok(self.decide(good, MethodKind::PublicKey))
    }

    async fn auth_openssh_certificate(&mut self, _user: &str, shown: &Certificate) -> Result<Auth, Self::Error> {
        let authority = shown.signature_key();
        let good = self.state.options.user_authorities.iter().any(|known| known.key_data() == authority);
        Ok(self.decide(good, MethodKind::PublicKey))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        match response.and_then(|mut response| response.next()) {
            None => Ok(Auth::Partial {
                name: "".into(),
                instructions: "".into(),
                prompts: vec![("Password: ".into(), false)].into(),
            }),
            Some(answer) => {
                let good = self.state.options.password.as_ref().is_some_and(|known| known.as_bytes() == &*answer);
                Ok(self.decide(good, MethodKind::KeyboardInteractive))
            }
        }
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _originator: &str,
        _originator_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        let port = u16::try_from(port).unwrap_or_default();
        match tokio::net::TcpStream::connect((host, port)).await {
            Ok(mut socket) => {
                reply.accept().await;
                let mut stream = channel.into_stream();
                self.commands.spawn(async move {
                    drop(tokio::io::copy_bidirectional(&mut socket, &mut stream).await);
                });
            }
            Err(_) => reply.reject(russh::ChannelOpenFailure::ConnectFailed).await,
        }
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        let line = String::from_utf8_lossy(data).into_owned();
        self.state.commands.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
        let options = &self.state.options;
        let mut child = Command::new("/bin/sh")
            .arg("-c")
            .arg(format!("{}\n{line}", options.prelude))
            .envs(options.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(russh::Error::IO)?;
        session.channel_success(id)?;
        if let Some(stdin) = child.stdin.take() {
            self.inputs.insert(id, stdin);
        }
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let handle = session.handle();
        self.commands.spawn(async move {
            let out = async {
                if let Some(mut stdout) = stdout {
                    let mut buffer = vec![0; 32 * 1024];
                    while let Ok(length @ 1..) = stdout.read(&mut buffer).await {
                        let piece = buffer.get(..length).unwrap_or_default().to_vec();
                        if handle.data(id, piece).await.is_err() {
                            break;
                        }
                    }
                }
            };
            let err = async {
                if let Some(mut stderr) = stderr {
                    let mut buffer = vec![0; 32 * 1024];
                    while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
                        let piece = buffer.get(..length).unwrap_or_default().to_vec();
                        if handle.extended_data(id, 1, piece).await.is_err() {
                            break;
                        }
                    }
                }
            };
            tokio::join!(out, err);
            let code = child.wait().await.ok().and_then(|status| status.code()).unwrap_or(255);
            // A client that is gone does not want to know.
            let _ = handle.exit_status_request(id, u32::try_from(code).unwrap_or(255)).await;
            let _ = handle.eof(id).await;
            let _ = handle.close(id).await;
        });
        Ok(())
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], _session: &mut Session) -> Result<(), Self::Error> {
        if let Some(stdin) = self.inputs.get_mut(&id)
            && stdin.write_all(data).await.is_err()
        {
            self.inputs.remove(&id);
        }
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        self.inputs.remove(&id);
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        self.inputs.remove(&id);
        Ok(())
    }
}

/// A helper for tests from a program on this machine.
///
/// # Errors
///
/// Where the program cannot be read.
pub fn helper_from(program: &PathBuf) -> std::io::Result<crate::HelperBinary> {
    use std::io::Write as _;

    use sha2::{Digest as _, Sha256};
    let bytes = std::fs::read(program)?;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes)?;
    let hash = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok(crate::HelperBinary {
        name: "base",
        bytes_gz: packed.finish()?.into(),
        bytes_xz: (&[]).into(),
        sha256_hex: hash.into(),
        size: bytes.len() as u64,
    })
}
