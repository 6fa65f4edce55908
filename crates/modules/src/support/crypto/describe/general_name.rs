//! General names (RFC 5280 section 4.2.1.6) in the form that the collection's options take them in: `DNS:example.org`.

use std::net::{IpAddr, Ipv6Addr};

use der::Encode;
use protocol::Data;
use x509_cert::ext::pkix::name::GeneralName;

use super::{Wrong, colons, distinguished, idn::NameEncoding};

/// One name.
///
/// # Errors
///
/// A kind of name that `cryptography` does not know, an address of no length that it has, names that cannot be decoded.
pub fn shown(name: &GeneralName, encoding: NameEncoding) -> Result<String, Wrong> {
    Ok(match name {
        GeneralName::DnsName(text) => format!("DNS:{}", encoding.domain(text.as_str())?),
        GeneralName::Rfc822Name(text) => format!("email:{}", encoding.mail(text.as_str())?),
        GeneralName::UniformResourceIdentifier(text) => format!("URI:{}", encoding.uri(text.as_str())?),
        GeneralName::IpAddress(bytes) => format!("IP:{}", address(bytes.as_bytes())?),
        GeneralName::DirectoryName(name) => format!("dirName:{}", distinguished::rfc4514(name)?),
        GeneralName::RegisteredId(id) => format!("RID:{id}"),
        GeneralName::OtherName(other) => {
            let value = other.value.to_der().map_err(|error| Wrong::Raised(error.to_string()))?;
            format!("otherName:{};{}", other.type_id, colons(&value))
        }
        GeneralName::EdiPartyName(_) => {
            return Err(Wrong::Raised("ediPartyName is not a supported type".to_owned()));
        }
    })
}

/// Several names.
///
/// # Errors
///
/// As [`shown`].
pub fn list<'a>(names: impl IntoIterator<Item = &'a GeneralName>, encoding: NameEncoding) -> Result<Data, Wrong> {
    let names: Result<Vec<_>, _> = names.into_iter().map(|name| shown(name, encoding).map(Data::Str)).collect();
    names.map(Data::List)
}

/// An address, or a network with its mask behind it (in name constraints).
fn address(bytes: &[u8]) -> Result<String, Wrong> {
    if let Some(address) = read(bytes) {
        return Ok(compressed(address));
    }
    let network = matches!(bytes.len(), 8 | 32).then(|| bytes.split_at(bytes.len() / 2));
    let Some((network, mask)) = network else {
        return Err(Wrong::Raised(format!("Invalid IPAddress length: {}", bytes.len())));
    };
    let prefix: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let leading: u32 = mask.iter().take_while(|byte| **byte == 0xff).count() as u32 * 8;
    let next = mask.iter().find(|byte| **byte != 0xff).map_or(0, |byte| byte.leading_ones());
    if leading + next != prefix {
        return Err(Wrong::Raised("Invalid netmask".to_owned()));
    }
    let address = read(network).map(compressed).unwrap_or_default();
    if network.iter().zip(mask).any(|(byte, mask)| byte & !mask != 0) {
        return Err(Wrong::Raised(format!("{address}/{prefix} has host bits set")));
    }
    Ok(format!("{address}/{prefix}"))
}

fn read(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// Python's `compressed`: addresses of version 4 inside of version 6 are not shown as such.
fn compressed(address: IpAddr) -> String {
    match address {
        IpAddr::V6(six) if six.to_ipv4_mapped().is_some() => mapped(six),
        other => other.to_string(),
    }
}

fn mapped(address: Ipv6Addr) -> String {
    let [.., high, low] = address.segments();
    format!("::ffff:{high:x}:{low:x}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_read_as_pythons() {
        assert_eq!(address(&[192, 0, 2, 1]).unwrap(), "192.0.2.1");
        assert_eq!(address(&[10, 0, 0, 0, 255, 0, 0, 0]).unwrap(), "10.0.0.0/8");
        let mut six = [0; 16];
        (six[0], six[1], six[2], six[3], six[15]) = (0x20, 0x01, 0x0d, 0xb8, 1);
        assert_eq!(address(&six).unwrap(), "2001:db8::1");
        let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4];
        assert_eq!(address(&mapped).unwrap(), "::ffff:102:304");
    }

    #[test]
    fn networks_that_are_none_are_refused() {
        assert_eq!(address(&[1, 2, 3]).unwrap_err().text(), "Invalid IPAddress length: 3");
        assert_eq!(address(&[10, 0, 0, 0, 255, 0, 255, 0]).unwrap_err().text(), "Invalid netmask");
        assert_eq!(address(&[10, 0, 0, 1, 255, 0, 0, 0]).unwrap_err().text(), "10.0.0.1/8 has host bits set");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = address(&bytes);
        }
    }
}
