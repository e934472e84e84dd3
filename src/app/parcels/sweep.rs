//! Bytes that belong to no parcel: what a crash or a failed removal has left.

use super::super::{App, AppError};
use crate::config::limits;
use crate::domain::{Error, UnixTime};

impl App {
    /// Removes objects without a record that are old enough to be nobody's who is still at it. To be called now and then. How many
    /// there were.
    pub async fn sweep_objects(&self) -> Result<usize, Error> {
        let before = UnixTime(self.0.rooms.clock.now().0.saturating_sub(limits::ORPHAN_AGE.as_secs()));
        self.sweep_uploads(before).await.map_err(Error::from)?;
        let mut removed = 0;
        for shard in 0..=u8::MAX {
            removed += self.sweep_shard(before, shard).await.map_err(Error::from)?;
        }
        Ok(removed)
    }

    /// Uploads in parts that nobody will complete.
    async fn sweep_uploads(&self, before: UnixTime) -> Result<(), AppError> {
        let rooms = &self.0.rooms;
        for (object, upload) in rooms.store.read(|view| view.uploads_before(before))? {
            if !self.0.streams.is_writing(&object) {
                rooms.objects.abort(&object, &upload).await?;
                rooms.store.write(move |change| change.remove_upload(&object)).await?;
            }
        }
        Ok(())
    }

    async fn sweep_shard(&self, before: UnixTime, shard: u8) -> Result<usize, AppError> {
        let rooms = &self.0.rooms;
        let mut removed = 0;
        for found in rooms.objects.older_than(before, shard).await? {
            // In this order: whoever has just written the record is still under way.
            let writing = self.0.streams.is_writing(&found.name);
            if writing || rooms.store.read(|view| view.has_object(&found.name))? {
                continue;
            }
            rooms.objects.remove(&found.name).await?;
            removed += 1;
        }
        Ok(removed)
    }
}
