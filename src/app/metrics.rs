//! Figures for a monitoring system: what was asked and answered, and what ran. No address, no number of an account.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::domain::{Error, JobOutcome, JobResult};

/// Counters that only grow, and the times of runs.
#[derive(Debug)]
pub(super) struct Metrics {
    answers: Family<Answer, Counter>,
    runs: Family<Ended, Counter>,
    run_seconds: Histogram,
    run_cpu_seconds: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    action: &'static str,
    answer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        // From half a millisecond to about half a minute.
        let times = || Histogram::new(exponential_buckets(0.0005, 2.0, 17));
        Self { answers: Family::default(), runs: Family::default(), run_seconds: times(), run_cpu_seconds: times() }
    }
}

impl Metrics {
    pub(super) fn answered(&self, action: &'static str, answer: Result<(), &Error>) {
        let answer = match answer {
            Ok(()) => "ok",
            Err(Error::Malformed(_) | Error::TooLarge(_) | Error::Conflict(_) | Error::NotFound) => "refused",
            Err(Error::Unauthorized) => "unauthorized",
            Err(Error::SlowDown(_)) => "slow_down",
            Err(Error::Overloaded(_)) => "overloaded",
            Err(Error::Ours(_)) => "failed",
        };
        self.answers.get_or_create(&Answer { action, answer }).inc();
    }

    pub(super) fn ran(&self, result: &JobResult) {
        let outcome = match result.outcome {
            JobOutcome::Exited(0) => "exited",
            JobOutcome::Exited(_) => "exited_with_error",
            JobOutcome::Aborted => "aborted",
            JobOutcome::TimedOut(_) => "timed_out",
            JobOutcome::OutputTooLarge => "output_too_large",
        };
        self.runs.get_or_create(&Ended { outcome }).inc();
        self.run_seconds.observe(result.usage.wall.as_secs_f64());
        self.run_cpu_seconds.observe(result.usage.cpu.as_secs_f64());
    }

    /// All of it in the text format of OpenMetrics.
    pub(super) fn text(&self, running: usize, waiting: usize, sessions: usize) -> String {
        let mut registry = Registry::with_prefix("cloud_python");
        registry.register("answers", "Requests answered", self.answers.clone());
        registry.register("runs", "Runs and live sessions ended", self.runs.clone());
        registry.register("run_seconds", "Wall-clock time of runs and live sessions", self.run_seconds.clone());
        registry.register("run_cpu_seconds", "CPU time of runs and live sessions", self.run_cpu_seconds.clone());
        registry.register("runs_in_progress", "Runs in progress", gauge(running));
        registry.register("runs_waiting", "Runs that wait for a place", gauge(waiting));
        registry.register("sessions_in_progress", "Live sessions in progress", gauge(sessions));
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

fn gauge(value: usize) -> ConstGauge<i64> {
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX))
}
