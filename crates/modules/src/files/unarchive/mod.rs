//! `unarchive`: the host's half of it. Archives are read by the host's own `tar` and `unzip`.

mod directory;
mod fetched;
mod tar;
mod zip;

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use rustix::fs::{Access, access};

use self::{
    tar::{FORMATS, Tar},
    zip::Zip,
};
use crate::{
    module::{os_error, os_error_bytes},
    prelude::*,
    support::{ansible_tmp, atomic::Staged, command::Command, paths},
};

/// Unpacks an archive.
///
/// The archive comes from the control node, or with `remote_src` from the host itself or from a URL. What it holds is compared
/// with what is there first; where nothing differs, nothing is unpacked. zip archives need `unzip` and `zipinfo` on the host,
/// all others GNU tar and the program of their compression.
#[derive(Debug, Arguments)]
#[arguments(mutually_exclusive("include", "exclude"))]
pub struct UnarchiveArgs {
    /// The archive: a path of the control node, or, with `remote_src`, of the host, or a URL.
    #[arg(required)]
    src: PathArg,
    /// The folder to unpack into, which must be there.
    #[arg(required)]
    dest: PathArg,
    /// The archive is on the host already, or is to be downloaded by it.
    #[arg(default = false)]
    remote_src: bool,
    /// A path that the archive makes; where it is there, nothing is done.
    #[expect(dead_code, reason = "of the control node")]
    creates: Option<PathArg>,
    /// Return the names of the files in the archive.
    #[arg(default = false)]
    list_files: bool,
    /// Leave files alone that are newer than those of the archive.
    #[arg(default = false)]
    keep_newer: bool,
    /// Files and folders not to unpack, with wildcards.
    #[arg(default = [])]
    exclude: Vec<String>,
    /// The only files and folders to unpack, with wildcards in zip archives.
    #[arg(default = [])]
    include: Vec<String>,
    /// More options for the program that unpacks, each with its value in one word.
    #[arg(default = [])]
    extra_opts: Vec<String>,
    /// Check the TLS certificate of the server of a URL.
    #[arg(default = true)]
    validate_certs: bool,
    /// How many bytes Ansible reads at once; provision reads as it suits.
    #[arg(default = 65536)]
    #[expect(dead_code, reason = "files are read as it suits")]
    io_buffer_size: i64,
    /// The opposite of `remote_src`, by its old name.
    #[arg(default = true)]
    #[expect(dead_code, reason = "of the control node")]
    copy: bool,
    /// Decrypt an archive that is in a vault.
    #[arg(default = true)]
    #[expect(dead_code, reason = "of the control node")]
    decrypt: bool,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct Unarchive;

impl Module for Unarchive {
    type Args = UnarchiveArgs;
    const NAME: &'static str = "unarchive";
    const EXAMPLES: &'static str = "\
- name: Unpack an archive of the control node
  ansible.builtin.unarchive:
    src: foo.tgz
    dest: /var/lib/foo

- name: Unpack an archive that is on the host already
  ansible.builtin.unarchive:
    src: /tmp/foo.zip
    dest: /usr/local/bin
    remote_src: true
";

    fn run(args: UnarchiveArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let dest = paths::absolute(&args.dest);
        if !args.dest.starts_with('/') {
            let given = &*args.dest;
            ctx.warn(format!("Relative destination path '{given}' was resolved to absolute path '{dest}'."));
        }
        let source = source(&args, ctx)?;
        if source.shown != *args.src && !args.remote_src {
            ctx.show_argument("src", source.shown.as_str());
        }
        if !Path::new(&dest).is_dir() {
            return Err(Failure::new(format!("Destination '{}' is not a directory", &*args.dest)));
        }
        let job = Job { ctx, args: &args, source: &source, dest };
        match job.pick()? {
            Some(mut archive) => job.unpack(archive.as_mut()),
            None => {
                let msg = "remote module (ansible.legacy.unarchive) does not support check mode when using gtar";
                Ok(Outcome { skipped: true, ..Outcome::default() }.with_msg(msg))
            }
        }
    }
}

/// The archive on the host.
struct Source {
    /// Where it is.
    path: String,
    /// What results call it: what came from the control node or a server has the name that Ansible would have given it.
    shown: String,
    /// What came is gone when this is dropped.
    _staged: Option<Staged>,
}

/// The archive, which is there and can be read.
fn source(args: &UnarchiveArgs, ctx: &mut Context) -> Result<Source, Failure> {
    let given = &*args.src;
    let source = if ctx.has_content() {
        let failed = |_: io::Error| Failure::new(format!("Source '{given}' failed to transfer"));
        let mut content = ctx.content().map_err(failed)?;
        let folder = paths::temporary_folder(ctx.environment());
        let mut staged = Staged::within(ctx, Path::new(&folder)).map_err(failed)?;
        io::copy(&mut content, &mut staged).and_then(|_| staged.flush()).map_err(failed)?;
        Source {
            path: staged.path().to_string_lossy().into_owned(),
            shown: ansible_tmp::shown(ctx, "source"),
            _staged: Some(staged),
        }
    } else if Path::new(given).exists() {
        let path = paths::absolute(given);
        Source { shown: path.clone(), path, _staged: None }
    } else if !args.remote_src {
        return Err(Failure::new(format!("Source '{given}' failed to transfer")));
    } else if given.contains("://") {
        fetched::fetch(args, ctx)?
    } else {
        return Err(Failure::new(format!("Source '{given}' does not exist")));
    };
    if access(&source.path, Access::READ_OK).is_err() {
        return Err(Failure::new(format!("Source '{}' not readable", source.shown)));
    }
    let size = fs::metadata(&source.path).map_err(|error| {
        let reason = os_error(&error, Some(&source.shown));
        Failure::new(format!("Source '{}' not readable, {reason}", source.shown))
    })?;
    if size.len() == 0 {
        return Err(Failure::new(format!("Invalid archive '{}', the file is 0 bytes", source.shown)));
    }
    Ok(source)
}

/// What a program of the host did.
struct Ran {
    cmd: Vec<String>,
    rc: i32,
    out: String,
    err: String,
}

impl Ran {
    fn into_data(self) -> Data {
        Data::Map(Map::from([
            ("cmd".to_owned(), self.cmd.into()),
            ("rc".to_owned(), self.rc.into()),
            ("out".to_owned(), self.out.into()),
            ("err".to_owned(), self.err.into()),
        ]))
    }
}

/// How what is there compares with the archive.
struct Compared {
    /// Nothing differs.
    same: bool,
    /// What differs, a line for each path; only zip archives have it.
    diff: String,
}

/// An archive that one of the host's programs can read.
trait Archive {
    /// What Ansible calls the handler.
    fn name(&self) -> &'static str;

