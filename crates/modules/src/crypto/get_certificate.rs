//! `get_certificate`: the certificate that a server shows.

use std::{path::Path, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::peer::{Handshake, Line, Peer};

use crate::{
    prelude::*,
    support::{
        crypto::describe::{certificate, distinguished, extensions::serial_number, oid, pem, times::Moment},
        resolve,
    },
};

/// Protocols that have to be asked before they encrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum StartTls {
    /// MySQL and MariaDB.
    Mysql,
}

/// Gets a certificate from a host and port.
///
/// Connects, shakes hands and describes the certificate that the server shows, whoever issued it; with `ca_cert`, one that
/// these authorities vouch for.
#[derive(Debug, Arguments)]
pub struct GetCertificateArgs {
    /// The host, by name or address.
    #[arg(required)]
    host: String,
    /// The port.
    #[arg(required)]
    port: i64,
    /// A PEM file with authorities; one of them has to vouch for the certificate, not for its name.
    ca_cert: Option<PathArg>,
    /// The name that the server is asked for (SNI), if that is not the host.
    server_name: Option<String>,
    /// A proxy to go through (CONNECT).
    proxy_host: Option<String>,
    /// Its port.
    #[arg(default = 8080)]
    proxy_port: i64,
    /// The protocol that encryption has to be asked for in.
    starttls: Option<StartTls>,
    /// Seconds to wait for the server; 0 for no limit.
    #[arg(default = 10)]
    timeout: i64,
    /// Both choices do the same.
    #[arg(default = "auto", choices("auto", "cryptography"))]
    #[expect(dead_code, reason = "it is taken and means nothing")]
    select_crypto_backend: String,
    /// Ciphers in OpenSSL's list format. Of those, the ones with forward secrecy and authenticated encryption are there.
    ciphers: Option<Vec<String>>,
    /// Whether extensions are returned in base64.
    #[arg(default = true)]
    asn1_base64: bool,
    /// OpenSSL's options, by name (`OP_NO_TLSv1_3`) or number. Those that leave versions of TLS out have an effect.
    tls_ctx_options: Option<Vec<Data>>,
    /// Whether the chain is returned too.
    #[arg(default = false)]
    get_certificate_chain: bool,
}

/// The module.
pub struct GetCertificate;

impl Module for GetCertificate {
    type Args = GetCertificateArgs;
    const NAME: &'static str = "get_certificate";
    const CHECK_MODE: CheckMode = CheckMode::Skipped;
    const EXAMPLES: &'static str = "\
- name: Look which certificate the server shows
  community.crypto.get_certificate:
    host: www.example.org
    port: 443
  register: certificate
";

    fn run(args: GetCertificateArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        if args.ca_cert.as_ref().is_some_and(|path| !Path::new(&**path).is_file()) {
            return Err(Failure::new("ca_cert file does not exist"));
        }
        let peer = shake_hands(&args, ctx)?;
        describe(&args, &peer)
    }
}

fn shake_hands(args: &GetCertificateArgs, ctx: &Context) -> Result<Peer, Failure> {
    let GetCertificateArgs { host, port, .. } = args;
    let proxy = args.proxy_host.as_deref().filter(|host| !host.is_empty());
    let failed = |error: &dyn std::fmt::Display| {
        if ctx.cancel.is_cancelled() {
            return Failure::cancelled();
        }
        Failure::new(match proxy {
            Some(proxy) => {
                format!("Failed to get cert via proxy {proxy}:{} from {host}:{port}, error: {error}", args.proxy_port)
            }
            None => format!("Failed to get cert from {host}:{port}, error: {error}"),
        })
    };
    let (to, at) = match proxy {
        Some(proxy) if u16::try_from(args.proxy_port).is_ok() => (proxy, args.proxy_port),
        Some(_) => return Err(failed(&"connect(): port must be 0-65535.")),
        None => (host.as_str(), *port),
    };
    // As getaddrinfo(3) takes it: the lowest 16 bits.
    let at = u16::try_from(at & 0xffff).unwrap_or_default();
    let addresses = resolve::addresses(ctx, to, at).map_err(|error| failed(&error))?;
    let limit = match u64::try_from(args.timeout) {
        Ok(0) => Duration::from_secs(10 * 365 * 24 * 3600),
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => return Err(Failure::raised("Timeout value out of range", None)),
    };
    let cancel = ctx.cancel.clone();
    let cancelled: Arc<dyn Fn() -> bool + Send + Sync> = Arc::new(move || cancel.is_cancelled());
    let mut line = Line::open(&addresses, limit, &cancelled).map_err(|error| failed(&error))?;
    if proxy.is_some() {
        line.send(format!("CONNECT {host}:{port} HTTP/1.0\r\n\r\n").as_bytes()).map_err(|error| failed(&error))?;
        line.receive().map_err(|error| failed(&error))?;
    }
    if let Some(StartTls::Mysql) = args.starttls {
        // The server's greeting comes first.
        line.receive().map_err(|error| failed(&error))?;
        line.send(&mysql_request()).map_err(|error| failed(&error))?;
    }
    let ciphers = args.ciphers.as_ref().map(|ciphers| ciphers.join(":"));
    let options = options(args.tls_ctx_options.as_deref())?;
    let name = args.server_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(host);
    let wanted = Handshake {
        server_name: name,
        ca_path: args.ca_cert.as_deref(),
        ciphers: ciphers.as_deref(),
        without_tls12: options & NO_TLS_12 != 0,
        without_tls13: options & NO_TLS_13 != 0,
    };
    line.certificates(&wanted, ctx.environment()).map_err(|error| failed(&error))
}

