//! Bundles: which modules one helper program holds.
//!
//! A helper is sent to a host before it does anything there, so what few tasks need and weighs much is no part of the one
//! that every host gets: it is in a bundle of its own, which a host gets with the first task that needs it.
//!
//! A bundle holds whole modules. Whatever such a module calls is linked into the bundle's program, so that none can miss
//! anything at run time; a module that is in the wrong bundle costs size, which the helper's tests watch over.

/// A group of modules that stand in one program of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bundle {
    /// What any play uses: modules that need no TLS and no cryptography but hashes.
    Base,
    /// Modules that speak HTTP and with it TLS.
    Web,
    /// Modules that make and read keys and certificates.
    Crypto,
}

impl Bundle {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Base, Self::Web, Self::Crypto];

    /// Its name, which names its program (`provision-helper-NAME`) and the file on a host.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Web => "web",
            Self::Crypto => "crypto",
        }
    }
}
