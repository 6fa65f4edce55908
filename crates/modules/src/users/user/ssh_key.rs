//! An account's SSH key.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::{DirBuilderExt, lchown},
    path::Path,
};

use super::UserArgs;
use crate::{
    Context, Failure,
    module::os_error,
    support::{accounts::User, command::Output, paths},
};
use protocol::Outcome;

/// The comment of a key where none is asked for.
pub(super) fn default_comment() -> String {
    format!("ansible-generated on {}", rustix::system::uname().nodename().to_string_lossy())
}

/// Makes the key where it is missing, and tells of it.
pub(super) fn make(args: &UserArgs, ctx: &mut Context, user: &User, outcome: &mut Outcome) -> Result<(), Failure> {
    let failed = |rc: i32, msg: String| Failure::new(msg).with("name", args.name.as_str()).with("rc", rc);
    let name = args.ssh_key_file.as_deref().map_or_else(|| format!(".ssh/id_{}", args.ssh_key_type), str::to_owned);
    let file = if name.starts_with('/') {
        name
    } else if ctx.check_mode || Path::new(&user.home).exists() {
        paths::join(&user.home, &name)
    } else {
        return Err(failed(1, format!("User {} home directory does not exist", args.name)));
    };
    if let Some(output) = generate(args, ctx, user, &file).map_err(|msg| failed(1, msg))? {
        let output = output?;
        if output.rc != 0 {
            return Err(failed(output.rc, output.stderr_text().into_owned()));
        }
        outcome.changed = Some(true);
    }
    let fingerprint = if Path::new(&file).exists() {
        let program = ctx.require_bin("ssh-keygen")?;
        let output = ctx.command([program.as_str(), "-l", "-f", &file]).run()?;
        let text = if output.rc == 0 { output.stdout_text() } else { output.stderr_text() };
        text.trim().to_owned()
    } else {
        String::new()
    };
    outcome.set("ssh_fingerprint", fingerprint);
    let public = fs::read_to_string(format!("{file}.pub")).ok().map(|key| key.trim().to_owned());
    outcome.set("ssh_key_file", file);
    outcome.set("ssh_public_key", public);
    Ok(())
}

/// Runs ssh-keygen; `None` where the key is there. The outer error is a message of the system.
fn generate(
    args: &UserArgs,
    ctx: &mut Context,
    user: &User,
    file: &str,
) -> Result<Option<Result<Output, Failure>>, String> {
    let done = || Output { rc: 0, stdout: Vec::new(), stderr: Vec::new() };
    let folder = paths::dirname(file);
    if !Path::new(folder).exists() {
        if ctx.check_mode {
            return Ok(Some(Ok(done())));
        }
        DirBuilder::new()
            .mode(0o700)
            .create(folder)
            .and_then(|()| lchown(folder, Some(user.uid), Some(user.gid)))
            .map_err(|error| format!("Failed to create {folder}: {}", os_error(&error, Some(folder))))?;
    }
    let public = format!("{file}.pub");
    let mut overwrite = false;
    for (kind, path) in [("private", file), ("public", public.as_str())] {
        if !Path::new(path).exists() {
            continue;
        }
        if !args.force {
            ctx.warn(format!(
                "Found existing ssh key {kind} file \"{path}\", no force, so skipping ssh-keygen generation"
            ));
            return Ok(None);
        }
        ctx.warn(format!("Overwriting existing ssh key {kind} file \"{path}\""));
        overwrite |= kind == "private";
    }
    let program = match ctx.require_bin("ssh-keygen") {
        Ok(program) => program,
        Err(failure) => return Ok(Some(Err(failure))),
    };
    if ctx.check_mode {
        return Ok(Some(Ok(done())));
    }
    if Path::new(&public).exists() {
        fs::remove_file(&public).map_err(|error| os_error(&error, Some(&public)))?;
    }
    let mut words: Vec<String> = Vec::new();
    // A session of its own: ssh-keygen then has no terminal to ask, and reads the passphrase from its input. It never
    // stands among the words, which everybody on the host can see.
    words.extend(ctx.find_bin("setsid").map(|setsid| [setsid, "-w".to_owned()]).into_iter().flatten());
    words.extend([program, "-t".to_owned(), args.ssh_key_type.clone()]);
    if args.ssh_key_bits > 0 {
        words.extend(["-b".to_owned(), args.ssh_key_bits.to_string()]);
    }
    let comment = args.ssh_key_comment.clone().unwrap_or_else(default_comment);
    words.extend(["-C".to_owned(), comment, "-f".to_owned(), file.to_owned()]);
    let mut input = if overwrite { "y\n".to_owned() } else { String::new() };
    match &args.ssh_key_passphrase {
        Some(passphrase) => input.push_str(&format!("{passphrase}\n{passphrase}\n")),
        None => words.extend(["-N".to_owned(), String::new()]),
    }
    let output = match ctx.command(&words).env("SSH_ASKPASS_REQUIRE", "never").stdin(input).run() {
        Ok(output) => output,
        Err(error) => return Ok(Some(Err(error.into()))),
    };
    if output.rc == 0 {
        for path in [file, public.as_str()] {
            lchown(path, Some(user.uid), Some(user.gid)).map_err(|error| os_error(&error, Some(path)))?;
        }
    }
    Ok(Some(Ok(output)))
}
