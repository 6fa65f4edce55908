//! Where vault passwords come from: files, scripts, prompts.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use protocol::Secret;
use zeroize::Zeroizing;

use super::{Error, Password, VaultSecrets, is_encrypted};

/// Asks the operator for a secret; the command line implements it, tests answer for it.
pub trait Ask {
    /// Shows the prompt and reads a line without echo.
    ///
    /// # Errors
    ///
    /// There is nobody to ask; the message is shown as it is.
    fn ask(&mut self, prompt: &str) -> Result<Secret, String>;
}

/// What `--vault-id`, `--vault-password-file`, `--ask-vault-pass` and their configuration say.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `ID@SOURCE` or `SOURCE`; those of the configuration (`vault_identity_list`) first.
    pub vault_ids: Vec<String>,
    /// Password files; the configured one (`vault_password_file`) last.
    pub password_files: Vec<String>,
    /// Ask for a password.
    pub ask: bool,
    /// Ask for a password if there is no other source (`ansible-vault`).
    pub ask_if_none: bool,
    /// The password will encrypt: ask for it twice.
    pub new_password: bool,
    /// `DEFAULT_VAULT_IDENTITY`: the id of passwords that are given without one.
    pub default_id: String,
    /// `DEFAULT_VAULT_ID_MATCH`.
    pub match_ids: bool,
}

/// The source that stands for `--ask-vault-pass`: its prompt is the one of old, which other programs wait for.
const ASK: &str = "prompt_ask_vault_pass";

/// Collects the passwords of a run. A file or script that fails is a warning as long as another source gives a password.
///
/// # Errors
///
/// No source gives a password although some were named, or the operator could not be asked.
pub fn load(request: &Request, ask: &mut dyn Ask, warn: &mut dyn FnMut(String)) -> Result<VaultSecrets, Error> {
    let mut secrets = VaultSecrets::new(request.match_ids);
    let mut last_error = None;
    for slug in slugs(request) {
        let (id, source) = match slug.split_once('@') {
            Some((id, source)) => (Some(id), source),
            None => (None, slug.as_str()),
        };
        let known_as = id.filter(|id| !id.is_empty()).unwrap_or(&request.default_id);
        if source == "prompt" || source == ASK {
            match prompt(source, known_as, request.new_password, ask) {
                Ok(password) => secrets.push(known_as, password),
                Err(error) => {
                    warn(format!("Error in vault password prompt ({}): {error}", id.unwrap_or("None")));
                    return Err(error);
                }
            }
            continue;
        }
        match read(source, id, &secrets) {
            Ok(password) => secrets.push(known_as, password),
            Err(error) => {
                let action = match error {
                    Error::PasswordFileMissing(_) | Error::PasswordFileIsDirectory(_) => "getting vault password file",
                    _ => "in vault password file loading",
                };
                warn(format!("Error {action} ({}): {error}", id.unwrap_or("None")));
                last_error = Some(error);
            }
        }
    }
    match last_error {
        Some(error) if secrets.is_empty() => Err(error),
        _ => Ok(secrets),
    }
}

fn slugs(request: &Request) -> Vec<String> {
    let mut slugs = request.vault_ids.clone();
    slugs.extend(request.password_files.iter().map(|file| format!("{}@{file}", request.default_id)));
    if request.ask || (slugs.is_empty() && request.ask_if_none) {
        slugs.push(format!("{}@{ASK}", request.default_id));
    }
    slugs
}

fn prompt(source: &str, id: &str, new: bool, ask: &mut dyn Ask) -> Result<Password, Error> {
    let prompts = match (source == ASK, new) {
        (true, false) => vec!["Vault password: ".to_owned()],
        (true, true) => vec!["New Vault password: ".to_owned(), "Confirm New Vault password: ".to_owned()],
        (false, false) => vec![format!("Vault password ({id}): ")],
        (false, true) => vec![format!("New vault password ({id}): "), format!("Confirm new vault password ({id}): ")],
    };
    let mut first: Option<Secret> = None;
    for prompt in prompts {
        let answer = ask.ask(&prompt).map_err(Error::Prompt)?;
        if answer.is_empty() {
            return Err(Error::EmptyPassword(String::new()));
        }
        let answer = Secret::new(answer.reveal().trim());
        match &first {
            None => first = Some(answer),
            Some(other) if *other == answer => {}
            Some(_) => return Err(Error::PasswordsDiffer),
        }
    }
    Ok(first.unwrap_or_default().into())
}

