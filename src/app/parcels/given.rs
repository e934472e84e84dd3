//! Parcels that a script is given: read whole into the files of its run, within what the run may use.

use tokio::time::timeout;

use super::super::{App, AppError};
use crate::auth::Member;
use crate::config::limits;
use crate::domain::{Error, JobSpec, Parcel};

const NO_KEY: &str = "the account has no key for parcels: register one with POST /parcel-key";
const NOT_ALLOWED: &str = "the account's parcel key neither owns this parcel nor was let in";

impl App {
    /// The job with the parcels in it that it names. To be called when the run has its place: what is read is in memory.
    pub(in crate::app) async fn with_parcels(&self, member: &Member, job: JobSpec) -> Result<JobSpec, Error> {
        if job.parcels().is_empty() {
            return Ok(job);
        }
        let given = self.given(member, &job)?;
        let files = async {
            let mut files = vec![];
            for parcel in &given {
                files.push(self.read_parcel(parcel).await?);
            }
            Ok::<_, Error>(files)
        };
        let late = |_| Error::Ours("the parcels of a run did not come in time".to_owned());
        let files = timeout(limits::OBJECT_OPERATION, files).await.map_err(late)??;
        job.with_contents(files).map_err(|error| Error::TooLarge(error.to_string()))
    }

    /// The parcels' records, in the order in which the job names them.
    fn given(&self, member: &Member, job: &JobSpec) -> Result<Vec<Parcel>, Error> {
        let given = self.0.rooms.store.read(|view| {
            let Some(user) = view.parcel_user(member.id)? else { return Ok(Err(Error::Forbidden(NO_KEY))) };
            let mut parcels = vec![];
            for wanted in job.parcels() {
                let Some(parcel) = view.parcel(&wanted.id)? else { return Ok(Err(Error::NotFound)) };
                if !view.may_download(&parcel, &user)? {
                    return Ok(Err(Error::Forbidden(NOT_ALLOWED)));
                }
                parcels.push(parcel);
            }
            Ok(Ok(parcels))
        });
        let parcels = given.map_err(AppError::from)??;
        let bytes = parcels.iter().fold(0_u64, |bytes, parcel| bytes.saturating_add(parcel.size));
        let room = limits::JOB_BYTES.min(job.budget().memory()) as u64;
        match bytes <= room {
            true => Ok(parcels),
            false => Err(Error::TooLarge(format!("the parcels have {bytes} bytes, and the run has room for {room}"))),
        }
    }

    async fn read_parcel(&self, parcel: &Parcel) -> Result<Vec<u8>, Error> {
        let objects = &self.0.rooms.objects;
        let mut reader = objects.open(&parcel.object, 0..parcel.size).await.map_err(AppError::from)?;
        let mut content = Vec::with_capacity(usize::try_from(parcel.size).unwrap_or_default());
        while let Some(bytes) = reader.next().await {
            content.extend_from_slice(&bytes.map_err(AppError::from)?);
        }
        match content.len() as u64 == parcel.size {
            true => Ok(content),
            false => Err(Error::Ours(format!("{} came with {} bytes of {}", parcel.id, content.len(), parcel.size))),
        }
    }
}
