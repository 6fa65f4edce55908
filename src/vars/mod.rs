//! Precedence of variables as one table, and merging.
