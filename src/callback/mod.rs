//! What the user sees: events in, text out.
