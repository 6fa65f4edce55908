//! The control node.