    /// The names of what is in it and is to be unpacked.
    fn files(&mut self, job: &Job<'_>) -> Result<Vec<String>, Failure>;

    /// Compares it with what is there.
    fn compare(&mut self, job: &Job<'_>) -> Result<Compared, Failure>;

    /// Unpacks it.
    fn unpack(&self, job: &Job<'_>) -> Result<Ran, Failure>;
}

/// One call of the module.
struct Job<'a> {
    ctx: &'a Context,
    args: &'a UnarchiveArgs,
    source: &'a Source,
    /// The folder, absolute.
    dest: String,
}

impl Job<'_> {
    /// Runs a program on the archive; what it says of it is told of the path that results show.
    fn execute(&self, argv: &[String], with: impl Fn(Command) -> Command) -> Result<Ran, Failure> {
        let output = with(self.ctx.command(argv)).run()?;
        let told = |text: &str| match self.source.path == self.source.shown {
            true => text.to_owned(),
            false => text.replace(&self.source.path, &self.source.shown),
        };
        Ok(Ran {
            cmd: argv.iter().map(|word| told(word)).collect(),
            rc: output.rc,
            out: told(&output.stdout_text()),
            err: told(&output.stderr_text()),
        })
    }

    /// What can read the archive; none where it cannot be compared in check mode.
    fn pick(&self) -> Result<Option<Box<dyn Archive>>, Failure> {
        let mut reasons: Vec<String> = Vec::new();
        let mut note = |reason: String| {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        };
        for by_unzip in [false, true] {
            match Zip::open(self, by_unzip)? {
                Ok(zip) => return Ok(Some(Box::new(zip))),
                Err(reason) => note(reason),
            }
        }
        if self.ctx.check_mode {
            return Ok(None);
        }
        for format in FORMATS {
            match Tar::open(self, *format)? {
                Ok(tar) => return Ok(Some(Box::new(tar))),
                Err(reason) => note(reason),
            }
        }
        Err(Failure::new(format!(
            "Failed to find handler for \"{}\". Make sure the required command to extract the file is installed.\n{}",
            self.source.shown,
            reasons.join("\n")
        )))
    }

    fn unpack(&self, archive: &mut dyn Archive) -> Result<Outcome, Failure> {
        let given = &*self.args.dest;
        let compared = archive.compare(self)?;
        let mut result = Outcome::changed(false)
            .with("handler", archive.name())
            .with("dest", given)
            .with("src", self.source.shown.as_str());
        if !compared.same {
            if !self.ctx.check_mode {
                let ran = archive.unpack(self)?;
                let rc = ran.rc;
                result.set("extract_results", ran.into_data());
                if rc != 0 {
                    let msg = format!("failed to unpack {} to {given}", self.source.shown);
                    result.changed = None;
                    return Err(Failure::from_outcome(result, msg));
                }
            }
            result.changed = Some(true);
        }
        if !compared.diff.is_empty() {
            result.diff.push(Diff::Prepared(compared.diff));
        }
        if !self.ctx.check_mode {
            let changed = self.set_attributes(archive, &result)?;
            result.changed = Some(changed || result.changed == Some(true));
        }
        if self.args.list_files {
            result.set("files", archive.files(self)?);
        }
        Ok(result)
    }

    /// Gives all that is in the archive, and the folders at its top, owner and mode.
    fn set_attributes(&self, archive: &mut dyn Archive, result: &Outcome) -> Result<bool, Failure> {
        let files = archive.files(self)?;
        let mut tops: Vec<&str> = Vec::new();
        for file in &files {
            if let Some((top, _)) = file.split_once('/')
                && !tops.contains(&top)
            {
                tops.push(top);
            }
        }
        let unpacked = files.iter().map(|file| paths::join(&self.dest, file));
        let tops = tops.iter().map(|top| format!("{}/{top}", &*self.args.dest));
        let mut changed = false;
        for path in unpacked.chain(tops) {
            if !self.args.attributes.is_empty()
                && let Err(error) = fs::symlink_metadata(&path)
            {
                let cause = os_error_bytes(&error, &path);
                let failure = Failure::caused("Unexpected error when accessing exploded file.", cause);
                let values = result.values.iter();
                return Err(values.fold(failure, |failure, (key, value)| failure.with(key, value.clone())));
            }
            changed |= self.args.attributes.apply(self.ctx, &path, None)?;
        }
        Ok(changed)
    }
}

/// An error that Ansible's module does not catch.
fn uncaught(message: impl AsRef<str>) -> Failure {
    Failure::raised(message.as_ref(), None)
}

#[cfg(test)]
mod tests;
