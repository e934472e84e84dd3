//! The whole API: which path takes what, and which credential and action it means.
//!
//! Owns: the table of routes. Not here: how a request finds its row (`route`), whether the credential is good and what the action
//! does (`app`).

use std::time::Duration;

use super::asked::{Asked, Bearer};
use super::body::{ExecuteRequest, LoginRequest, RegisterRequest, SessionRequest};
use super::field::{Arguments, Base64, Field, Files, Names, NewPassword, Seconds};
use super::intake::Taken;
use super::reply;
use super::route::{Ask, Does, Route, Takes};
use crate::config::limits;
use crate::domain::{Action, Budget, Credential, Error, JobError, JobSpec, JobSpecBuilder, Script};

/// Every route of the HTTPS listener. `GET` takes `HEAD`, too.
pub const ROUTES: &[Route] = &[
    Route::get("/", Does::Tell(|_| reply::console())),
    Route::post("/register", Takes::Json(limits::BODY_BYTES), Does::Ask(register)),
    Route::get("/verify/{token}", Does::Show(view_verification)),
    Route::post("/verify/{token}", Takes::Nothing, Does::Show(verify)),
    Route::get("/approve/{token}", Does::Show(view_approval)),
    Route::post("/approve/{token}", Takes::JsonOrForm(limits::BODY_BYTES), Does::Show(decide)),
    Route::post("/execute", Takes::Json(limits::EXECUTE_BODY_BYTES), Does::Ask(execute)),
    Route::get("/session", Does::Converse(session)),
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
    let ExecuteRequest { email, password, totop, data: Field(data), args, stdin, files, outputs, timeout } =
        asked.json()?;
    let mut job = JobSpec::of(Script::parse(data).map_err(job_error)?);
    if let Some(Field(Base64(stdin))) = stdin {
        job = job.stdin(stdin);
    }
    let job = completed(&asked, job, Parts { args, files, outputs, timeout })?;
    Ok((asked.credential(email, password, totop)?, Action::Execute(Box::new(job))))
}

/// The first message of a live session.
pub(super) fn session(mut asked: Asked) -> Result<(Credential, JobSpec), Error> {
    let SessionRequest { email, password, totop, token, data, args, files, outputs, timeout } = asked.json()?;
    let job = match data {
        Some(Field(data)) => JobSpec::of(Script::parse(data).map_err(job_error)?),
        None => JobSpec::interactive(),
    };
    let job = completed(&asked, job.unbuffered(), Parts { args, files, outputs, timeout })?;
    asked.bearer = match (asked.bearer, token) {
        (shown, None) => shown,
        (Bearer::None, Some(Field(token))) => token,
        _ => return Err(Error::Malformed("show a bearer token in the head or in `token`, not both".to_owned())),
    };
    Ok((asked.credential(email, password, totop)?, job))
}

/// What every kind of run may be given beside the script.
struct Parts {
    args: Option<Arguments>,
    files: Option<Files>,
    outputs: Option<Names>,
    timeout: Option<Seconds>,
}

fn completed(asked: &Asked, job: JobSpecBuilder, parts: Parts) -> Result<JobSpec, Error> {
    let mut job = job.budget(asked.budget);
    if let Some(arguments) = parts.args {
        job = job.arguments(arguments.0);
    }
    if let Some(files) = parts.files {
        job = job.files(files.0);
    }
    if let Some(outputs) = parts.outputs {
        job = job.outputs(outputs.0);
    }
    if let Some(Seconds(wall)) = parts.timeout {
        job = job.budget(timed(asked.budget, wall, asked.wall)?);
    }
    job.build().map_err(job_error)
}

fn timed(budget: Budget, wall: Duration, most: Duration) -> Result<Budget, Error> {
    let sentence = || {
        let (least, most) = (limits::WALL_MIN.as_secs_f64(), most.as_secs_f64());
        Error::Malformed(format!("`timeout` must be from {least} to {most} seconds"))
    };
    let budget = (wall <= most).then(|| budget.with_wall(wall).ok()).flatten();
    budget.ok_or_else(sentence)
}

