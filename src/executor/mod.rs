//! The only asynchronous conductor.
