//! A sign of life for somebody who waits at a terminal.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::client::Progress;
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

/// How far a file has come.
pub(super) struct Bar {
    passed: Arc<AtomicU64>,
    /// Bytes of all of it; 0 until somebody knows.
    whole: Arc<AtomicU64>,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { passed: Arc::default(), whole: Arc::default() }
    }

    /// What is to be told how many bytes have passed, and of how many.
    pub(super) fn progress(&self) -> Progress {
        let (passed, whole) = (Arc::clone(&self.passed), Arc::clone(&self.whole));
        Arc::new(move |bytes, all| {
            whole.store(all, Ordering::Relaxed);
            passed.store(bytes, Ordering::Relaxed);
        })
    }

    /// Waits, and shows a person at a terminal how far it has come. The bar is gone in the end.
    pub(super) async fn shown<T>(&self, call: impl Future<Output = T>) -> T {
        tokio::pin!(call);
        if !std::io::stderr().is_terminal() {
            return call.await;
        }
        loop {
            if let Ok(done) = tokio::time::timeout(STEP, &mut call).await {
                draw(CLEAR);
                return done;
            }
            let passed = self.passed.load(Ordering::Relaxed);
            if passed > 0 {
                draw(&format!("{CLEAR}{}", bar(passed, self.whole.load(Ordering::Relaxed))));
            }
        }
    }
}

/// `[####      ]  40 %  12.3 MiB`
fn bar(passed: u64, whole: u64) -> String {
    const WIDTH: u64 = 30;
    let mib = format!("{}.{} MiB", passed >> 20, ((passed & 0xf_ffff) * 10) >> 20);
    if whole == 0 {
        return mib;
    }
    let part = |of: u64| u128::from(passed.min(whole)) * u128::from(of) / u128::from(whole);
    let full = usize::try_from(part(WIDTH)).unwrap_or_default();
    let empty = usize::try_from(WIDTH).unwrap_or_default().saturating_sub(full);
    format!("[{}{}] {:3} %  {mib}", "#".repeat(full), " ".repeat(empty), part(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_what_has_passed() {
        assert_eq!(bar(0, 100), format!("[{}]   0 %  0.0 MiB", " ".repeat(30)));
        assert_eq!(bar(50 << 20, 100 << 20), format!("[{}{}]  50 %  50.0 MiB", "#".repeat(15), " ".repeat(15)));
        assert_eq!(bar(u64::MAX, 1), format!("[{}] 100 %  {}.9 MiB", "#".repeat(30), u64::MAX >> 20));
        assert_eq!(bar(3 << 19, 0), "1.5 MiB");
    }
}
