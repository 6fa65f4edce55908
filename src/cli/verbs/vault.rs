//! `provision vault`, `ansible-vault`.

use std::{
    io::{Read, Write},
    path::Path,
};

use clap::{Args, Subcommand};
use zeroize::Zeroizing;

use crate::{
    cli::{
        Failure, Result,
        arguments::{self, Verbosity},
        options, prompt,
        terminal::Terminal,
    },
    config::Config,
    vault::{
        Password, VaultSecrets,
        file::{self, Key},
    },
};

/// Encrypt, decrypt and look into files of Ansible Vault
///
/// Example: provision vault encrypt --vault-password-file pass group_vars/all/secrets.yml
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

impl Arguments {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        self.action.run(terminal)
    }
}

/// What to do with vaults.
#[derive(Debug, Subcommand)]
#[command(rename_all = "snake_case")]
pub enum Action {
    /// Create an encrypted file in an editor (not supported yet)
    ///
    /// Example: ansible-vault create secrets.yml
    Create(Editor),
    /// Decrypt files in place, or into --output
    ///
    /// Example: provision vault decrypt secrets.yml --output -
    Decrypt(Files),
    /// Change an encrypted file in an editor (not supported yet)
    ///
    /// Example: ansible-vault edit secrets.yml
    Edit(Editor),
    /// Print encrypted files as they are inside
    ///
    /// Example: provision vault view secrets.yml
    View(View),
    /// Encrypt files in place, or into --output
    ///
    /// Example: provision vault encrypt --vault-id prod@pass secrets.yml
    Encrypt(EncryptFiles),
    /// Encrypt a text for a file of variables
    ///
    /// Example: provision vault encrypt_string --name db_password s3cret
    EncryptString(EncryptString),
    /// Encrypt files anew with another password
    ///
    /// Example: provision vault rekey --new-vault-password-file new secrets.yml
    Rekey(Rekey),
}

/// What the verbs with an editor take.
#[derive(Debug, Args)]
pub struct Editor {
    #[command(flatten)]
    vault: arguments::Vault,
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(flatten)]
    key: EncryptId,
    /// Open the editor where there is no terminal too
    #[arg(long = "skip-tty-check")]
    skip_tty_check: bool,
    /// The file
    #[arg(value_name = "FILE")]
    files: Vec<String>,
}

/// Which password encrypts.
#[derive(Debug, Args)]
pub struct EncryptId {
    /// The id to encrypt with, where there are several
    #[arg(long = "encrypt-vault-id", value_name = "ID")]
    encrypt_vault_id: Option<String>,
}

/// What `decrypt` takes.
#[derive(Debug, Args)]
pub struct Files {
    #[command(flatten)]
    vault: arguments::Vault,
    #[command(flatten)]
    verbosity: Verbosity,
    /// Write there instead; `-` is standard output
    #[arg(long = "output", value_name = "FILE", allow_hyphen_values = true)]
    output: Option<String>,
    /// The files; `-` or none is standard input
    #[arg(value_name = "FILE")]
    files: Vec<String>,
}

/// What `encrypt` takes.
#[derive(Debug, Args)]
pub struct EncryptFiles {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    key: EncryptId,
}

/// What `view` takes.
#[derive(Debug, Args)]
pub struct View {
    #[command(flatten)]
    vault: arguments::Vault,
    #[command(flatten)]
    verbosity: Verbosity,
    /// The files; `-` or none is standard input
    #[arg(value_name = "FILE")]
    files: Vec<String>,
}

/// What `encrypt_string` takes.
#[derive(Debug, Args)]
pub struct EncryptString {
    #[command(flatten)]
    vault: arguments::Vault,
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(flatten)]
    key: EncryptId,
    /// Write there instead; `-` is standard output
    #[arg(long = "output", value_name = "FILE", allow_hyphen_values = true)]
    output: Option<String>,
    /// Ask for the text
    #[arg(short = 'p', long = "prompt")]
    prompt: bool,
    /// Show the text while it is typed
    #[arg(long = "show-input")]
    show_input: bool,
    /// The variable's name, one for each text; may be repeated
    #[arg(short = 'n', long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// The name of the variable that is read from standard input
    #[arg(long = "stdin-name", value_name = "NAME")]
    stdin_name: Option<String>,
    /// The texts; `-` is standard input
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
}