/// The password of a file, or of a script if it may be executed. `id` is handed to scripts whose name ends in
/// `-client`. A password file may be a vault itself, opened by a password that came before it.
///
/// # Errors
///
/// The file cannot be read or gives nothing, the script fails.
pub fn read(source: &str, id: Option<&str>, known: &VaultSecrets) -> Result<Password, Error> {
    let path = PathBuf::from(source);
    let meta = match fs::metadata(&path) {
        Ok(meta) => meta,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Err(Error::PasswordFileMissing(path)),
        Err(cause) => return Err(Error::PasswordFileUnreadable { path, cause }),
    };
    if meta.is_dir() {
        return Err(Error::PasswordFileIsDirectory(path));
    }
    let (password, kind) = if meta.permissions().mode() & 0o111 != 0 {
        (run(&path, id)?, "script")
    } else {
        let content = fs::read(&path)
            .map(Zeroizing::new)
            .map_err(|cause| Error::PasswordFileUnreadable { path: path.clone(), cause })?;
        let content = content.trim_ascii();
        let password = if is_encrypted(content) { known.decrypt(content)?.to_vec() } else { content.to_vec() };
        (password, "file")
    };
    let password = Zeroizing::new(password);
    let stripped = trim_newlines(&password);
    if stripped.is_empty() {
        return Err(Error::EmptyPassword(format!(" from {kind} ({})", path.display())));
    }
    Ok(Password::new(stripped))
}

