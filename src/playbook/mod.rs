//! Plays, blocks, tasks, handlers, roles: loading and structure.