/// The packet `SSLRequest` of MySQL's protocol: 32 bytes as packet 1, capabilities with SSL among them, packets of 16 MiB at
/// most, the character set utf8.
///
/// Source: MySQL's protocol documentation, "Protocol::SSLRequest".
fn mysql_request() -> Vec<u8> {
    const CAPABILITIES: u32 = 0x007f_ae85;
    const LARGEST_PACKET: u32 = 1 << 24;
    const UTF8: u8 = 33;
    let mut packet = vec![32, 0, 0, 1];
    packet.extend(CAPABILITIES.to_le_bytes());
    packet.extend(LARGEST_PACKET.to_le_bytes());
    packet.push(UTF8);
    packet.extend([0; 23]);
    packet
}

const NO_TLS_12: i64 = 0x0800_0000;
const NO_TLS_13: i64 = 0x2000_0000;

/// The options that Python's `ssl` knows by name (OpenSSL 3).
const OPTIONS: [(&str, i64); 15] = [
    ("OP_ALL", 0x8000_0050),
    ("OP_CIPHER_SERVER_PREFERENCE", 0x0040_0000),
    ("OP_ENABLE_MIDDLEBOX_COMPAT", 0x0010_0000),
    ("OP_IGNORE_UNEXPECTED_EOF", 0x80),
    ("OP_NO_COMPRESSION", 0x0002_0000),
    ("OP_NO_RENEGOTIATION", 0x4000_0000),
    ("OP_NO_SSLv2", 0),
    ("OP_NO_SSLv3", 0x0200_0000),
    ("OP_NO_TICKET", 0x4000),
    ("OP_NO_TLSv1", 0x0400_0000),
    ("OP_NO_TLSv1_1", 0x1000_0000),
    ("OP_NO_TLSv1_2", NO_TLS_12),
    ("OP_NO_TLSv1_3", NO_TLS_13),
    ("OP_SINGLE_DH_USE", 0),
    ("OP_SINGLE_ECDH_USE", 0),
];

/// All options in one number.
fn options(options: Option<&[Data]>) -> Result<i64, Failure> {
    let mut all = 0;
    for option in options.unwrap_or_default() {
        all |= match option {
            Data::Str(name) => OPTIONS
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, number)| *number)
                .ok_or_else(|| Failure::new(format!("Failed to determine the numeric value for {name}")))?,
            Data::Int(number) => *number,
            Data::Bool(number) => i64::from(*number),
            Data::BigInt(number) => return Err(Failure::new(format!("Failed to add {number} to CTX options"))),
            other => {
                let shown = protocol::arguments::python::repr(other);
                return Err(Failure::new(format!("tls_ctx_options must be a string or integer, got {shown}")));
            }
        };
    }
    Ok(all)
}

