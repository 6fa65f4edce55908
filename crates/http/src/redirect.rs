//! Which redirects are followed, and what of a request goes along.

use crate::{
    client::Request,
    error::Error,
    headers::Headers,
    url::{Url, join, quote},
};

/// Which redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// As Python's `urllib` does: those of GET and HEAD, and of POST where the content need not be sent again.
    Urllib2,
    /// All, with content where the status says so.
    All,
    /// Those of GET and HEAD.
    Safe,
    /// None.
    None,
}

/// How often each URL was visited.
pub(crate) type Visited = Vec<(String, u32)>;

/// How often one URL may be visited.
const MOST_REPEATS: u32 = 4;

/// How many URLs may be visited.
const MOST_REDIRECTS: usize = 10;

/// What comes of a redirect.
pub(crate) enum Next {
    /// Another request.
    Go(Box<Request>),
    /// The answer stands, with these words for its status.
    Stop(String),
}

/// Decides on an answer that sends elsewhere.
///
/// # Errors
///
/// Where it sends is no URL.
pub(crate) fn next(
    request: &mut Request,
    status: u16,
    reason: &str,
    headers: &Headers,
    follow: Follow,
) -> Result<Next, Error> {
    let stop = || Ok(Next::Stop(reason.to_owned()));
    let Some(location) = headers.get("location").or_else(|| headers.get("uri")) else { return stop() };
    let mut url = Url::split(location);
    if !matches!(url.scheme.as_str(), "http" | "https" | "ftp" | "") {
        return Ok(Next::Stop(format!("{reason} - Redirection to url '{location}' is not allowed")));
    }
    if url.path.is_empty() && !url.netloc.is_empty() {
        "/".clone_into(&mut url.path);
    }
    // A header's letters are bytes; those beyond ASCII, and blanks, are encoded.
    let bytes: Vec<u8> = url.text().chars().filter_map(|letter| u8::try_from(u32::from(letter)).ok()).collect();
    let target = join(&request.url(), &quote(&bytes, |byte| byte.is_ascii_punctuation()));
    let Some(mut next) = follow.request(request, status, &target)? else { return stop() };
    let mut visited = match request.visited.take() {
        Some(visited) => {
            let repeats = visited.iter().find(|(known, _)| *known == target).map_or(0, |(_, count)| *count);
            if repeats >= MOST_REPEATS || visited.len() >= MOST_REDIRECTS {
                return Ok(Next::Stop(format!(
                    "The HTTP server returned a redirect error that would lead to an infinite loop.\n\
                     The last 30x error message was:\n{reason}"
                )));
            }
            visited
        }
        None => Visited::new(),
    };
    match visited.iter_mut().find(|(known, _)| *known == target) {
        Some((_, count)) => *count += 1,
        None => visited.push((target, 1)),
    }
    next.visited = Some(visited);
    Ok(Next::Go(Box::new(next)))
}

impl Follow {
    /// The request that follows; none where it is not to be followed.
    fn request(self, request: &Request, status: u16, target: &str) -> Result<Option<Request>, Error> {
        let method = request.method.as_str();
        let is_reading = matches!(method, "GET" | "HEAD");
        let (new_method, keeps_content) = match self {
            Self::None => return Ok(None),
            Self::Safe if !is_reading => return Ok(None),
            Self::Urllib2 if !(is_reading || (method == "POST" && matches!(status, 301..=303))) => return Ok(None),
            Self::Urllib2 => ("GET", false),
            Self::All | Self::Safe => match (status, method) {
                (307 | 308, _) => (method, true),
                (301, "POST") => ("GET", false),
                (302 | 303, method) if method != "HEAD" => ("GET", false),
                _ => (method, false),
            },
        };
        let mut next = Request::new(target, new_method, keeps_content && request.has_payload)?;
        for (name, value) in &request.headers {
            let of_content = matches!(name.to_lowercase().as_str(), "content-length" | "content-type")
                || (self != Self::Urllib2 && name.eq_ignore_ascii_case("transfer-encoding"));
            if keeps_content || !of_content {
                next.set(name, value);
            }
        }
        Ok(Some(next))
    }
}
