//! The offline root.
