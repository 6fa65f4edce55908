//! Who runs what next, pure.
