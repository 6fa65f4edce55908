//! `file:` URLs: a file of this host as an answer.

use std::fs::File;

use crate::{
    body::Body,
    client::Response,
    error::{Error, Reason},
    headers::Headers,
    url::unquote,
};

/// Opens the file of a URL's host and path.
pub(crate) fn open(host: &str, path: &str) -> Result<Response, Error> {
    if !matches!(host, "" | "localhost" | "127.0.0.1") {
        return Err(Error::url("file:// scheme is supported only on localhost"));
    }
    let local = unquote(path);
    let failed = |error: std::io::Error| {
        let reason = Reason::System(error);
        Error::url(format!("{reason}: '{local}'"))
    };
    let metadata = std::fs::metadata(&local).map_err(failed)?;
    let file = File::open(&local).map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(std::io::Error::from_raw_os_error(rustix::io::Errno::ISDIR.raw_os_error())));
    }
    let mut headers = Headers::default();
    headers.push("Content-length", metadata.len().to_string());
    Ok(Response {
        url: format!("file://{host}{path}"),
        status: None,
        reason: String::new(),
        headers,
        cookies: Vec::new(),
        body: Some(Body::file(file)),
    })
}
