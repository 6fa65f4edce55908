//! Archives that GNU tar reads.

use super::{Archive, Compared, Job, Ran, uncaught};
use crate::{
    Failure,
    support::{escapes, paths, shlex},
};

/// How tar is told of the compression, and what Ansible calls that.
pub(super) type Format = (&'static str, &'static str);

/// In the order in which they are tried.
pub(super) const FORMATS: &[Format] = &[
    ("TgzArchive", "-z"),
    ("TarArchive", ""),
    ("TarBzipArchive", "-j"),
    ("TarXzArchive", "-J"),
    ("TarZstdArchive", "--use-compress-program=zstd"),
];

/// The ends of the lines by which tar says that a file is not as in the archive.
const DIFFERENCES: [&str; 5] = [
    ": Mod time differs",
    ": Warning: Cannot stat: No such file or directory",
    ": Symlink differs",
    ": Contents differ",
    ": Size differs",
];

/// An archive that tar reads.
pub(super) struct Tar {
    format: Format,
    program: String,
    excludes: Vec<String>,
    files: Vec<String>,
}

impl Tar {
    /// Lists the archive; the inner error says why tar cannot.
    pub(super) fn open(job: &Job<'_>, format: Format) -> Result<Result<Self, String>, Failure> {
        let Some(program) = job.ctx.find_bin("gtar").or_else(|| job.ctx.find_bin("tar")) else {
            return Ok(Err("Unable to find required 'gtar' or 'tar' binary in the path".to_owned()));
        };
        let version = job.execute(&[program.clone(), "--version".to_owned()], |command| command)?.out;
        let kind = match version {
            text if text.starts_with("bsdtar") => "bsd",
            text if text.starts_with("tar") && text.contains("GNU") => "gnu",
            _ => "None",
        };
        if kind != "gnu" {
            let reason = format!("Command \"{program}\" detected as tar type {kind}. GNU tar required.");
            return Ok(Err(reason));
        }
        let excludes = job.args.exclude.iter().map(|path| path.trim_end_matches('/').to_owned()).collect();
        let mut tar = Self { format, program, excludes, files: Vec::new() };
        let ran = tar.run(job, "--list", false)?;
        if ran.rc != 0 {
            let program = &tar.program;
            let reason = format!("Unable to list files in the archive: {}", ran.err);
            return Ok(Err(format!("Command \"{program}\" could not handle archive: {reason}")));
        }
        tar.files = tar.listed(&ran.out);
        if tar.files.is_empty() {
            let program = &tar.program;
            let reason =
                format!("Command \"{program}\" found no files in archive. Empty archive files are not supported.");
            return Ok(Err(reason));
        }
        Ok(Ok(tar))
    }

    /// Runs tar in one of its modes; a list needs no owners.
    fn run(&self, job: &Job<'_>, mode: &str, owners: bool) -> Result<Ran, Failure> {
        let args = job.args;
        let mut argv = vec![self.program.clone(), mode.to_owned(), "-C".to_owned(), job.dest.clone()];
        if !self.format.1.is_empty() {
            argv.push(self.format.1.to_owned());
        }
        if !args.extra_opts.is_empty() {
            argv.push("--show-transformed-names".to_owned());
            argv.extend(args.extra_opts.iter().cloned());
        }
        if owners {
            let owner = args.attributes.owner.iter().map(|owner| ("owner", owner));
            for (option, name) in owner.chain(args.attributes.group.iter().map(|group| ("group", group))) {
                if !name.is_empty() {
                    argv.push(format!("--{option}={}", shlex::quote(name)));
                }
            }
            if args.keep_newer {
                argv.push("--keep-newer-files".to_owned());
            }
        }
        argv.extend(self.excludes.iter().map(|path| format!("--exclude={path}")));
        argv.extend(["-f".to_owned(), job.source.path.clone()]);
        argv.extend(args.include.iter().cloned());
        job.execute(&argv, |command| command.cwd(&job.dest).best_locale())
    }

    /// The names in tar's list.
    fn listed(&self, list: &str) -> Vec<String> {
        list.lines()
            .map(|line| {
                let name = String::from_utf8_lossy(&escapes::decode(line.as_bytes())).into_owned();
                name.strip_prefix('/').map_or_else(|| name.clone(), str::to_owned)
            })
            .filter(|name| !self.excludes.iter().any(|pattern| paths::fnmatch(name, pattern)))
            .collect()
    }
}

impl Archive for Tar {
    fn name(&self) -> &'static str {
        self.format.0
    }

    fn files(&mut self, _: &Job<'_>) -> Result<Vec<String>, Failure> {
        Ok(self.files.clone())
    }

    fn compare(&mut self, job: &Job<'_>) -> Result<Compared, Failure> {
        let ran = self.run(job, "--diff", true)?;
        let attributes = &job.args.attributes;
        let given = |option: &Option<String>| option.as_deref().is_some_and(|text| !text.is_empty());
        let is_root = rustix::process::getuid().is_root();
        let has_mode = protocol::arguments::python::truth(&attributes.mode);
        let differs = |line: &str| {
            !line.ends_with(": : Warning: Cannot stat: No such file or directory")
                && (is_root && !given(&attributes.owner) && line.ends_with(": Uid differs")
                    || is_root && !given(&attributes.group) && line.ends_with(": Gid differs")
                    || !has_mode && line.ends_with(": Mode differs")
                    || line.contains(": Invalid owner")
                    || line.contains(": Invalid group")
                    || DIFFERENCES.iter().any(|end| line.ends_with(end)))
        };
        let same = !ran.out.lines().chain(ran.err.lines()).any(differs);
        Ok(Compared { same, diff: String::new() })
    }

    fn unpack(&self, job: &Job<'_>) -> Result<Ran, Failure> {
        if self.files.is_empty() {
            return Err(uncaught("the archive is empty"));
        }
        self.run(job, "--extract", true)
    }
}