/// Reads bytes as the body of every route that takes one, for the fuzzer. Whatever they are, they mean something or are refused in a
/// sentence of one printable line; what means something is JSON, or a form.
pub fn read_any_body(bytes: &[u8]) {
    let converse: Ask = |asked| {
        let (credential, job) = session(asked)?;
        Ok((credential, Action::Execute(Box::new(job))))
    };
    let plain = [register as Ask, login, execute, converse, decide].map(|ask| (ask, false));
    for (ask, is_form) in plain.into_iter().chain([(decide as Ask, true)]) {
        let asked = Asked {
            parameter: "A".repeat(43),
            query: String::new(),
            bearer: Bearer::None,
            is_form,
            budget: Budget::default(),
            wall: limits::EXECUTE_WALL,
            body: Taken::of(bytes),
        };
        match ask(asked) {
            Ok(_) => assert!(is_form || serde_json::from_slice::<serde_json::Value>(bytes).is_ok(), "not JSON"),
            Err(Error::Malformed(sentence) | Error::TooLarge(sentence)) => {
                assert!(!sentence.is_empty() && sentence.len() < 1000, "{sentence:?}");
                assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
            }
            Err(error) => assert!(matches!(error, Error::NotFound | Error::Unauthorized), "{error:?}"),
        }
    }
}

