//! One connection a host, kept for the run.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{connection::Connection, error::ConnectError, ssh::Gates, target::Target};

/// The connections of a run, one for each different [`Target`]; those that go through the same hosts (`ProxyJump`) share
/// the sessions with these. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    slots: Arc<Mutex<HashMap<Target, Slot>>>,
    gates: Gates,
}

/// The lock is held while the connection is opened, so that it is opened once.
type Slot = Arc<tokio::sync::Mutex<Option<Connection>>>;

impl Pool {
    /// A pool without connections.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The connection to a target: the one that is open, or a new one where there is none or it was lost. Whoever asks
    /// while it is being opened gets the same one.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn get(&self, target: &Target) -> Result<Connection, ConnectError> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(target.clone()).or_default())
        };
        let mut open = slot.lock().await;
        if let Some(connection) = open.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        *open = None;
        Ok(open.insert(Connection::open_through(target, &self.gates).await?).clone())
    }

    /// Closes the connection to a target, its helpers too, so that the next task opens a new one
    /// (`meta: reset_connection`).
    pub async fn reset(&self, target: &Target) {
        let slot = self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
        if let Some(slot) = slot
            && let Some(connection) = slot.lock().await.take()
        {
            connection.close().await;
        }
    }

    /// Closes all connections at once, at the end of a run; waits a few seconds at most.
    pub async fn close(&self) {
        let slots: Vec<Slot> = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.drain().map(|(_, slot)| slot).collect()
        };
        let mut closing = tokio::task::JoinSet::new();
        for slot in slots {
            closing.spawn(async move {
                if let Some(connection) = slot.lock().await.take() {
                    connection.close().await;
                }
            });
        }
        while closing.join_next().await.is_some() {}
    }
}