fn describe(args: &GetCertificateArgs, peer: &Peer) -> Result<Outcome, Failure> {
    let own = peer.sent.first().map(Vec::as_slice).unwrap_or_default();
    let cert = certificate::from_der(own)?;
    let tbs = cert.tbs_certificate();
    let (from, until) = certificate::validity(&cert);
    let mut outcome = Outcome::changed(false);
    outcome.set("cert", pem::write("CERTIFICATE", own)?);
    outcome.set("subject", Data::Map(distinguished::short(tbs.subject())?));
    outcome.set("expired", until < Moment::now());
    let mut listed = Vec::new();
    for extension in tbs.extensions().map_or(&[][..], Vec::as_slice) {
        let bytes = extension.extn_value.as_bytes();
        let shown = if args.asn1_base64 { STANDARD.encode(bytes) } else { raw(bytes)? };
        let fields: [(&str, Data); 3] = [
            ("critical", extension.critical.into()),
            ("asn1_data", shown.into()),
            ("name", oid::short(extension.extn_id).into()),
        ];
        listed.push(Data::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()));
    }
    outcome.set("extensions", Data::List(listed));
    outcome.set("issuer", Data::Map(distinguished::short(tbs.issuer())?));
    outcome.set("not_after", until.to_string());
    outcome.set("not_before", from.to_string());
    outcome.set("serial_number", serial_number(tbs.serial_number())?);
    outcome.set("signature_algorithm", oid::long(cert.signature_algorithm().oid));
    // Counted from 0 here.
    outcome.set("version", Data::Int(certificate::version(&cert) - 1));
    if args.get_certificate_chain {
        outcome.set("verified_chain", pems(&peer.chain)?);
        outcome.set("unverified_chain", pems(&peer.sent)?);
    }
    Ok(outcome)
}

fn pems(chain: &[Vec<u8>]) -> Result<Data, Failure> {
    let pems: Result<Vec<_>, _> = chain.iter().map(|der| pem::write("CERTIFICATE", der).map(Data::Str)).collect();
    Ok(Data::List(pems?))
}

/// Bytes as text. Ansible takes no result that is none, and says so.
fn raw(bytes: &[u8]) -> Result<String, Failure> {
    let Err(error) = std::str::from_utf8(bytes) else { return Ok(String::from_utf8_lossy(bytes).into_owned()) };
    let (valid, mut rest) = bytes.split_at(error.valid_up_to());
    let at = String::from_utf8_lossy(valid).chars().count();
    // How many bytes in a row belong to no letter: Python shows each of them as one.
    let (first, mut run) = (rest.first().copied().unwrap_or_default(), 0);
    while let Err(error) = std::str::from_utf8(rest) {
        if error.valid_up_to() > 0 {
            break;
        }
        let length = error.error_len().unwrap_or(rest.len());
        run += length;
        rest = rest.get(length..).unwrap_or_default();
    }
    let place = match run {
        1 => format!("character '\\udc{first:02x}' in position {at}"),
        _ => format!("characters in position {at}-{}", at + run - 1),
    };
    Err(Failure::new(format!(
        "Task failed: Refusing to deserialize an invalid UTF8 string value: 'utf-8' codec can't encode {place}: surrogates not \
         allowed"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_refused_by_their_place() {
        assert_eq!(raw(b"\x04\x01x").unwrap(), "\u{4}\u{1}x");
        assert!(raw(b"\x04\x14G\xbf/").unwrap_err().msg().contains("character '\\udcbf' in position 3:"));
        assert!(raw(b"\xc3\xa4\x8a\xff\xe2\x82z").unwrap_err().msg().contains("characters in position 1-4:"));
    }

    #[test]
    fn options_are_names_or_numbers() {
        let all = |options: &[Data]| super::options(Some(options)).map_err(|failure| failure.msg());
        assert_eq!(all(&["OP_NO_TLSv1_3".into(), Data::Int(4)]), Ok(NO_TLS_13 | 4));
        assert_eq!(all(&["OP_X".into()]), Err("Failed to determine the numeric value for OP_X".to_owned()));
        assert_eq!(all(&[Data::Null]), Err("tls_ctx_options must be a string or integer, got None".to_owned()));
    }

    #[test]
    fn the_request_of_mysql_has_36_bytes() {
        let packet = mysql_request();
        assert_eq!(packet.len(), 36);
        assert_eq!(packet.get(..13), Some(&[32, 0, 0, 1, 0x85, 0xae, 0x7f, 0, 0, 0, 0, 1, 33][..]));
    }
}
