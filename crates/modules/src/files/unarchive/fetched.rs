//! An archive that the host downloads.

use std::path::Path;

use super::{Source, UnarchiveArgs};
use crate::{
    Context, Failure,
    module::os_error,
    support::{ansible_tmp, atomic::Staged, paths, random, web},
};

/// Downloads the archive into a temporary file.
pub(super) fn fetch(args: &UnarchiveArgs, ctx: &Context) -> Result<Source, Failure> {
    let url = &*args.src;
    let failed = |why: &str| Failure::new(format!("Failure downloading {}, {why}", http::url::mask(url)));
    let folder = paths::temporary_folder(ctx.environment());
    let mut staged =
        Staged::within(ctx, Path::new(&folder)).map_err(|error| failed(&os_error(&error, Some(&folder))))?;
    web::download(ctx, url, args.validate_certs, &mut staged).map_err(|why| failed(&why))?;
    ctx.cancel.check()?;
    let shown = ansible_tmp::shown(ctx, &temporary_name(url));
    Ok(Source { path: staged.path().to_string_lossy().into_owned(), shown, _staged: Some(staged) })
}

/// The last part of a URL's path, with eight letters before its endings, of which there may be two (`.tar.gz`).
fn temporary_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let name = paths::basename(path);
    let mut endings = name.len();
    for _ in 0..2 {
        let shorter = name.get(..endings).and_then(|stem| stem.rfind('.')).filter(|dot| *dot > 0);
        endings = shorter.unwrap_or(endings);
    }
    let (stem, endings) = name.split_at_checked(endings).unwrap_or((name, ""));
    format!("{stem}{}{endings}", random::letters(8).unwrap_or_else(|_| "xxxxxxxx".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::temporary_name;

    #[test]
    fn the_endings_of_an_archive_stay_the_last_of_its_name() {
        let name = temporary_name("https://user:pw@host/a/foo-1.tar.gz?x=y.z");
        assert!(name.starts_with("foo-1") && name.ends_with(".tar.gz"), "{name}");
        assert!(temporary_name("https://host/.zip").starts_with(".zip"));
        assert_eq!(temporary_name("https://host").len(), 8);
    }
}