/// What `rekey` takes.
#[derive(Debug, Args)]
pub struct Rekey {
    #[command(flatten)]
    vault: arguments::Vault,
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(flatten)]
    key: EncryptId,
    /// A file that holds the new password, or a script that prints it
    #[arg(long = "new-vault-password-file", value_name = "FILE")]
    new_vault_password_file: Option<String>,
    /// The new password by its id
    #[arg(long = "new-vault-id", value_name = "ID@SOURCE", conflicts_with = "new_vault_password_file")]
    new_vault_id: Option<String>,
    /// The files
    #[arg(value_name = "FILE")]
    files: Vec<String>,
}

impl Action {
    /// Does it.
    ///
    /// # Errors
    ///
    /// A password is missing or wrong, or a file cannot be read or written.
    pub fn run(self, terminal: &mut Terminal) -> Result {
        let config = terminal.configure()?;
        match self {
            Self::Create(_) => Err(Failure::NotYet("vault create".to_owned())),
            Self::Edit(_) => Err(Failure::NotYet("vault edit".to_owned())),
            Self::Decrypt(arguments) => decrypt(&arguments, &config, terminal),
            Self::View(arguments) => view(&arguments, &config, terminal),
            Self::Encrypt(arguments) => encrypt(&arguments, &config, terminal),
            Self::EncryptString(arguments) => encrypt_string(&arguments, &config, terminal),
            Self::Rekey(arguments) => rekey(&arguments, &config, terminal),
        }
    }
}

fn decrypt(arguments: &Files, config: &Config, terminal: &mut Terminal) -> Result {
    let secrets = options::vault(&arguments.vault, config, true, false, terminal)?;
    for name in names(&arguments.files, arguments.output.as_deref())? {
        match (name, arguments.output.as_deref()) {
            ("-", output) => {
                let plain = secrets.decrypt(&stdin()?)?;
                put(output.unwrap_or("-"), &plain)?;
            }
            (name, Some("-")) => put("-", &file::view(Path::new(name), &secrets)?)?,
            (name, output) => file::decrypt(Path::new(name), output.map(Path::new), &secrets)?,
        }
    }
    say("Decryption successful", arguments.output.as_deref(), &arguments.files)
}

fn view(arguments: &View, config: &Config, terminal: &mut Terminal) -> Result {
    let secrets = options::vault(&arguments.vault, config, true, false, terminal)?;
    for name in names(&arguments.files, None)? {
        let plain = if name == "-" { secrets.decrypt(&stdin()?)? } else { file::view(Path::new(name), &secrets)? };
        put("-", &plain)?;
    }
    Ok(0)
}

fn encrypt(arguments: &EncryptFiles, config: &Config, terminal: &mut Terminal) -> Result {
    let files = &arguments.files;
    let secrets = options::vault(&files.vault, config, true, true, terminal)?;
    let (id, password) = chosen(&secrets, &arguments.key, config)?;
    let key = Key { password, vault_id: id, salt: config.vault.encrypt_salt.as_deref().map(str::as_bytes) };
    for name in names(&files.files, files.output.as_deref())? {
        match (name, files.output.as_deref()) {
            ("-", output) => {
                let vault = secrets.encrypt(&stdin()?, id, key.salt)?;
                put(output.unwrap_or("-"), vault.as_bytes())?;
            }
            (name, Some("-")) => {
                let plain = std::fs::read(name).map(Zeroizing::new).map_err(|error| unreadable(name, &error))?;
                put("-", secrets.encrypt(&plain, id, key.salt)?.as_bytes())?;
            }
            (name, output) => file::encrypt(Path::new(name), output.map(Path::new), key)?,
        }
    }
    say("Encryption successful", files.output.as_deref(), &files.files)
}

