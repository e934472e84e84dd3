//! Bytes that belong to no parcel: what a crash or a failed removal has left.

use super::super::{App, AppError};
use crate::config::limits;
use crate::domain::{Error, UnixTime};

impl App {
    /// Removes objects without a record that are old enough to be nobody's who is still at it. To be called now and then. How many
    /// there were.
    pub async fn sweep_objects(&self) -> Result<usize, Error> {
        // A store that has failed does not know what is in its file, and would call everything nobody's that was written last.
        self.0.rooms.store.write(|_| Ok::<_, AppError>(())).await.map_err(Error::from)?;
        let before = UnixTime(self.0.rooms.clock.now().0.saturating_sub(limits::ORPHAN_AGE.as_secs()));
        // What cannot be removed keeps nothing else from going.
        let (mut removed, mut failed) = (0, self.sweep_uploads(before).await.err());
        for shard in 0..=u8::MAX {
            match self.sweep_shard(before, shard).await {
                Ok(count) => removed += count,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(removed), |error| Err(error.into()))
    }

    /// Uploads in parts that nobody will complete.
    async fn sweep_uploads(&self, before: UnixTime) -> Result<(), AppError> {
        let (rooms, mut failed) = (&self.0.rooms, None);
        for (object, upload) in rooms.store.read(|view| view.uploads_before(before))? {
            if self.0.streams.is_writing(&object) {
                continue;
            }
            match rooms.objects.abort(&object, &upload).await {
                Ok(()) => rooms.store.write(move |change| change.remove_upload(&object)).await?,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn sweep_shard(&self, before: UnixTime, shard: u8) -> Result<usize, AppError> {
        let (rooms, mut removed, mut failed) = (&self.0.rooms, 0, None);
        for found in rooms.objects.older_than(before, shard).await? {
            // In this order: whoever has just written the record is still under way.
            let writing = self.0.streams.is_writing(&found.name);
            if writing || rooms.store.read(|view| view.has_object(&found.name))? {
                continue;
            }
            match rooms.objects.remove(&found.name).await {
                Ok(()) => removed += 1,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(removed), |error| Err(error.into()))
    }
}
