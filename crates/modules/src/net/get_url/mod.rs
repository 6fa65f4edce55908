//! `get_url`: a file is downloaded.

mod checksum;

use std::{
    fs,
    io::Write,
    path::Path,
    time::{Instant, SystemTime},
};

use http::BodyError;
use rustix::fs::{Access, access};

use self::checksum::Checksum;
use crate::{
    prelude::*,
    support::{
        ansible_tmp,
        atomic::Staged,
        backup,
        checksum::Algorithm,
        paths,
        web::{self, Content, Fetched, WebOptions},
    },
};

/// Downloads files from HTTP and HTTPS to the host.
///
/// What is there is downloaded again where `force` says so, where it has changed on the server since, or where its
/// checksum differs. In check mode the server is asked whether it has the file, and nothing is downloaded.
#[derive(Debug, Arguments)]
pub struct GetUrlArgs {
    /// The URL: `(http|https|file)://[user[:password]]@host.domain[:port]/path`.
    #[arg(required)]
    url: String,
    /// The file to download to, or a folder for it.
    #[arg(required)]
    dest: PathArg,
    /// The user to authenticate as.
    #[arg(aliases("username"))]
    url_username: Option<String>,
    /// The password to authenticate with.
    #[arg(aliases("password"), no_log)]
    url_password: Option<String>,
    /// Keep the file that was there beside it.
    #[arg(default = false)]
    backup: bool,
    /// What the file has to sum up to: `ALGORITHM:SUM`, or `ALGORITHM:URL` of a list of sums.
    #[arg(default = "")]
    checksum: String,
    /// How long connecting, and each wait for the server, may take, in seconds.
    #[arg(default = 10)]
    timeout: i64,
    /// Header fields to send.
    headers: Option<Map>,
    /// A folder to download to first; by default the file's own.
    tmp_dest: Option<PathArg>,
    #[arg(flatten)]
    web: WebOptions,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct GetUrl;

impl Module for GetUrl {
    type Args = GetUrlArgs;
    const NAME: &'static str = "get_url";
    const EXAMPLES: &'static str = "\
- name: Download foo.conf
  ansible.builtin.get_url:
    url: http://example.com/path/file.conf
    dest: /etc/foo.conf
    mode: '0440'

- name: Download a file with a checksum from a list
  ansible.builtin.get_url:
    url: http://example.com/path/file.conf
    dest: /etc/foo.conf
    checksum: sha256:http://example.com/path/sha256sum.txt
";

