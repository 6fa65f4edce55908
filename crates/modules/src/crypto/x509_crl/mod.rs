//! `x509_crl`: a revocation list in a file.

mod options;
mod wanted;

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};

use self::{
    options::{Format, X509CrlArgs},
    wanted::Wanted,
};
use super::options::State;
use crate::{
    prelude::*,
    support::crypto::{crl::RevocationList, describe::Wrong, file},
};

/// The module.
pub struct X509Crl;

impl Module for X509Crl {
    type Args = X509CrlArgs;
    const NAME: &'static str = "x509_crl";
    const EXAMPLES: &'static str = "\
- name: Generate a revocation list
  community.crypto.x509_crl:
    path: /etc/ssl/my-ca.crl
    privatekey_path: /etc/ssl/private/my-ca.pem
    issuer:
      CN: My CA
    last_update: +0s
    next_update: +7d
    revoked_certificates:
      - serial_number: 1234
        revocation_date: 20260331202428Z
        reason: key_compromise
      - path: /etc/ssl/crt/revoked.pem
";

    fn run(args: X509CrlArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let wanted = Wanted::of(&args)?;
        let existing = file::load(&args.path).ok().flatten();
        let read = existing.as_deref().and_then(|bytes| RevocationList::from_file(bytes).ok());
        let before =
            existing.as_deref().filter(|_| read.is_some()).map(|bytes| args.describe(bytes)).unwrap_or_default();
        let content = existing.filter(|_| read.is_some());
        let (list, is_pem) = match read {
            Some((list, is_pem)) => (Some(list), is_pem),
            None => (None, args.format == Format::Pem),
        };
        let encoded = content.map(|bytes| encode(&bytes, is_pem));
        if args.state == State::Absent {
            let changed = file_removed(&args, ctx)?;
            let diff = (before.clone(), before);
            let shown = if ctx.check_mode { args.planned(&wanted)? } else { args.shown(list.as_ref())? };
            return Ok(args.result(changed, shown, encoded, diff));
        }
        let is_met = match &list {
            Some(list) => wanted.is_met_by(list)?,
            None => false,
        };
        let differs = !is_met || args.force;
        let is_in_form = is_pem == (args.format == Format::Pem);
        if ctx.check_mode {
            let there = Path::new(&*args.path).exists();
            let changed = differs || !is_in_form || !there || args.attributes.apply(ctx, &args.path, None)?;
            return Ok(args.result((changed, None), args.planned(&wanted)?, encoded, (before.clone(), before)));
        }
        let list = if differs { Some(wanted.make(list.as_ref())?) } else { list };
        let mut after = before.clone();
        let mut encoded = encoded;
        let mut bytes = None;
        // A list without entries counts as none, which Python's truth of its length makes of it.
        let is_converted = !is_in_form && list.as_ref().is_some_and(|list| !list.entries().is_empty());
        if (differs || is_converted)
            && let Some(list) = &list
        {
            let new = list.write(args.format == Format::Pem)?;
            after = args.describe(&new);
            encoded = Some(encode(&new, args.format == Format::Pem));
            bytes = Some(new);
        }
        let written = file::keep(ctx, &args.path, &args.attributes, args.backup, bytes.is_some(), || {
            Ok(bytes.clone().unwrap_or_default())
        })?;
        let shown = args.shown(list.as_ref())?;
        Ok(args.result((written.changed, written.backup), shown, encoded, (before, after)))
    }
}

fn file_removed(args: &X509CrlArgs, ctx: &Context) -> Result<(bool, Option<String>), Failure> {
    let backup = if args.backup && !ctx.check_mode { file::make_backup(ctx, &args.path)? } else { None };
    Ok((file::remove(ctx, &args.path)?, backup))
}

/// As results have a list: PEM as it is, DER in base64.
fn encode(bytes: &[u8], is_pem: bool) -> String {
    if is_pem { String::from_utf8_lossy(bytes).into_owned() } else { STANDARD.encode(bytes) }
}

impl X509CrlArgs {
    fn result(
        &self,
        (changed, backup): (bool, Option<String>),
        shown: Map,
        content: Option<String>,
        (before, after): (Map, Map),
    ) -> Outcome {
        let mut outcome = Outcome::changed(changed)
            .with("filename", &*self.path)
            .with("privatekey", self.privatekey_path.as_deref())
            .with("format", self.format.name());
        for (key, value) in shown {
            outcome.set(&key, value);
        }
        if let Some(backup) = backup {
            outcome.set("backup_file", backup);
        }
        if self.return_content {
            outcome.set("crl", content);
        }
        outcome.diff.push(Diff::State { before_header: None, after_header: None, before, after });
        outcome
    }

    /// What a list says; nothing where it has no entries.
    fn shown(&self, list: Option<&RevocationList>) -> Result<Map, Wrong> {
        match list.filter(|list| !list.entries().is_empty()) {
            Some(list) => list.describe(self.name_encoding),
            None => {
                let keys = ["last_update", "next_update", "digest", "issuer_ordered", "issuer"];
                let mut nothing: Map = keys.map(|key| (key.to_owned(), Data::Null)).into();
                nothing.insert("revoked_certificates".to_owned(), Data::List(Vec::new()));
                Ok(nothing)
            }
        }
    }

    /// What a list would say.
    fn planned(&self, wanted: &Wanted<'_>) -> Result<Map, Wrong> {
        let pairs = wanted.issuer.iter().map(|(name, value)| vec![name.as_str(), value.as_str()]);
        let issuer: Map = wanted.issuer.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let entries: Result<Vec<_>, _> =
            wanted.entries.iter().map(|entry| entry.describe(self.name_encoding)).collect();
        Ok(Map::from([
            ("last_update".to_owned(), wanted.last_update.to_string().into()),
            ("next_update".to_owned(), wanted.next_update.to_string().into()),
            ("digest".to_owned(), self.digest.as_str().into()),
            ("issuer_ordered".to_owned(), pairs.collect::<Vec<_>>().into()),
            ("issuer".to_owned(), issuer.into()),
            ("revoked_certificates".to_owned(), entries?.into()),
        ]))
    }

    /// What a diff says of a list.
    fn describe(&self, bytes: &[u8]) -> Map {
        let described = RevocationList::from_file(bytes)
            .and_then(|(list, is_pem)| Ok((list.describe(self.name_encoding)?, is_pem)));
        match described {
            Ok((mut info, is_pem)) => {
                info.insert("changed".to_owned(), false.into());
                info.insert("format".to_owned(), if is_pem { "pem" } else { "der" }.into());
                info.insert("can_parse_crl".to_owned(), true.into());
                info
            }
            Err(_) => Map::from([("can_parse_crl".to_owned(), Data::Bool(false))]),
        }
    }
}
