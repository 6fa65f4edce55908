//! SIGINT: a run stops, whatever it is at.

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, signal, sync::Notify, time};

use super::Failure;

/// How long a run has to end by itself once it was told to.
const GRACE: Duration = Duration::from_secs(2);

/// Listens for SIGINT from now on, on the runtime's own threads; what it returns is told of the first one.
///
/// The conductor may be where no signal reaches it, in a lookup that waits for a command, say. Then a second signal, or the
/// end of the grace, ends the process: with it go the connections, and with those the helpers.
pub(super) fn listen(runtime: &Handle) -> Arc<Notify> {
    let told = Arc::new(Notify::new());
    let teller = Arc::clone(&told);
    runtime.spawn(async move {
        if signal::ctrl_c().await.is_err() {
            return;
        }
        teller.notify_one();
        tokio::select! {
            _ = signal::ctrl_c() => {}
            () = time::sleep(GRACE) => {}
        }
        #[expect(clippy::print_stderr, reason = "the screen is the conductor's, who does not answer")]
        {
            eprintln!("[ERROR]: User interrupted execution");
        }
        std::process::exit(i32::from(Failure::Interrupted.code()));
    });
    told
}