    fn run(args: GetUrlArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        // Observe.
        let mut result = Outcome::changed(false)
            .with("checksum_dest", Data::Null)
            .with("checksum_src", Data::Null)
            .with("dest", &*args.dest)
            .with("elapsed", 0)
            .with("url", http::url::mask(&args.url));
        let checksum = args.wanted_checksum(&result, ctx)?;
        let given = Path::new(&*args.dest);
        let is_folder = given.is_dir();
        let mut since = None;
        let mut force = args.web.force;
        if !is_folder && given.exists() {
            if let Some(checksum) = checksum.as_ref().filter(|_| !force) {
                if checksum.sum == checksum.of_file(given)? {
                    let changed = args.attributes.apply(ctx, &args.dest, None)?;
                    result.changed = Some(changed);
                    let msg =
                        if changed { "file already exists but file attributes changed" } else { "file already exists" };
                    return Ok(result.with_msg(msg));
                }
                // What is there may be younger than the server's.
                force = true;
            }
            since = fs::metadata(given).and_then(|metadata| metadata.modified()).ok();
        }

        // Download.
        let begun = Instant::now();
        let method = if ctx.check_mode { "HEAD" } else { "GET" };
        let Downloaded { fetched, staged, shown } = match args.download(&args.url, method, force, since, ctx)? {
            Download::Unchanged(outcome) => return Ok(*outcome),
            Download::Done(download) => *download,
        };
        result.set("elapsed", seconds(begun));
        result.set("src", shown.as_str());
        let dest = if is_folder { args.dest_within(&fetched) } else { args.dest.0.clone() };
        result.set("dest", dest.as_str());
        let source_sum = Algorithm::Sha1.of_file(staged.path()).ok();
        result.set("checksum_src", source_sum.clone());
        let dest_sum = writable(&dest, &result)?;
        if let Some(sum) = &dest_sum {
            result.set("checksum_dest", sum.as_str());
        }

        // Plan.
        let differs = source_sum != dest_sum;
        if ctx.check_mode {
            result.changed = Some(differs);
            return Ok(result.with_msg(fetched.msg()));
        }
        if let Some(checksum) = checksum {
            let sum = checksum.of_file(staged.path())?;
            if checksum.sum != sum {
                let msg = format!("The checksum for {shown} did not match {}; it was {sum}.", checksum.sum);
                return Err(Failure::from_outcome(result, msg));
            }
        }

        // Apply.
        let mut changed = differs;
        let mut backup_file = None;
        if differs {
            let placed = place(staged, &dest, args.backup, &args.attributes, ctx);
            backup_file = placed.map_err(|failure| {
                if ctx.cancel.is_cancelled() {
                    return failure;
                }
                let msg = format!("failed to copy {shown} to {dest}: {}", failure.msg());
                Failure::from_outcome(result.clone(), msg)
            })?;
        } else {
            changed |= args.attributes.apply(ctx, &dest, None)?;
        }
        result.changed = Some(changed);
        result.set("md5sum", Algorithm::Md5.of_file(&dest).ok());
        if let Some(backup_file) = backup_file {
            result.set("backup_file", backup_file);
        }
        result.set("status_code", fetched.status.map_or(Data::Null, Data::from));
        Ok(result.with_msg(fetched.msg()))
    }
}

/// Puts what was downloaded into its place; the path of the backup where there is one.
fn place(
    staged: Staged,
    dest: &str,
    keeps: bool,
    attributes: &FileAttributes,
    ctx: &Context,
) -> Result<Option<String>, Failure> {
    let mut backup_file = None;
    if keeps && Path::new(dest).exists() {
        backup_file = Some(backup::make(ctx, dest)?);
    }
    let folder = |path: &str| paths::absolute(paths::dirname(path));
    let staged = if folder(&staged.path().to_string_lossy()) == folder(dest) {
        staged
    } else {
        // A rename does not leave its file system, and must not meet a half-written file on another.
        let cannot = |error: &std::io::Error| crate::support::atomic::cannot_write(dest, error);
        let mut beside =
            Staged::beside(ctx, Path::new(dest)).map_err(|error| crate::support::atomic::not_writable(dest, &error))?;
        let mut source = fs::File::open(staged.path()).map_err(|error| cannot(&error))?;
        std::io::copy(&mut source, &mut beside).map_err(|error| cannot(&error))?;
        beside
    };
    staged.replace(ctx, dest, attributes)?;
    Ok(backup_file)
}

/// The SHA-1 of what is at the destination.
///
/// # Errors
///
/// Nothing can be written there.
fn writable(dest: &str, result: &Outcome) -> Result<Option<String>, Failure> {
    let fail = |why: String| Err(Failure::from_outcome(result.clone(), why));
    if Path::new(dest).exists() {
        if access(dest, Access::WRITE_OK).is_err() {
            return fail(format!("Destination {dest} is not writable"));
        }
        if access(dest, Access::READ_OK).is_err() {
            return fail(format!("Destination {dest} is not readable"));
        }
        if Path::new(dest).is_dir() {
            return Err(Failure::new(format!("attempted to take checksum of directory: {dest}")));
        }
        return Ok(Algorithm::Sha1.of_file(dest).ok());
    }
    let folder = paths::dirname(dest);
    if !Path::new(folder).exists() {
        return fail(format!("Destination {folder} does not exist"));
    }
    if access(folder, Access::WRITE_OK).is_err() {
        return fail(format!("Destination {folder} is not writable"));
    }
    Ok(None)
}

fn seconds(begun: Instant) -> i64 {
    i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX)
}

/// What came of a request for a file.
enum Download {
    /// What is there is as new as the server's: the result.
    Unchanged(Box<Outcome>),
    /// A file.
    Done(Box<Downloaded>),
}

struct Downloaded {
    fetched: Fetched,
    staged: Staged,
    /// What is shown for its path.
    shown: String,
}

impl GetUrlArgs {
    /// What the content has to sum up to.
    fn wanted_checksum(&self, result: &Outcome, ctx: &mut Context) -> Result<Option<Checksum>, Failure> {
        if self.checksum.is_empty() {
            return Ok(None);
        }
        let Some(mut checksum) = Checksum::read(&self.checksum) else {
            let msg = "The checksum parameter has to be in format <algorithm>:<checksum>";
            return Err(Failure::from_outcome(result.clone(), msg));
        };
        if checksum.is_url() {
            let url = checksum.sum.clone();
            let list = match self.download(&url, "GET", self.web.force, None, ctx)? {
                Download::Unchanged(outcome) => return Err(Failure::from_outcome(*outcome, "Request failed")),
                Download::Done(download) => fs::read(download.staged.path()).unwrap_or_default(),
            };
            let name = file_name(&self.url);
            checksum.sum = checksum::find(&String::from_utf8_lossy(&list), &name).ok_or_else(|| {
                let url = http::url::mask(&url);
                Failure::new(format!("Unable to find a checksum for file '{name}' in '{url}'"))
            })?;
        }
        if !checksum.clean() {
            return Err(Failure::from_outcome(result.clone(), "The checksum format is invalid"));
        }
        Ok(Some(checksum))
    }

