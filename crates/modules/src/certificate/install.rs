//! The new pair comes into use, or the old one stays.

use std::path::Path;

use pki::{certificate::Certificate, release, store::SystemFiles};

use super::{
    CertificateArgs, layout,
    service::{self, Service},
};
use crate::prelude::*;

/// The step after which the service has not been told of anything yet.
const BEFORE_RELOAD: &str = "check";

/// What was in use before.
struct Before {
    name: Option<String>,
    /// The SHA-256 of its certificate, where it is whole.
    certificate: Option<String>,
}

fn told(error: pki::Error) -> Failure {
    Failure::new(error.to_string())
}

/// Installs `_chain` for the key that waits for it.
pub(super) fn run(args: &CertificateArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    let chain = Certificate::from_pem_bundle(args._chain.as_deref().unwrap_or_default()).map_err(told)?;
    let fingerprint = chain.first().map(Certificate::fingerprint).unwrap_or_default();
    let files = layout::files(args, ctx)?;
    let _lock = layout::lock(args, &files)?;
    let limit = service::limit(args)?;
    let name = release::finish(&files, &chain).map_err(told)?;
    if let Some(validate) = &args.validate {
        let folder = Path::new(&args.directory.0).join(release::folder(&name));
        let line = validate.replace("%s", &crate::support::shlex::quote(&folder.to_string_lossy()));
        if let Err(failure) = service::command("validate", &line, limit, ctx) {
            let _ = layout::discard(args, &name);
            return Err(failure.with("rolled_back", true).with("step", "validate"));
        }
    }
    // Known before anybody is shown it: no client need see a certificate that is not for its service.
    if let Err((step, failure)) = speaks_for_name(args, &chain) {
        let _ = layout::discard(args, &name);
        return Err(failure.with("rolled_back", true).with("step", step));
    }
    let before = before(&files)?;
    layout::begin_turn(&files, before.name.as_deref()).map_err(told)?;
    // A service that is not there takes it when it starts: nothing can be asked of it now, and what keeps it from starting may
    // be the old pair.
    let absent = is_absent(args, ctx)?;
    let waits = absent || (before.certificate.is_none() && !is_serving(args, ctx)?);
    release::turn(&files, Some(&name)).map_err(told)?;
    if waits {
        layout::end_turn(&files).map_err(told)?;
        layout::prune(args, &name);
        let mut outcome = Outcome::changed(true).with("release", name);
        if let Some(previous) = before.name {
            outcome.warnings.push(format!(
                "nothing listens at {}:{}: the service takes its new certificate when it starts",
                args.address,
                args.port.unwrap_or_default()
            ));
            outcome.set("previous", previous);
        }
        return Ok(outcome);
    }
    if let Err((step, failure)) = take(args, &fingerprint, ctx) {
        return Err(roll_back(args, &files, &name, &before, step, ctx, failure).with("step", step));
    }
    layout::end_turn(&files).map_err(told)?;
    layout::prune(args, &name);
    let mut outcome = Outcome::changed(true).with("release", name);
    if let Some(previous) = before.name {
        outcome.set("previous", previous);
    }
    if args.port.is_some() {
        outcome.set("served", fingerprint);
    }
    Ok(outcome)
}

/// Lets the service take the pair in use, which it does not serve yet.
pub(super) fn activate(args: &CertificateArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    let files = layout::files(args, ctx)?;
    let _lock = layout::lock(args, &files)?;
    let name = release::current(&files).map_err(told)?;
    let in_use = name.as_deref().map(|name| release::read(&files, name)).transpose().map_err(told)?;
    let (Some(name), Some(in_use)) = (name, in_use) else {
        return Err(Failure::new(format!("{}: there is no pair in use", args.directory.0)));
    };
    let fingerprint = in_use.chain.first().map(Certificate::fingerprint).unwrap_or_default();
    let unfinished = layout::unfinished(&files).map_err(told)?.is_some();
    let taken = take(args, &fingerprint, ctx).and_then(|()| speaks_for_name(args, &in_use.chain));
    if let Err((step, failure)) = taken {
        let before = before(&files)?;
        // Of a renewal that was interrupted the old pair is still there.
        if unfinished && before.certificate.is_some() && before.name.as_ref() != Some(&name) {
            // It may have been told of the new one before.
            return Err(roll_back(args, &files, &name, &before, "reload", ctx, failure).with("step", step));
        }
        return Err(failure.with("step", step));
    }
    layout::end_turn(&files).map_err(told)?;
    Ok(Outcome::changed(true).with("served", fingerprint))
}

