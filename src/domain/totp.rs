//! The second factor: which codes are right, and that none is right twice (RFC 6238).
//!
//! Owns: the window and the replay rule. Not here: the secret at rest (the vault seals it) and the transaction that takes a
//! step (`auth`).

use totp_rs::{Builder, Totp};

use super::{Email, Secret, UnixTime};

/// Bytes of a secret: 160 bits (RFC 4226, section 4).
pub const TOTP_SECRET_BYTES: usize = 20;
/// Seconds of a step (RFC 6238, section 4.1).
const STEP: u64 = 30;
/// Steps before and after the present one whose code is taken, for a clock that is off (RFC 6238, section 5.2).
const SKEW: u64 = 1;
/// What the person's app calls us.
const ISSUER: &str = "Cloud Python";

/// A six-digit code as somebody typed it.
#[derive(Clone, Debug)]
pub struct TotpCode(Secret<String>);

impl TotpCode {
    /// Takes exactly six ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        let six = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        six.then(|| Self(Secret::new(text.to_owned())))
    }

    /// Takes a number, which has lost its leading zeros.
    pub fn of_number(number: u64) -> Option<Self> {
        Self::parse(&format!("{number:06}"))
    }
}

/// A point in time in units of 30 seconds. A used one is never taken again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotpStep(pub u64);

/// A secret that a person's app shares with the server.
#[derive(Clone, Debug)]
pub struct TotpSecret(Secret<[u8; TOTP_SECRET_BYTES]>);

impl TotpSecret {
    /// A secret of these random bytes.
    pub const fn new(random: [u8; TOTP_SECRET_BYTES]) -> Self {
        Self(Secret::new(random))
    }

    /// The bytes, for sealing.
    pub const fn bytes(&self) -> &[u8; TOTP_SECRET_BYTES] {
        self.0.expose()
    }

    /// The step that a code belongs to, if it is one of the window around `now` and later than the last one used.
    pub fn step_of(&self, code: &TotpCode, now: UnixTime, last_used: Option<TotpStep>) -> Option<TotpStep> {
        let totp = self.totp("");
        let present = now.0 / STEP;
        let window = present.saturating_sub(SKEW)..=present.saturating_add(SKEW);
        let mut found = None;
        // All of the window, always: which step it was should not show in the time.
        for step in window.map(TotpStep) {
            let right = totp.check(code.0.expose(), step.0.saturating_mul(STEP)).is_some();
            if right && last_used.is_none_or(|last| step > last) {
                found = found.or(Some(step));
            }
        }
        found
    }

    /// The code of a point in time: what the person's app shows.
    pub fn code_at(&self, time: UnixTime) -> String {
        self.totp("").generate(time.0).to_string()
    }

    /// The secret as it is typed into an app that cannot scan.
    pub fn base32(&self) -> Secret<String> {
        Secret::new(self.totp("").secret().to_base32())
    }

    /// What the QR code says: `otpauth://totp/...`.
    pub fn uri(&self, owner: &Email) -> Secret<String> {
        // It fails for a name with a colon only, which no e-mail address has.
        Secret::new(self.totp(owner.as_str()).to_url().unwrap_or_default())
    }

    fn totp(&self, owner: &str) -> Totp {
        // Six digits, 30 seconds and SHA-1 are the defaults. The window is ours, so that it is walked in one way.
        let builder = Builder::new().with_secret(*self.0.expose()).with_skew(0);
        builder.with_account_name(owner).with_issuer(Some(ISSUER)).build_noncompliant()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::new(*b"12345678901234567890")
    }

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        let codes = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ];
        for (time, code) in codes {
            assert_eq!(secret().code_at(UnixTime(time)), code);
            let code = TotpCode::parse(code).unwrap();
            assert_eq!(secret().step_of(&code, UnixTime(time), None), Some(TotpStep(time / STEP)));
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_or_late_and_no_longer() {
        let code = TotpCode::parse(&secret().code_at(UnixTime(3000))).unwrap();
        for (now, good) in [(2969, false), (2970, true), (3029, true), (3059, true), (3060, false)] {
            assert_eq!(secret().step_of(&code, UnixTime(now), None).is_some(), good, "{now}");
        }
    }

    #[test]
    fn a_code_is_good_once_and_not_after_a_later_one() {
        let code = TotpCode::parse(&secret().code_at(UnixTime(3000))).unwrap();
        let used = |step| secret().step_of(&code, UnixTime(3000), Some(TotpStep(step)));
        assert_eq!(used(99), Some(TotpStep(100)));
        assert_eq!(used(100), None);
        assert_eq!(used(101), None);
    }

    #[test]
    fn a_code_is_six_digits() {
        for wrong in ["", "12345", "1234567", "+12345", " 12345", "12345\u{661}", "abcdef"] {
            assert!(TotpCode::parse(wrong).is_none(), "{wrong:?}");
        }
        assert!(TotpCode::of_number(1_000_000).is_none());
        assert_eq!(TotpCode::of_number(5924).unwrap().0.expose(), "005924");
    }

    #[test]
    fn the_uri_is_what_apps_read() {
        let uri = secret().uri(&Email::parse("ada@example.org").unwrap());
        assert_eq!(
            uri.expose(),
            "otpauth://totp/Cloud%20Python:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Cloud%20Python"
        );
    }
}
