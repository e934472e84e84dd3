//! A sign of life for somebody who waits at a terminal.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use crate::config::limits;

/// How often the sign moves.
const STEP: Duration = Duration::from_millis(200);
/// Back to the start of the line, and nothing on it.
const CLEAR: &str = "\r\x1b[K";

/// Waits. After [`limits::QUIET`] a line on standard error shows that it does, if a person can see it there; it is gone in
/// the end.
pub(super) async fn shown<T>(call: impl Future<Output = T>) -> T {
    shown_as(|| "waiting for the server".to_owned(), call).await
}

/// The same with another text, which is asked for whenever the line is drawn.
pub(super) async fn shown_as<T>(text: impl Fn() -> String, call: impl Future<Output = T>) -> T {
    tokio::pin!(call);
    if !std::io::stderr().is_terminal() {
        return call.await;
    }
    if let Ok(done) = tokio::time::timeout(limits::QUIET, &mut call).await {
        return done;
    }
    let mut signs = "|/-\\".chars().cycle();
    loop {
        draw(&format!("{CLEAR}{} {}", signs.next().unwrap_or_default(), text()));
        if let Ok(done) = tokio::time::timeout(STEP, &mut call).await {
            draw(CLEAR);
            return done;
        }
    }
}

/// A sign that cannot be drawn is no reason to stop.
fn draw(text: &str) {
    let mut stderr = std::io::stderr();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
