//! `provision pki publish`.

use std::{fs, path::PathBuf};

use clap::Args;
use pki::{Error, store::ROOT};
use serde_json::json;

use super::{
    Verb, files,
    form::{Done, Form, Format},
    place::Place,
};
use crate::cli::{Result, terminal::Terminal};

/// Write what certificates say is published: the authorities' certificates and lists, in DER
///
/// Every certificate names `URL/NAME.cer` and `URL/NAME.crl` of its issuer (RFC 5280 sections 4.2.1.13 and 4.2.2.1). This fills
/// the folder that a web server has there, by plain HTTP: `root.cer`, `root.crl`, and the same for each intermediate that has a
/// certificate. A file that is as it should be is left alone. Of several roots the newest is `root`.
///
/// Example: provision pki publish /srv/www/pki
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// The folder; made if it is absent
    #[arg(value_name = "DIRECTORY")]
    directory: PathBuf,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let (view, _) = self.place.look(terminal)?;
        let (index, reader) = (view.index(), view.reader());
        let mut authorities = Vec::new();
        if let Some(root) = reader.roots()?.pop() {
            authorities.push((ROOT.to_owned(), root));
        }
        for intermediate in index.intermediates() {
            if let Some(serial) = &intermediate.serial {
                authorities.push((intermediate.name.clone(), reader.certificate(serial)?));
            }
        }
        if authorities.is_empty() {
            return Err(Error::input(
                "store",
                "there is no authority in it",
                "make the root in a ceremony, then `provision pki intermediate install --root`",
            )
            .into());
        }
        fs::create_dir_all(&self.directory).map_err(|error| {
            Error::io(self.directory.display().to_string(), error, "check who may write there, and the free space")
        })?;
        let (mut lines, mut published) = (Vec::new(), Vec::new());
        for (name, certificate) in &authorities {
            let list = reader.list(&certificate.subject().to_string())?;
            let wanted = [
                (format!("{name}.cer"), Some(certificate.der())),
                (format!("{name}.crl"), list.as_ref().map(pki::crl::RevocationList::der)),
            ];
            for (file, der) in wanted {
                let Some(der) = der else {
                    lines.push(format!("{file}: there is no list yet"));
                    continue;
                };
                let path = self.directory.join(&file);
                let changed = fs::read(&path).map_or(true, |there| there != der);
                if changed {
                    files::replace(&path, der)?;
                }
                lines.push(format!("{file}: {}", if changed { "written" } else { "as it was" }));
                published.push(json!({"file": file, "changed": changed}));
            }
        }
        Ok(Done::well(lines.join("\n"), json!({"published": published})))
    }
}
