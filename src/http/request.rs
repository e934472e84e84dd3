//! The whole API: which path takes what, and which credential and action it means.
//!
//! Owns: the table of routes. Not here: how a request finds its row (`route`), whether the credential is good and what the action
//! does (`app`).

use std::time::Duration;

use super::asked::Asked;
use super::body::{ExecuteRequest, LoginRequest, RegisterRequest};
use super::field::{Base64, Field, NewPassword, Seconds};
use super::reply;
use super::route::{Does, Route, Takes};
use crate::config::limits;
use crate::domain::{Action, Budget, Credential, Error, JobError, JobSpec, Script};

/// Every route of the HTTPS listener. `GET` takes `HEAD`, too.
pub const ROUTES: &[Route] = &[
    Route::post("/register", Takes::Json(limits::BODY_BYTES), Does::Ask(register)),
    Route::get("/verify/{token}", Does::Show(view_verification)),
    Route::post("/verify/{token}", Takes::Nothing, Does::Show(verify)),
    Route::get("/approve/{token}", Does::Show(view_approval)),
    Route::post("/approve/{token}", Takes::JsonOrForm(limits::BODY_BYTES), Does::Show(decide)),
    Route::post("/execute", Takes::Json(limits::EXECUTE_BODY_BYTES), Does::Ask(execute)),
    Route::post("/login", Takes::Json(limits::BODY_BYTES), Does::Ask(login)),
    Route::post("/logout", Takes::Nothing, Does::Ask(logout)),
    Route::get("/openapi.json", Does::Tell(|_| reply::document())),
    Route::get("/healthz", Does::Tell(|_| reply::alive())),
    Route::get("/readyz", Does::Tell(|house| reply::ready(house.is_ready()))),
    Route::get("/version", Does::Tell(|house| reply::versions(&house.app))),
];

fn register(asked: Asked) -> Result<(Credential, Action), Error> {
    let RegisterRequest { email: Field(email), password: Field(NewPassword(password)) } = asked.json()?;
    Ok((Credential::Nobody, Action::Register { email, password }))
}

fn view_verification(asked: Asked) -> Result<(Credential, Action), Error> {
    Ok((Credential::Verification(asked.link()?), Action::ViewVerification))
}

fn verify(asked: Asked) -> Result<(Credential, Action), Error> {
    Ok((Credential::Verification(asked.link()?), Action::Verify))
}

fn view_approval(asked: Asked) -> Result<(Credential, Action), Error> {
    Ok((Credential::Approval(asked.link()?), Action::ViewApproval))
}

fn decide(asked: Asked) -> Result<(Credential, Action), Error> {
    let decision = asked.decision()?;
    Ok((Credential::Approval(asked.link()?), Action::DecideByLink(decision)))
}

fn login(asked: Asked) -> Result<(Credential, Action), Error> {
    let LoginRequest { email, password, totop } = asked.json()?;
    Ok((asked.credential(Some(email), Some(password), Some(totop))?, Action::Login))
}

fn logout(asked: Asked) -> Result<(Credential, Action), Error> {
    Ok((asked.credential(None, None, None)?, Action::Logout))
}

fn execute(asked: Asked) -> Result<(Credential, Action), Error> {
    let ExecuteRequest { email, password, totop, data: Field(data), args, stdin, files, timeout } = asked.json()?;
    let mut job = JobSpec::of(Script::parse(data).map_err(job_error)?);
    if let Some(arguments) = args {
        job = job.arguments(arguments.0);
    }
    if let Some(Field(Base64(stdin))) = stdin {
        job = job.stdin(stdin);
    }
    if let Some(files) = files {
        job = job.files(files.0);
    }
    if let Some(Seconds(wall)) = timeout {
        job = job.budget(budget(wall, asked.wall)?);
    }
    let job = job.build().map_err(job_error)?;
    Ok((asked.credential(email, password, totop)?, Action::Execute(Box::new(job))))
}

fn budget(wall: Duration, most: Duration) -> Result<Budget, Error> {
    let sentence = || {
        let (least, most) = (limits::WALL_MIN.as_secs_f64(), most.as_secs_f64());
        Error::Malformed(format!("`timeout` must be from {least} to {most} seconds"))
    };
    let budget = (wall <= most).then(|| Budget::default().with_wall(wall).ok()).flatten();
    budget.ok_or_else(sentence)
}

fn job_error(error: JobError) -> Error {
    match error {
        JobError::ProgramName | JobError::ArgumentNul | JobError::FilePath => Error::Malformed(error.to_string()),
        _ => Error::TooLarge(error.to_string()),
    }
}