    /// Downloads to a temporary file.
    fn download(
        &self,
        url: &str,
        method: &str,
        force: bool,
        since: Option<SystemTime>,
        ctx: &mut Context,
    ) -> Result<Download, Failure> {
        let begun = Instant::now();
        let mut request = self.web.request(url, self.url_username.as_deref(), self.url_password.as_deref())?;
        request.method = method.to_owned();
        request.force = force;
        request.modified_since = since;
        #[expect(clippy::cast_precision_loss, reason = "seconds that are waited for")]
        let timeout = self.timeout as f64;
        request.timeout = timeout;
        let masked = http::url::mask(url);
        let fields = self.headers.as_ref().map(web::header_fields).transpose();
        let failed = |why: &str| {
            Failure::new(why).with("url", masked.as_str()).with("dest", &*self.dest).with("elapsed", seconds(begun))
        };
        request.headers = fields.map_err(|why| failed(&web::unknown(&why)))?.unwrap_or_default();
        let mut fetched = web::fetch(ctx, request)?;
        match fetched.status {
            Some(304) => {
                let outcome = Outcome::changed(false)
                    .with("url", masked)
                    .with("dest", &*self.dest)
                    .with("status_code", 304)
                    .with("elapsed", seconds(begun))
                    .with_msg(fetched.msg());
                return Ok(Download::Unchanged(Box::new(outcome)));
            }
            Some(-1) => return Err(failed(fetched.msg())),
            Some(200) => {}
            status if !url.starts_with("file:/") => {
                return Err(failed("Request failed")
                    .with("status_code", status.map_or(Data::Null, Data::from))
                    .with("response", fetched.msg()));
            }
            _ => {}
        }
        let (mut staged, shown) = self.stage(begun, ctx)?;
        let content = fetched.answer.take().map(|answer| answer.content);
        let copied = match content {
            Some(Content::Open(mut body)) => std::io::copy(&mut body, &mut staged),
            Some(Content::Read(bytes)) => staged.write_all(&bytes).map(|()| bytes.len() as u64),
            Some(Content::None) | None => Ok(0),
        };
        let length =
            fetched.info.get("content-length").and_then(Data::as_str).and_then(|text| text.trim().parse::<i64>().ok());
        let is_packed = fetched.info.get("content-encoding").and_then(Data::as_str) == Some("gzip");
        let came = match copied {
            Ok(came) => i64::try_from(came).unwrap_or(i64::MAX),
            Err(error) => {
                ctx.cancel.check()?;
                match (BodyError::of(error), length) {
                    (BodyError::Incomplete { read, more: Some(_) }, Some(_)) => i64::try_from(read).unwrap_or(i64::MAX),
                    (error, _) => {
                        let why = web::body_words(&error);
                        return Err(Failure::new(format!("failed to create temporary content file: {why}"))
                            .with("elapsed", seconds(begun)));
                    }
                }
            }
        };
        if let Some(length) = length.filter(|length| *length != came)
            && !ctx.check_mode
            && (!is_packed || !self.web.decompress)
        {
            let more = length - came;
            return Err(Failure::new(format!(
                "Incomplete read, (rsp.length={more}, cl={length}, st.st_size={came}) failed to read remaining {more} bytes"
            )));
        }
        Ok(Download::Done(Box::new(Downloaded { fetched, staged, shown })))
    }

    /// A temporary file, beside the destination where that can be, and what is shown for its path.
    fn stage(&self, begun: Instant, ctx: &Context) -> Result<(Staged, String), Failure> {
        let failed = |why: String| Failure::new(why).with("elapsed", seconds(begun));
        let name = ansible_tmp::random_name();
        if let Some(folder) = self.tmp_dest.as_deref().filter(|folder| !folder.is_empty()) {
            let path = Path::new(folder);
            if !path.is_dir() {
                return Err(failed(if path.exists() {
                    format!("{folder} is a file but should be a directory.")
                } else {
                    format!("{folder} directory does not exist.")
                }));
            }
            let staged = Staged::within(ctx, path)
                .map_err(|error| Failure::raised(&crate::module::os_error(&error, Some(folder)), None))?;
            return Ok((staged, paths::join(folder, &name)));
        }
        let dest = Path::new(&*self.dest);
        let beside = if dest.is_dir() { Staged::within(ctx, dest) } else { Staged::beside(ctx, dest) };
        let staged = match beside {
            Ok(staged) => staged,
            Err(_) => {
                ctx.cancel.check()?;
                // Why nothing can be written there is said when it is known what would be.
                let spare = ctx.variable("TMPDIR").unwrap_or("/tmp");
                Staged::within(ctx, Path::new(spare)).map_err(|error| {
                    failed(format!(
                        "failed to create temporary content file: {}",
                        crate::module::os_error(&error, Some(spare))
                    ))
                })?
            }
        };
        Ok((staged, ansible_tmp::shown(ctx, &name)))
    }

    /// The destination in a folder: the name that the answer has, else the last part of its URL.
    fn dest_within(&self, fetched: &Fetched) -> String {
        let mut headers = http::Headers::default();
        if let Some(value) = fetched.info.get("content-disposition").and_then(Data::as_str) {
            headers.push("content-disposition", value);
        }
        let given = headers.parameter("content-disposition", "filename").map(|name| paths::basename(&name).to_owned());
        let given = given.filter(|name| !matches!(name.as_str(), "" | "." | ".."));
        paths::join(&self.dest, &given.unwrap_or_else(|| file_name(fetched.url())))
    }
}

/// The last part of a URL's path.
fn file_name(url: &str) -> String {
    match paths::basename(&http::url::Url::split(url).path) {
        "" => "index.html".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