fn trim_newlines(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r' | b'\n'] | [b'\r' | b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// `NAME-client` and `NAME-client.EXT` are told the id.
fn is_client(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-client"))
}

fn run(path: &Path, id: Option<&str>) -> Result<Vec<u8>, Error> {
    let client = is_client(path);
    // A bare name is a file here, not a program on the path.
    let program = if path.components().count() == 1 { Path::new(".").join(path) } else { path.to_owned() };
    let mut command = Command::new(program);
    // A plain script may ask the operator: its standard error stays the terminal.
    command.stdin(Stdio::inherit()).stderr(if client { Stdio::piped() } else { Stdio::inherit() });
    if let Some(id) = id.filter(|id| client && !id.is_empty()) {
        command.args(["--vault-id", id]);
    }
    let kind = if client { "client script" } else { "script" };
    let output = command.stdout(Stdio::piped()).output().map_err(|cause| Error::ScriptStart {
        kind,
        path: path.to_owned(),
        cause,
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Error::ScriptFailed(failure(path, client, id, &output)))
}

fn failure(path: &Path, client: bool, id: Option<&str>, output: &Output) -> String {
    let (path, id) = (path.display(), id.unwrap_or("None"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stderr = stderr.trim_end();
    let code = output.status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string());
    match (client, output.status.code()) {
        (true, Some(2)) => {
            format!("Vault password client script {path} did not find a secret for vault-id={id}: {stderr}")
        }
        (true, _) => format!(
            "Vault password client script {path} returned non-zero ({code}) when getting secret for vault-id={id}: \
             {stderr}"
        ),
        (false, _) => format!("Vault password script {path} returned non-zero ({code})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Answers prompts from a list and keeps what was asked.
    struct Answers(Vec<&'static str>, Vec<String>);

    impl Ask for Answers {
        fn ask(&mut self, prompt: &str) -> Result<Secret, String> {
            self.1.push(prompt.to_owned());
            if self.0.is_empty() { Err("nobody there".to_owned()) } else { Ok(self.0.remove(0).into()) }
        }
    }

    fn request() -> Request {
        Request { default_id: "default".into(), ..Request::default() }
    }

    fn file(dir: &Path, name: &str, content: &str, mode: u32) -> String {
        let path = dir.join(name);
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file.set_permissions(fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn passwords(secrets: &VaultSecrets) -> Vec<(String, Vec<u8>)> {
        secrets.ids().map(|id| (id.to_owned(), secrets.to_encrypt(Some(id)).unwrap().1.bytes().to_vec())).collect()
    }

    #[test]
    fn passwords_come_from_files_scripts_and_prompts() {
        let dir = tempfile::tempdir().unwrap();
        let request = Request {
            vault_ids: vec![
                format!("a@{}", file(dir.path(), "file", "  one \n", 0o600)),
                format!("b@{}", file(dir.path(), "script", "#!/bin/sh\necho two\n", 0o700)),
                format!("c@{}", file(dir.path(), "ask-client.sh", "#!/bin/sh\necho \"$@\"\n", 0o700)),
                "d@prompt".into(),
            ],
            ask: true,
            ..request()
        };
        let mut answers = Answers(vec!["four", "five"], vec![]);
        let secrets = load(&request, &mut answers, &mut |warning| panic!("{warning}")).unwrap();
        let want = [("a", "one"), ("b", "two"), ("c", "--vault-id c"), ("d", "four"), ("default", "five")];
        assert_eq!(passwords(&secrets), want.map(|(id, password)| (id.to_owned(), password.as_bytes().to_vec())));
        assert_eq!(answers.1, ["Vault password (d): ", "Vault password: "]);
    }

    #[test]
    fn a_failing_source_is_a_warning_while_another_gives_a_password() {
        let dir = tempfile::tempdir().unwrap();
        let good = file(dir.path(), "good", "one", 0o600);
        let missing = dir.path().join("missing").to_str().unwrap().to_owned();
        let mut warnings = Vec::new();
        let both = Request { password_files: vec![missing.clone(), good], ..request() };
        assert!(load(&both, &mut Answers(vec![], vec![]), &mut |warning| warnings.push(warning)).is_ok());
        assert_eq!(
            warnings,
            [format!("Error getting vault password file (default): The vault password file {missing} was not found")]
        );
        let alone = Request { password_files: vec![missing.clone()], ..request() };
        let error = load(&alone, &mut Answers(vec![], vec![]), &mut |_| ()).unwrap_err();
        assert_eq!(error.to_string(), format!("The vault password file {missing} was not found"));
    }

    #[test]
    fn a_password_file_may_be_a_vault_of_a_password_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = VaultSecrets::new(false);
        first.push("default", Password::new("one"));
        let inner = file(dir.path(), "inner", &first.encrypt(b"two\n", None, None).unwrap(), 0o600);
        let outer = file(dir.path(), "outer", "one", 0o600);
        let request = Request { vault_ids: vec![format!("x@{outer}"), format!("y@{inner}")], ..request() };
        let secrets = load(&request, &mut Answers(vec![], vec![]), &mut |warning| panic!("{warning}")).unwrap();
        assert_eq!(passwords(&secrets).pop().unwrap(), ("y".to_owned(), b"two".to_vec()));
    }

    #[test]
    fn a_new_password_is_asked_for_twice() {
        let request = Request { ask_if_none: true, new_password: true, ..request() };
        let mut answers = Answers(vec!["one", "two"], vec![]);
        let error = load(&request, &mut answers, &mut |_| ()).unwrap_err();
        assert_eq!(error.to_string(), "Passwords do not match");
        assert_eq!(answers.1, ["New Vault password: ", "Confirm New Vault password: "]);
    }

    #[test]
    fn scripts_that_fail_say_how() {
        let dir = tempfile::tempdir().unwrap();
        let none = VaultSecrets::default();
        let client = file(dir.path(), "k-client", "#!/bin/sh\necho gone >&2\nexit 2\n", 0o700);
        assert_eq!(
            read(&client, Some("dev"), &none).unwrap_err().to_string(),
            format!("Vault password client script {client} did not find a secret for vault-id=dev: gone")
        );
        let empty = file(dir.path(), "empty", "#!/bin/sh\n", 0o700);
        assert_eq!(
            read(&empty, None, &none).unwrap_err().to_string(),
            format!("Invalid vault password was provided from script ({empty})")
        );
    }
}
