//! What the authorities of a store call themselves, speak for, and publish where.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    constraints::{Constraints, IpRange},
    profile::Published,
    subject::Subject,
    url::HttpUrl,
};

/// Decided when the store is made, and part of its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The organization in every subject.
    pub organization: String,
    /// Its country, two letters of ISO 3166.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Where lists and authorities' certificates are published: an `http` URL that ends with a slash.
    pub url: String,
    /// Domains that intermediates may speak for.
    pub dns: Vec<String>,
    /// Ranges of addresses that they may speak for.
    #[serde(default)]
    pub ip: Vec<String>,
}

impl Settings {
    /// Checks all of it.
    ///
    /// # Errors
    ///
    /// A subject, URL, domain or range that no certificate can carry.
    pub fn check(&self) -> Result<()> {
        self.subject("CA").name()?;
        self.published("root")?;
        self.constraints()?.to_extension()?;
        Ok(())
    }

    /// The subject of an authority of that common name.
    #[must_use]
    pub fn subject(&self, common_name: &str) -> Subject {
        Subject {
            country: self.country.clone(),
            organization: Some(self.organization.clone()),
            common_name: Some(common_name.to_owned()),
        }
    }

    /// What intermediates may speak for.
    ///
    /// # Errors
    ///
    /// A range that is none.
    pub fn constraints(&self) -> Result<Constraints> {
        let ip = self.ip.iter().map(|range| IpRange::parse(range)).collect::<Result<_>>()?;
        Ok(Constraints { dns: self.dns.clone(), ip })
    }

    /// Where that authority's list and certificate are fetched from: `NAME.crl` and `NAME.cer` below the URL.
    ///
    /// # Errors
    ///
    /// A URL that certificates cannot carry.
    pub fn published(&self, name: &str) -> Result<Published> {
        let base = self.url.trim_end_matches('/');
        Ok(Published {
            crl: HttpUrl::parse(&format!("{base}/{name}.crl"))?,
            certificate: HttpUrl::parse(&format!("{base}/{name}.cer"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_no_certificate_can_carry_are_refused() {
        let good = Settings {
            organization: "Example".to_owned(),
            country: Some("DE".to_owned()),
            url: "http://pki.example.org/".to_owned(),
            dns: vec!["example.org".to_owned()],
            ip: vec!["10.0.0.0/8".to_owned()],
        };
        good.check().unwrap();
        assert_eq!(good.published("root").unwrap().crl.as_str(), "http://pki.example.org/root.crl");
        for bad in [
            Settings { organization: String::new(), ..good.clone() },
            Settings { country: Some("de".to_owned()), ..good.clone() },
            Settings { url: "https://pki.example.org".to_owned(), ..good.clone() },
            Settings { dns: Vec::new(), ..good.clone() },
            Settings { ip: vec!["10.0.0.1/8".to_owned()], ..good.clone() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
