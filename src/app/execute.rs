//! Running a script for the owner of an account.

use super::{App, AppError};
use crate::auth::Member;
use crate::domain::{Error, JobSpec, Outcome, Standing};

impl App {
    pub(super) async fn execute(&self, member: &Member, job: &JobSpec) -> Result<Outcome, Error> {
        let mut run = self.0.runs.enter(member.id).await?;
        // Looked at again now that a suspension would end it: one that came in between is not missed.
        self.still_approved(member)?;
        let result = tokio::select! {
            result = self.0.rooms.sandbox.run(member.id, job) => result.map_err(|error| Error::Ours(error.to_string()))?,
            // Dropping the other future kills the run.
            () = run.ended() => return Err(Error::Unauthorized),
        };
        self.0.metrics.ran(&result);
        tracing::debug!(
            account = member.id.number(),
            outcome = ?result.outcome,
            wall_ms = result.usage.wall.as_millis(),
            cpu_ms = result.usage.cpu.as_millis(),
            "ran a script"
        );
        Ok(Outcome::Ran { result: Box::new(result), with_files: job.wants_files() })
    }

    pub(super) fn still_approved(&self, member: &Member) -> Result<(), Error> {
        let account = self.0.rooms.store.read(|view| view.account(member.id)).map_err(AppError::from)?;
        match account.map(|account| account.standing) {
            Some(Standing::Approved) => Ok(()),
            _ => Err(Error::Unauthorized),
        }
    }
}