fn encrypt_string(arguments: &EncryptString, config: &Config, terminal: &mut Terminal) -> Result {
    let secrets = options::vault(&arguments.vault, config, true, true, terminal)?;
    let (id, password) = chosen(&secrets, &arguments.key, config)?;
    let key = Key { password, vault_id: id, salt: config.vault.encrypt_salt.as_deref().map(str::as_bytes) };
    let mut texts: Vec<(Option<&str>, Zeroizing<Vec<u8>>)> = Vec::new();
    if arguments.prompt {
        let name = arguments.names.first().map(String::as_str);
        let given = prompt::password("String to encrypt: ")
            .map_err(|error| Failure::generic(format!("the text cannot be read: {error}")))?;
        if given.is_empty() {
            return Err(Failure::options("The plaintext provided from the prompt was empty, not encrypting"));
        }
        texts.push((name, Zeroizing::new(given.reveal().as_bytes().to_vec())));
    } else if arguments.texts.is_empty() || arguments.texts.iter().any(|text| text == "-") {
        let plain = stdin()?;
        if plain.is_empty() {
            return Err(Failure::options("stdin was empty, not encrypting"));
        }
        texts.push((arguments.stdin_name.as_deref(), plain));
    }
    let given = arguments.texts.iter().filter(|text| *text != "-" && !arguments.prompt);
    for (index, text) in given.enumerate() {
        if text.is_empty() {
            return Err(Failure::options(
                "The plaintext provided from the command line args was empty, not encrypting",
            ));
        }
        let name = arguments.names.get(index).map(String::as_str);
        texts.push((name, Zeroizing::new(text.as_bytes().to_vec())));
    }
    let mut out = String::new();
    for (name, plain) in &texts {
        out.push_str(&file::encrypt_string(plain, *name, key)?);
        out.push('\n');
    }
    put(arguments.output.as_deref().unwrap_or("-"), out.as_bytes())?;
    say("Encryption successful", arguments.output.as_deref(), &[])
}

fn rekey(arguments: &Rekey, config: &Config, terminal: &mut Terminal) -> Result {
    if arguments.files.is_empty() {
        return Err(Failure::options("ansible-vault rekey requires a filename"));
    }
    let secrets = options::vault(&arguments.vault, config, true, false, terminal)?;
    let new = arguments::Vault {
        vault_id: arguments.new_vault_id.iter().cloned().collect(),
        vault_password_file: arguments.new_vault_password_file.iter().cloned().collect(),
        ask_vault_password: false,
    };
    let mut without = config.clone();
    without.vault.identity_list.clear();
    without.vault.password_file = None;
    without.vault.ask_pass = false;
    let new = options::vault(&new, &without, true, true, terminal)?;
    let (id, password) = chosen(&new, &arguments.key, config)?;
    let key = Key { password, vault_id: id, salt: config.vault.encrypt_salt.as_deref().map(str::as_bytes) };
    for name in &arguments.files {
        file::rekey(Path::new(name), &secrets, key)?;
    }
    say("Rekey successful", None, &arguments.files)
}

/// The password to encrypt with.
fn chosen<'a>(
    secrets: &'a VaultSecrets,
    key: &'a EncryptId,
    config: &'a Config,
) -> Result<(Option<&'a str>, &'a Password)> {
    let wanted = key.encrypt_vault_id.as_deref().or(config.vault.encrypt_identity.as_deref());
    if wanted.is_none() && secrets.ids().count() > 1 {
        let ids: Vec<&str> = secrets.ids().collect();
        return Err(Failure::options(format!(
            "The vault-ids {} are available to encrypt. Specify the vault-id to encrypt with --encrypt-vault-id",
            ids.join(",")
        )));
    }
    let (id, password) = secrets.to_encrypt(wanted)?;
    Ok((Some(id), password))
}

/// The files, or standard input where none is named.
fn names<'a>(files: &'a [String], output: Option<&str>) -> Result<Vec<&'a str>> {
    if files.len() > 1 && output.is_some() {
        return Err(Failure::options("At most one input file may be used with the --output option"));
    }
    Ok(if files.is_empty() { vec!["-"] } else { files.iter().map(String::as_str).collect() })
}

fn stdin() -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| unreadable("standard input", &error))?;
    Ok(bytes)
}

/// Writes to a file, readable by its owner alone, or to standard output.
fn put(output: &str, bytes: &[u8]) -> Result<()> {
    if output == "-" {
        let mut out = std::io::stdout();
        return match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::generic(format!("standard output cannot be written: {error}")))
            }
            _ => Ok(()),
        };
    }
    let path = Path::new(output);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(directory).and_then(|mut file| {
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| Failure::generic(format!("{output} cannot be written: {error}")))
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    Failure::generic(format!("{name} cannot be read: {error}"))
}

/// Says that it went well, where a person sits before it and the result did not go to the screen.
#[expect(clippy::unnecessary_wraps, reason = "it ends a verb")]
fn say(text: &str, output: Option<&str>, files: &[String]) -> Result {
    let filter = output == Some("-") || files.iter().any(|file| file == "-");
    if !filter && std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        // Nothing is lost where this cannot be written.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    Ok(0)
}