/// Whether nobody listens where the service should.
fn is_absent(args: &CertificateArgs, ctx: &Context) -> Result<bool, Failure> {
    Ok(Service::listening(args)?.is_some_and(|service| service.is_absent(ctx)))
}

fn is_serving(args: &CertificateArgs, ctx: &Context) -> Result<bool, Failure> {
    Ok(Service::listening(args)?.is_some_and(|service| service.served(ctx).is_ok()))
}

/// What the service was last seen to take: what is in use, unless an earlier renewal was interrupted.
fn before(files: &SystemFiles) -> Result<Before, Failure> {
    let name = match layout::unfinished(files).map_err(told)? {
        Some(previous) => previous,
        None => release::current(files).map_err(told)?,
    };
    let release = name.as_deref().and_then(|name| release::read(files, name).ok());
    let certificate = release.and_then(|release| release.chain.first().map(Certificate::fingerprint));
    Ok(Before { name, certificate })
}

/// The service's own check, its reload, and what it serves then; else where it failed.
fn take(args: &CertificateArgs, fingerprint: &str, ctx: &Context) -> Result<(), (&'static str, Failure)> {
    if let Some(check) = &args.check {
        let limit = service::limit(args).map_err(|failure| ("arguments", failure))?;
        service::command("check", check, limit, ctx).map_err(|failure| (BEFORE_RELOAD, failure))?;
    }
    reload(args, fingerprint, ctx)
}

/// The service's reload, and what it serves then; else where it failed.
fn reload(args: &CertificateArgs, fingerprint: &str, ctx: &Context) -> Result<(), (&'static str, Failure)> {
    let limit = service::limit(args).map_err(|failure| ("arguments", failure))?;
    if let Some(reload) = &args.reload {
        service::command("reload", reload, limit, ctx).map_err(|failure| ("reload", failure))?;
    }
    if let Some(service) = Service::listening(args).map_err(|failure| ("arguments", failure))? {
        service.await_certificate(fingerprint, ctx).map_err(|failure| ("handshake", failure))?;
    }
    Ok(())
}

/// Whether clients will take what is served for the service that they want. Of what is put back it is not asked.
fn speaks_for_name(args: &CertificateArgs, chain: &[Certificate]) -> Result<(), (&'static str, Failure)> {
    match (args.port, &args.server_name, chain.first()) {
        (Some(_), Some(name), Some(leaf)) => service::speaks_for(leaf, name).map_err(|failure| ("handshake", failure)),
        _ => Ok(()),
    }
}

/// Turns back to what was in use, and lets the service take that; the failure then says how far it went. When the call was
/// cancelled no command can be run any more: the new pair stays, and the next renewal sees whether it is served.
fn roll_back(
    args: &CertificateArgs,
    files: &SystemFiles,
    name: &str,
    before: &Before,
    step: &str,
    ctx: &Context,
    failure: Failure,
) -> Failure {
    if ctx.cancel.is_cancelled() {
        return failure;
    }
    if let Err(error) = release::turn(files, before.name.as_deref()) {
        return failure.with("rolled_back", false).with("rollback_problem", error.to_string());
    }
    let again = match &before.certificate {
        // It was never told of the new one.
        Some(_) if step == BEFORE_RELOAD => Ok(()),
        Some(fingerprint) => reload(args, fingerprint, ctx).map_err(|(_, failure)| failure),
        // There was none, and the service may not run without one: nothing can be asked of it.
        None => Ok(()),
    };
    // What cannot be removed is looked at again by the next renewal.
    let _ = layout::end_turn(files);
    // Nobody else may find a key that stands for nothing.
    let _ = layout::discard(args, name);
    match again {
        Ok(()) => failure.with("rolled_back", true),
        Err(problem) => {
            failure.with("rolled_back", true).with("rollback_problem", problem.into_outcome().msg.unwrap_or_default())
        }
    }
}
