//! The body of an answer: by length, in chunks, or until the connection ends; unpacked where it is gzipped.
//!
//! Source: RFC 9112 sections 6 and 7, read as leniently as Python's `http.client` does.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;

use crate::{error::BodyError, stream::Stream};

/// How long a line may be, in bytes.
pub(crate) const LONGEST_LINE: u64 = 65536;

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks, each with its length before it.
    Chunked,
    /// The end of the connection.
    Open,
}

/// The body of an answer, to be read once.
pub struct Body(Content);

enum Content {
    Plain(Framed),
    Gzipped(Box<MultiGzDecoder<Framed>>),
    File(std::fs::File),
    Empty,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body")
    }
}

impl Body {
    pub(crate) fn file(file: std::fs::File) -> Self {
        Self(Content::File(file))
    }

    pub(crate) fn new(stream: BufReader<Box<dyn Stream>>, framing: Framing) -> Self {
        Self(match framing {
            Framing::Length(0) => Content::Empty,
            framing => Content::Plain(Framed { stream, framing, chunk: None, read: 0, ended: false }),
        })
    }

    /// Unpacks what is read.
    pub(crate) fn unzipped(self) -> Self {
        Self(match self.0 {
            Content::Plain(framed) => Content::Gzipped(Box::new(MultiGzDecoder::new(framed))),
            other => other,
        })
    }

    /// All of it.
    ///
    /// # Errors
    ///
    /// It did not come whole.
    pub fn whole(mut self) -> Result<Vec<u8>, BodyError> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).map_err(BodyError::of)?;
        Ok(bytes)
    }
}

impl Read for Body {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Content::Plain(framed) => framed.read(into),
            Content::Gzipped(decoder) => decoder.read(into),
            Content::File(file) => file.read(into),
            Content::Empty => Ok(0),
        }
    }
}

struct Framed {
    stream: BufReader<Box<dyn Stream>>,
    framing: Framing,
    /// The length of a chunk, and what is left of it.
    chunk: Option<(u64, u64)>,
    /// Bytes so far; of a chunked body, those of whole chunks.
    read: u64,
    ended: bool,
}

impl Framed {
    fn incomplete(&self, more: Option<u64>) -> io::Error {
        io::Error::other(BodyError::Incomplete { read: self.read, more })
    }

    fn by_length(&mut self, into: &mut [u8], length: u64) -> io::Result<usize> {
        let left = length.saturating_sub(self.read);
        let count = read_up_to(&mut self.stream, into, left)?;
        if count == 0 && left > 0 {
            return Err(self.incomplete(Some(left)));
        }
        self.read += count as u64;
        Ok(count)
    }

    fn by_chunks(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (length, left) = match self.chunk {
            Some(chunk) => chunk,
            None => {
                let Some(length) = self.chunk_length()? else { return Err(self.incomplete(None)) };
                if length == 0 {
                    self.skip_trailers()?;
                    self.ended = true;
                    return Ok(0);
                }
                (length, length)
            }
        };
        let count = read_up_to(&mut self.stream, into, left)?;
        if count == 0 {
            return Err(self.incomplete(None));
        }
        let left = left - count as u64;
        self.chunk = (left > 0).then_some((length, left));
        if left == 0 {
            self.read = self.read.saturating_add(length);
            let mut end = [0; 2];
            self.stream.read_exact(&mut end).map_err(|_| self.incomplete(None))?;
        }
        Ok(count)
    }

    /// The length that stands before a chunk; `None` where it is none.
    fn chunk_length(&mut self) -> io::Result<Option<u64>> {
        let line = line(&mut self.stream)?;
        let text = String::from_utf8_lossy(&line);
        let digits = text.split(';').next().unwrap_or_default().trim();
        Ok(u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+')))
    }

    fn skip_trailers(&mut self) -> io::Result<()> {
        /// More fields than any server sends.
        const MOST: usize = 1000;
        for _ in 0..MOST {
            if matches!(line(&mut self.stream)?.as_slice(), b"" | b"\n" | b"\r\n") {
                break;
            }
        }
        Ok(())
    }
}

/// A line with its end; what is there where the connection ends before.
fn line(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    stream.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn read_up_to(stream: &mut impl Read, into: &mut [u8], most: u64) -> io::Result<usize> {
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(into.len());
    match into.get_mut(..most) {
        Some(part) if !part.is_empty() => stream.read(part),
        _ => Ok(0),
    }
}

impl Read for Framed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() || self.ended {
            return Ok(0);
        }
        match self.framing {
            Framing::Length(length) => self.by_length(into, length),
            Framing::Chunked => self.by_chunks(into),
            Framing::Open => self.stream.read(into),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::Canned;

    fn body(bytes: &[u8], framing: Framing) -> Body {
        Body::new(BufReader::new(Canned::of(bytes)), framing)
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200), length in 0u64..300) {
            for framing in [Framing::Length(length), Framing::Chunked, Framing::Open] {
                let _ = body(&bytes, framing).whole();
                let _ = body(&bytes, framing).unzipped().whole();
            }
        }
    }

    #[test]
    fn a_body_ends_where_its_length_or_its_chunks_say() {
        assert_eq!(body(b"hello world", Framing::Length(5)).whole().unwrap(), b"hello");
        assert_eq!(
            body(b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\nrest", Framing::Chunked).whole().unwrap(),
            b"abcde"
        );
        assert_eq!(body(b"all", Framing::Open).whole().unwrap(), b"all");
    }

    #[test]
    fn what_ends_too_early_is_an_error_in_pythons_words() {
        let said = |bytes: &[u8], framing| body(bytes, framing).whole().unwrap_err().to_string();
        assert_eq!(said(b"hello", Framing::Length(9)), "IncompleteRead(5 bytes read, 4 more expected)");
        assert_eq!(said(b"5\r\nhello\r\n", Framing::Chunked), "IncompleteRead(5 bytes read)");
    }

    #[test]
    fn a_gzipped_body_is_unpacked() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(b"hello").unwrap();
        assert_eq!(body(&packed.finish().unwrap(), Framing::Open).unzipped().whole().unwrap(), b"hello");
    }
}
