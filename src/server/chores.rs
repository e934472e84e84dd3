//! What must be done now and then as long as the server is there.
//!
//! Owns: when it is done, and that a failure is told and tried again. Not here: how (`app`, `certs`).

use std::path::PathBuf;

use crate::app::App;
use crate::certs::Authority;
use crate::clock::Clock;
use crate::config::limits;
use crate::domain::Error;

/// A certificate by the server's own authority, and what it must be good for.
#[derive(Clone)]
pub(super) struct OwnCertificate {
    pub(super) data: PathBuf,
    pub(super) names: Vec<String>,
}

/// What must be done now and then: forgets what has expired, and renews the server's own certificate in time.
pub(super) async fn keep_tidy(app: App, clock: Clock, own: Option<OwnCertificate>) {
    let mut ticks = tokio::time::interval(limits::SWEEP);
    loop {
        ticks.tick().await;
        if let Err(Error::Ours(why)) = app.sweep().await {
            tracing::error!("cannot forget what has expired: {why}");
        }
        let (own, now) = (own.clone(), clock.now());
        // It waits for a lock on the folder, which `certs` may have.
        let renewing =
            tokio::task::spawn_blocking(move || own.map(|own| Authority::open_or_make(&own.data, &own.names, now)));
        let renewed = renewing.await.ok().flatten();
        if let Some(Err(error)) = renewed {
            tracing::error!("cannot renew the certificate: {error}");
        }
    }
}

/// Removes the bytes of parcels that are no more, or never were.
pub(super) async fn keep_objects_tidy(app: App) {
    let mut ticks = tokio::time::interval(limits::ORPHAN_SWEEP);
    loop {
        ticks.tick().await;
        match app.sweep_objects().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "objects without a parcel were removed"),
            Err(error) => tracing::warn!("objects without a parcel cannot be removed: {error:?}"),
        }
    }
}