fn job_error(error: JobError) -> Error {
    match error {
        JobError::ProgramName | JobError::ArgumentNul | JobError::FilePath => Error::Malformed(error.to_string()),
        _ => Error::TooLarge(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::BearerToken;

    fn asked(body: &[u8], bearer: Bearer) -> Asked {
        let (parameter, query) = (String::new(), String::new());
        let (budget, wall) = (Budget::default(), limits::EXECUTE_WALL);
        Asked { parameter, query, bearer, is_form: false, budget, wall, body: Taken::of(body) }
    }

    fn said(ask: fn(Asked) -> Result<(Credential, Action), Error>, body: impl AsRef<[u8]>) -> String {
        match ask(asked(body.as_ref(), Bearer::None)) {
            Ok((credential, _)) => format!("{credential:?}").split('(').next().unwrap().to_owned(),
            Err(Error::TooLarge(sentence)) => format!("413 {sentence}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_wrong_with_a_log_in_is_said() {
        let long = format!(r#"{{"email":"a@b.c","{}":1}}"#, "x".repeat(100_000));
        let expected = "unknown field; expected one of `email`, `password`, `totop`, `totp`";
        assert_eq!(said(login, &long), expected);
        for (body, expected) in [
            (r#"{"email":"a@b.c","password":"p","totop":123456}"#, "Password"),
            (r#" {"email":"a@b.c","password":"p","totp":"012345"} "#, "Password"),
            (r#"{"email":"a@b.c","password":"p","totop":0}"#, "Password"),
            ("", "the body is empty; a JSON object is expected"),
            ("[]", "the body must be a JSON object: it begins with '{' and ends with '}'"),
            (r#"["a@b.c","p",123456]"#, "the body must be a JSON object: it begins with '{' and ends with '}'"),
            ("{", "the body is not valid JSON: EOF while parsing an object at line 1 column 1"),
            ("{}", "missing field `email`"),
            (r#"{"email":"a@b.c","password":"p"}"#, "missing field `totop`"),
            (r#"{"email":"a@b.c","email":"a@b.c"}"#, "duplicate field `email`"),
            (r#"{"totop":123456,"totp":123456}"#, "duplicate field `totop`"),
            (r#"{"mail":1}"#, "unknown field `mail`, expected one of `email`, `password`, `totop`, `totp`"),
            (r#"{"email":1}"#, "`email` must be a string with an e-mail address"),
            (r#"{"email":null}"#, "`email` must be a string with an e-mail address"),
            (r#"{"email":"a"}"#, "`email`: this is not an e-mail address"),
            (r#"{"password":["hunter2"]}"#, "`password` must be a string"),
            (r#"{"password":{"a":{"b":1}}}"#, "`password` must be a string"),
            (r#"{"totop":1000000}"#, "`totop`: it must be a number or string of six digits"),
            (r#"{"totop":-1}"#, "`totop` must be a number or string of six digits"),
            (r#"{"totop":1.5}"#, "`totop` must be a number or string of six digits"),
            (r#"{"totop":123456.0}"#, "`totop` must be a number or string of six digits"),
            (r#"{"totop":1e999}"#, "the body is not valid JSON: number out of range at line 1 column 14"),
            (
                r#"{"totop":1234567890123456789012345678901234567890}"#,
                "`totop` must be a number or string of six digits",
            ),
            (r#"{"totop":"12345"}"#, "`totop`: it must be a number or string of six digits"),
            (r#"{"totop":" 23456"}"#, "`totop`: it must be a number or string of six digits"),
            (r#"{"totop":true}"#, "`totop` must be a number or string of six digits"),
            (r#"{"email":"\ud800"}"#, "the body is not valid JSON: unexpected end of hex escape at line 1 column 17"),
            (
                "{\"email\":\"a\nb\"}",
                "the body is not valid JSON: control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0",
            ),
            (
                r#"{"email":"a@b.c","password":"p","totop":123456}{}"#,
                "the body goes on after the JSON object: trailing characters at line 1 column 48",
            ),
            (r#"{"email":'a@b.c'}"#, "the body is not valid JSON: expected value at line 1 column 10"),
            (r#"{"email":"a@b.c",}"#, "the body is not valid JSON: trailing comma at line 1 column 18"),
            (r#"{email:"a@b.c"}"#, "the body is not valid JSON: key must be a string at line 1 column 2"),
        ] {
            assert_eq!(said(login, body), expected, "{body}");
        }
    }

    #[test]
    fn a_body_is_utf_8_without_a_mark() {
        let mark = "the body must be JSON in UTF-8 without a byte order mark";
        assert_eq!(said(login, "\u{feff}{}"), mark);
        assert_eq!(said(login, b"{\0}\0"), mark);
        assert_eq!(said(login, b"\0{\0}"), mark);
        assert_eq!(said(login, b"\xff\xfe{\0}\0"), mark);
        assert_eq!(said(login, b"{\"email\":\"\xc3\x28\"}"), "the body is not valid UTF-8 from byte 10 on");
        assert_eq!(said(login, b"{\"email\":\"\xed\xa0\x80\"}"), "the body is not valid UTF-8 from byte 10 on");
    }

    #[test]
    fn nesting_goes_nowhere() {
        for body in ["[".repeat(100_000), format!("{{\"email\":{}", "[".repeat(100_000)), "{\"a\":".repeat(50_000)] {
            assert!(said(login, &body).len() < 100);
        }
    }

    #[test]
    fn a_new_password_is_judged_and_an_old_one_is_not() {
        let body = |password: &str| format!(r#"{{"email":"a@b.c","password":"{password}"}}"#);
        assert_eq!(said(register, body("correct horse")), "Nobody");
        assert_eq!(said(register, body("short")), "`password`: the password has fewer than 8 bytes");
        assert_eq!(said(register, body(&"x".repeat(1025))), "`password`: the password has more than 1024 bytes");
        assert!(said(register, body("password1")).contains("most common"));
    }

    fn job(body: &str) -> JobSpec {
        match execute(asked(body.as_bytes(), Bearer::None)) {
            Ok((_, Action::Execute(job))) => *job,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_job_is_what_was_sent() {
        let job = job(
            r#"{"data":"a\u0000\ud83d\udc0d","args":["","\u00e9"],"stdin":"AAE=","files":{"a/b":"","c":"eA=="},"timeout":0.5}"#,
        );
        assert_eq!(job.script().unwrap().as_bytes(), "a\0\u{1f40d}".as_bytes());
        assert_eq!(job.arguments().iter().map(|a| a.as_bytes()).collect::<Vec<_>>(), [&b""[..], "\u{e9}".as_bytes()]);
        assert_eq!(job.stdin(), [0, 1]);
        assert_eq!(
            job.files().iter().map(|file| (file.path.as_bytes(), file.content.as_slice())).collect::<Vec<_>>(),
            [(&b"a/b"[..], &b""[..]), (b"c", b"x")]
        );
        assert_eq!(job.budget().wall(), Duration::from_millis(500));
    }

    #[test]
    fn files_are_asked_for_by_name() {
        let with = |outputs: &str| {
            let job = job(&format!(r#"{{"data":""{outputs}}}"#));
            let names = job.outputs().iter().map(|path| String::from_utf8_lossy(path.as_bytes()).into_owned());
            (job.wants_files(), names.collect::<Vec<_>>().join(" "))
        };
        assert_eq!(with(r#","outputs":["a","b/\u00e9","a"]"#), (true, "a b/\u{e9} a".to_owned()));
        assert_eq!(with(r#","outputs":[]"#), (true, String::new()));
        for nothing in ["", r#","outputs":null"#] {
            assert_eq!(with(nothing), (false, String::new()));
        }
    }

    #[test]
    fn what_is_wrong_with_a_job_is_said() {
        let many = |item: &str, count: usize| vec![item; count].join(",");
        let name = "a file's name must be a relative path of 1 to 4096 bytes without NUL, '.' or '..'";
        let files: Vec<String> = (0..=limits::FILES).map(|number| format!("\"{number}\":\"\"")).collect();
        for (rest, expected) in [
            (String::new(), "Nobody"),
            (r#","args":"x""#.into(), "`args` must be a list of strings"),
            (r#","args":["x",1]"#.into(), "`args[1]` must be a string"),
            (r#","args":["\u0000"]"#.into(), "`args[0]`: an argument has a NUL byte"),
            (format!(r#","args":[{}]"#, many("\"\"", 2000)), "413 more than 1024 arguments or 131072 bytes of them"),
            (r#","stdin":"YQ""#.into(), "`stdin`: not standard base64 with padding: Invalid padding"),
            (r#","stdin":"_-8=""#.into(), "`stdin`: not standard base64 with padding: Invalid symbol 95, offset 0."),
            (r#","stdin":5"#.into(), "`stdin` must be a string in base64"),
            (r#","files":[]"#.into(), "`files` must be an object of names and contents in base64"),
            (r#","files":{"a":"","a":""}"#.into(), "`files`: a file's name is there twice"),
            (r#","files":{"a":1}"#.into(), "`files.a` must be a string in base64"),
            (r#","files":{"../a":""}"#.into(), &format!("`files`: {name}")),
            (format!(r#","files":{{{}}}"#, files.join(",")), "413 more than 10000 files"),
            (r#","outputs":"a""#.into(), "`outputs` must be a list of strings"),
            (r#","outputs":{"a":""}"#.into(), "`outputs` must be a list of strings"),
            (r#","outputs":["a",1]"#.into(), "`outputs[1]` must be a string with a file's name"),
            (r#","outputs":[""]"#.into(), &format!("`outputs[0]`: {name}")),
            (r#","outputs":["/a"]"#.into(), &format!("`outputs[0]`: {name}")),
            (r#","outputs":["a","b/../c"]"#.into(), &format!("`outputs[1]`: {name}")),
            (r#","outputs":["a\u0000"]"#.into(), &format!("`outputs[0]`: {name}")),
            (format!(r#","outputs":["{}"]"#, "x".repeat(limits::PATH_BYTES + 1)), &format!("`outputs[0]`: {name}")),
            (format!(r#","outputs":[{}]"#, many("\"a\"", limits::OUTPUTS)), "Nobody"),
            (format!(r#","outputs":[{}]"#, many("\"a\"", 2000)), "413 more than 1000 names of files to return"),
            // What is too much is not looked at any more.
            (format!(r#","outputs":[{},5]"#, many("\"a\"", 1001)), "413 more than 1000 names of files to return"),
            (r#","timeout":"1""#.into(), "`timeout` must be a number of seconds"),
            (r#","timeout":0"#.into(), "`timeout` must be from 0.01 to 60 seconds"),
            (r#","timeout":60.5"#.into(), "`timeout` must be from 0.01 to 60 seconds"),
            (r#","timeout":-1"#.into(), "`timeout` must be a number of seconds"),
            (r#","timeout":-1.5"#.into(), "`timeout`: it must be a number of seconds above 0"),
            (r#","timeout":1e300"#.into(), "`timeout`: it must be a number of seconds above 0"),
            (r#","timeout":18446744073709551615"#.into(), "`timeout` must be from 0.01 to 60 seconds"),
            (r#","data":"""#.into(), "duplicate field `data`"),
            (r#","password":"p","totop":1"#.into(), "missing field `email`: it goes with `password` and `totop`"),
            (r#","email":"a@b.c""#.into(), "missing field `password`: it goes with `email` and `totop`"),
            (r#","email":"a@b.c","password":"p""#.into(), "missing field `totop`: it goes with `email` and `password`"),
        ] {
            assert_eq!(said(execute, format!(r#"{{"data":"pass"{rest}}}"#)), expected, "{rest:.80}");
        }
        assert_eq!(said(execute, r#"{"data":null}"#), "`data` must be a string");
        assert_eq!(said(execute, "{}"), "missing field `data`");
        let large = format!(r#"{{"data":"{}"}}"#, "x".repeat(limits::SCRIPT_BYTES + 1));
        assert_eq!(said(execute, large), "413 the script is larger than 1048576 bytes");
    }

    #[test]
    fn a_caller_shows_one_thing() {
        let token = || Bearer::Token(BearerToken::new([7; 32]));
        let with = |body: &str, bearer| execute(asked(body.as_bytes(), bearer)).map(|(credential, _)| credential);
        let (bare, full) = (r#"{"data":""}"#, r#"{"data":"","email":"a@b.c","password":"p","totop":1}"#);
        assert!(matches!(with(bare, Bearer::None), Ok(Credential::Nobody)));
        assert!(matches!(with(bare, token()), Ok(Credential::Bearer(_))));
        assert!(matches!(with(bare, Bearer::Unknown), Err(Error::Unauthorized)));
        assert!(matches!(with(full, Bearer::None), Ok(Credential::Password(_))));
        for bearer in [token(), Bearer::Unknown] {
            let Err(error) = with(full, bearer) else { panic!("both were taken") };
            assert_eq!(error.to_string(), "show a bearer token, or `email`, `password` and `totop`, not both");
        }
    }

    #[test]
    fn a_link_that_cannot_be_ours_is_like_one_that_is_not() {
        for ask in [view_verification, verify, view_approval] {
            assert!(matches!(ask(asked(b"", Bearer::None)), Err(Error::NotFound)));
        }
    }

    #[test]
    fn a_decision_comes_as_json_or_as_a_form() {
        let decision = |body: &str, is_form| Asked { is_form, ..asked(body.as_bytes(), Bearer::None) }.decision();
        assert_eq!(decision(r#"{"decision":"approve"}"#, false).unwrap(), crate::domain::Decision::Approve);
        assert_eq!(decision("decision=deny", true).unwrap(), crate::domain::Decision::Deny);
        for wrong in ["", "decision=", "decision=suspend", "decision=approve&decision=deny", "x=y", "DECISION=deny"] {
            assert_eq!(decision(wrong, true).unwrap_err().to_string(), "`decision` must be \"approve\" or \"deny\"");
        }
        let error = decision(r#"{"decision":"suspend"}"#, false).unwrap_err().to_string();
        assert_eq!(error, "`decision`: it must be \"approve\" or \"deny\"");
    }
}
