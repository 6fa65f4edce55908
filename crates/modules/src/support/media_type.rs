//! The media type of a file by its name's end.
//!
//! Source: <https://docs.python.org/3/library/mimetypes.html>: its own table, and the files in which systems keep theirs.

use std::fs;

/// Files in which systems keep more; the last weighs most.
const FILES: &[&str] = &[
    "/etc/mime.types",
    "/etc/httpd/mime.types",
    "/etc/httpd/conf/mime.types",
    "/etc/apache/mime.types",
    "/etc/apache2/mime.types",
    "/usr/local/etc/httpd/conf/mime.types",
    "/usr/local/lib/netscape/mime.types",
    "/usr/local/etc/mime.types",
];

/// Ends of names that stand for two, and those that say how a file is packed.
const SHORT: &[(&str, &str)] = &[
    ("svgz", "svg.gz"),
    ("tgz", "tar.gz"),
    ("taz", "tar.gz"),
    ("tz", "tar.gz"),
    ("tbz2", "tar.bz2"),
    ("txz", "tar.xz"),
];
const PACKED: &[&str] = &["gz", "Z", "bz2", "xz", "br"];

/// The media type of a file of that name; `None` where its end is not known.
#[must_use]
pub fn guess(name: &str) -> Option<String> {
    let name = name.rsplit('/').next().unwrap_or(name);
    let (mut stem, mut end) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?;
    let long;
    if let Some((_, two)) = SHORT.iter().find(|(short, _)| *short == end.to_lowercase()) {
        long = format!("{stem}.{two}");
        (stem, end) = long.rsplit_once('.')?;
    }
    if PACKED.contains(&end) {
        end = stem.rsplit_once('.')?.1;
    }
    let end = end.to_lowercase();
    let of_system = FILES.iter().rev().find_map(|path| find(&fs::read_to_string(path).ok()?, &end));
    of_system.or_else(|| find(TABLE, &end))
}

/// Finds an end in lines of a type and its ends; the last line weighs most.
fn find(table: &str, end: &str) -> Option<String> {
    table.lines().rev().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let kind = words.next()?;
        words.any(|word| word == end).then(|| kind.to_owned())
    })
}

/// Python's own table.
const TABLE: &str = "\
application/javascript js mjs
application/json json
application/manifest+json webmanifest
application/msword doc dot wiz
application/n-quads nq
application/n-triples nt
application/octet-stream a bin dll exe o obj so
application/oda oda
application/pdf pdf
application/pkcs7-mime p7c
application/postscript ai eps ps
application/rtf rtf
application/trig trig
application/vnd.apple.mpegurl m3u m3u8
application/vnd.ms-excel xlb xls
application/vnd.ms-powerpoint pot ppa pps ppt pwz
application/wasm wasm
application/x-bcpio bcpio
application/x-cpio cpio
application/x-csh csh
application/x-dvi dvi
application/x-gtar gtar
application/x-hdf hdf
application/x-hdf5 h5
application/x-latex latex
application/x-mif mif
application/x-netcdf cdf nc
application/x-pkcs12 p12 pfx
application/x-pn-realaudio ram
application/x-python-code pyc pyo
application/x-sh sh
application/x-shar shar
application/x-shockwave-flash swf
application/x-sv4cpio sv4cpio
application/x-sv4crc sv4crc
application/x-tar tar
application/x-tcl tcl
application/x-tex tex
application/x-texinfo texi texinfo
application/x-troff roff t tr
application/x-troff-man man
application/x-troff-me me
application/x-troff-ms ms
application/x-ustar ustar
application/x-wais-source src
application/xml rdf wsdl xpdl xsl
application/zip zip
audio/3gpp 3gp 3gpp
audio/3gpp2 3g2 3gpp2
audio/aac aac adts ass loas
audio/basic au snd
audio/midi mid midi
audio/mpeg mp2 mp3
audio/opus opus
audio/x-aiff aif aifc aiff
audio/x-pn-realaudio ra
audio/x-wav wav
image/avif avif
image/bmp bmp
image/gif gif
image/heic heic
image/heif heif
image/ief ief
image/jpeg jpe jpeg jpg
image/pict pct pic pict
image/png png
image/svg+xml svg
image/tiff tif tiff
image/vnd.microsoft.icon ico
image/webp webp
image/x-cmu-raster ras
image/x-portable-anymap pnm
image/x-portable-bitmap pbm
image/x-portable-graymap pgm
image/x-portable-pixmap ppm
image/x-rgb rgb
image/x-xbitmap xbm
image/x-xpixmap xpm
image/x-xwindowdump xwd
message/rfc822 eml mht mhtml nws
text/css css
text/csv csv
text/html htm html
text/n3 n3
text/plain bat c h ksh pl srt txt
text/richtext rtx
text/tab-separated-values tsv
text/vtt vtt
text/x-python py
text/x-setext etx
text/x-sgml sgm sgml
text/x-vcard vcf
text/xml xml
text/xul xul
video/mp4 mp4
video/mpeg m1v mpa mpe mpeg mpg
video/quicktime mov qt
video/webm webm
video/x-msvideo avi
video/x-sgi-movie movie
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_names_end_says_the_type() {
        for (name, want) in [
            ("a.TXT", Some("text/plain")),
            ("/x.d/a.tar.gz", Some("application/x-tar")),
            ("a.tgz", Some("application/x-tar")),
            ("a.json", Some("application/json")),
            ("noend", None),
            (".txt", None),
        ] {
            assert_eq!(guess(name).as_deref(), want, "{name}");
        }
        assert_eq!(find("text/x a b # c\n", "c"), None);
    }
}
