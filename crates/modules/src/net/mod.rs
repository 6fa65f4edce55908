//! Modules about the network.
