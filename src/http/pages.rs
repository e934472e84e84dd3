//! The HTML pages behind the links in mails, compiled in.
//!
//! Owns: what people see in a browser, the stylesheet, and the policy that lets a browser take nothing else. No page here has a
//! script, loads anything, or repeats the token of its own address: forms go back to where the page came from, and nothing
//! on a page says where that is. Not here: which page answers what, and the headers around it (`reply`), and the page at `/`
//! (`console`).
//!
//! A page's form carries nothing against forgery by another site, and needs nothing: the token in the path is all the
//! authority there is. There is no cookie or other state of the browser that a forged request could borrow, and whoever knows
//! the token can send the request without the browser.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use qrcode::QrCode;
use qrcode::render::svg;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::domain::{Decision, Enrolment, Standing, UnixTime, UserView};

const STYLE: &str = include_str!("pages.css");

/// What a browser may do with a page (Content Security Policy Level 3): show this one stylesheet, and send a form to us.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = hash(STYLE);
    format!("default-src 'none'; style-src '{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
});

/// The value of the `Content-Security-Policy` header that goes with every page.
pub(super) fn policy() -> &'static str {
    &POLICY
}

/// Behind the link of a verification mail. It changes nothing, for mail scanners follow links; its button does.
pub(super) fn verification() -> String {
    page(
        "Confirm your address",
        &html! {
            p {
                "Somebody asked for a Cloud Python account, or for new log-in codes, with the address that this link was sent "
                "to. If that was you, confirm the address; the next page sets up the app that makes your log-in codes, so "
                "have your phone at hand."
            }
            form method="post" { button { "Confirm the address" } }
            p.soft {
                "If it was not you, close this page. A request that nobody confirms is forgotten after ten minutes, and you "
                "hear no more of it."
            }
        },
    )
}

/// The TOTP secret, for the app of whoever has just verified an address.
pub(super) fn enrolment(enrolment: &Enrolment) -> String {
    let uri = enrolment.uri.expose();
    page(
        "Set up your log-in codes",
        &html! {
            p {
                "The address " strong { (enrolment.email.as_str()) } " is confirmed. Besides your password, each log-in "
                "needs a six-digit code from an app on your phone."
            }
            section {
                h2 { "1. Get an authenticator app" }
                p {
                    "Any app for time-based codes (TOTP) will do: Aegis, FreeOTP+, 2FAS, Google Authenticator, Microsoft "
                    "Authenticator, or the password manager that you have already."
                }
            }
            section {
                h2 { "2. Give it this secret" }
                p { "Scan the code with the app." }
                (qr_code(uri))
                p {
                    "If this is the device with the app: " a href=(uri) { "open the secret in the app" }
                    ". Or type it in, as a time-based key:"
                }
                (secret(enrolment))
            }
            section {
                h2 { "3. Wait for the approval" }
                p {
                    "If your account is new, an administrator has been asked to let you in, and you get a mail when that is "
                    "done. From then on you can log in with your address, your password and a code from the app."
                }
                p.soft {
                    "The secret is shown nowhere else. Until the first code from your app has been accepted, the link in the "
                    "mail leads to it again, but for ten minutes at most. Let nobody see it: who has it can make your codes."
                }
            }
        },
    )
}

/// Behind the link of an administrator's mail: who asks, and which decisions would change something.
pub(super) fn approval(user: &UserView) -> String {
    let mut offered = vec![(Decision::Approve, "Approve"), (Decision::Deny, "Deny")];
    offered.retain(|(decision, _)| user.standing.after(*decision).is_ok_and(|after| after != user.standing));
    page(
        "A request for an account",
        &html! {
            (description(user))
            @if offered.is_empty() {
                p { "There is nothing to decide here. Accounts are managed with " code { "cloud-python admin users" } "." }
            } @else {
                p { "Approve it, and whoever owns this address can log in and run Python scripts on this server." }
                form method="post" {
                    @for (decision, label) in &offered {
                        button.quiet[*decision == Decision::Deny] name="decision" value=(decision.name()) { (label) }
                    }
                }
                p.soft { "If you do nothing, the account goes on waiting." }
            }
        },
    )
}

/// What an administrator's decision has led to.
pub(super) fn decided(user: &UserView) -> String {
    let title = match user.standing {
        Standing::Approved => "The account is approved",
        Standing::Denied => "The request is denied",
        Standing::Verified => "The account is waiting",
        Standing::Suspended => "The account is suspended",
    };
    page(
        title,
        &html! {
            (description(user))
            p {
                @match user.standing {
                    Standing::Approved => "They can log in now, and get a mail that says so.",
                    _ => "They cannot log in.",
                }
                " Accounts are managed with " code { "cloud-python admin users" } " on the server. You can close this page."
            }
        },
    )
}

/// Anything that did not go as it should: `title` in a few words, and a sentence that says what to do.
pub(super) fn problem(title: &str, sentence: &str) -> String {
    page(title, &html! { p { (sentence) } })
}

fn page(title: &str, content: &Markup) -> String {
    document(title, STYLE, content)
}

/// A whole page: `style` is all that it looks like, and `content` all that is on it below its title.
pub(super) fn document(title: &str, style: &str, content: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // The address has the token in it.
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex, nofollow";
                title { (title) " - Cloud Python" }
                style { (PreEscaped(style)) }
            }
            body {
                header { "Cloud Python" }
                main { h1 { (title) } (content) }
            }
        }
    };
    markup.into_string()
}

/// What a policy calls a stylesheet or script that stands in a page (Content Security Policy Level 3, section 2.3.1).
pub(super) fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// Dark on white whatever the page's colours, with the four modules of quiet zone that readers need (ISO/IEC 18004, 9.1).
fn qr_code(text: &str) -> Markup {
    // It fails for what does not fit into a code, which no e-mail address is long enough for.
    let drawn = QrCode::new(text).map(|code| code.render::<svg::Color<'_>>().module_dimensions(1, 1).build());
    let drawn = drawn.unwrap_or_default();
    let picture = drawn.find("<svg").and_then(|start| drawn.get(start..)).unwrap_or_default();
    html! { div.qr role="img" aria-label="QR code of the secret" { (PreEscaped(picture)) } }
}

/// The secret for typing: groups without spaces between them, so that a copy is what apps take, on one line or on two alike.
fn secret(enrolment: &Enrolment) -> Markup {
    let letters = enrolment.secret.expose().as_bytes();
    html! {
        dl {
            dt { "Secret" }
            dd {
                code.copy.groups #secret {
                    @for line in letters.chunks(16) {
                        @for group in line.chunks(4) { span { (String::from_utf8_lossy(group)) } }
                        wbr;
                    }
                }
            }
            dt { "Kind" }
            dd { "Time-based, six digits, 30 seconds, SHA-1: what apps take for granted" }
            dt { "The same as a link" }
            dd { code.copy #uri { (enrolment.uri.expose()) } }
        }
    }
}

fn description(user: &UserView) -> Markup {
    html! {
        dl {
            dt { "E-mail address" }
            dd { strong { (user.email.as_str()) } }
            dt { "Confirmed" }
            dd { (date(user.since)) }
            dt { "Standing" }
            dd { (user.standing.name()) }
        }
    }
}

fn date(time: UnixTime) -> Markup {
    let date = i64::try_from(time.0).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let Some(date) = date else { return html! { (time.0) " seconds after 1970" } };
    let exact = date.format(&Rfc3339).unwrap_or_default();
    html! {
        time datetime=(exact) {
            (date.day()) " " (date.month()) " " (date.year()) ", "
            (format!("{:02}:{:02}", date.hour(), date.minute())) " UTC"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Email, TotpSecret};

    /// Takes every character that means something in HTML and may stand in an address.
    const AWKWARD: &str = "o'hara&co=`x`{}|$!#/?^@x.tld";

    fn user(email: &str, standing: Standing) -> UserView {
        let email = Email::parse(email).unwrap();
        UserView { email, standing, since: UnixTime(1_755_784_980), enrolled: false, tokens: 0 }
    }

    fn enrolled(email: &str) -> (Enrolment, String) {
        let email = Email::parse(email).unwrap();
        let totp = TotpSecret::new(*b"12345678901234567890");
        let made = Enrolment { uri: totp.uri(&email), secret: totp.base32(), email };
        let shown = enrolment(&made);
        (made, shown)
    }

    fn all() -> Vec<String> {
        let mut pages =
            vec![verification(), enrolled(AWKWARD).1, problem("Not <found>", "Ask \"again\" & <b>soon</b>.")];
        for standing in Standing::ALL {
            pages.push(approval(&user(AWKWARD, standing)));
            pages.push(decided(&user(AWKWARD, standing)));
        }
        pages
    }

    /// What a browser makes of escaped text.
    fn unescaped(html: &str) -> String {
        html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    }

    fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
        text.split_once(start).unwrap().1.split_once(end).unwrap().0
    }

    #[test]
    fn the_policy_lets_in_the_stylesheet_of_the_page_and_nothing_else() {
        for page in all() {
            let style = between(&page, "<style>", "</style>");
            let hash = STANDARD.encode(Sha256::digest(style));
            assert_eq!(
                policy(),
                format!(
                    "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; \
                     frame-ancestors 'none'"
                )
            );
        }
    }

    #[test]
    fn pages_have_no_scripts_no_addresses_and_no_styles_beside_the_sheet() {
        for page in all() {
            for word in ["<script", " src=", " style=", "action=", "url(", "@import", "http://", "javascript:", " on"] {
                let page = page.replace("http://www.w3.org/2000/svg", "");
                let tags: String = page.split('<').map(|tag| tag.split('>').next().unwrap_or("")).collect();
                let place = if word == " on" { &tags } else { &page };
                assert!(!place.contains(word), "{word} in {page}");
            }
        }
    }

    #[test]
    fn pages_say_what_browsers_and_screen_readers_ask_for() {
        for page in all() {
            assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"));
            assert!(page.contains("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"));
            assert!(page.contains("<meta name=\"referrer\" content=\"no-referrer\">"));
            let title = between(&page, "<title>", "</title>").strip_suffix(" - Cloud Python").unwrap();
            assert_eq!(between(&page, "<h1>", "</h1>"), title);
            for tag in ["<main", "<h1", "<title"] {
                assert_eq!(page.matches(tag).count(), 1, "{tag}");
            }
        }
    }

    #[test]
    fn what_strangers_write_stays_text() {
        let page = problem("<script>a</script>", "\"><img src=x onerror=alert(1)>&amp;");
        assert!(page.contains("&lt;script&gt;a&lt;/script&gt;"));
        assert!(page.contains("&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&amp;amp;"));
        for page in [enrolled(AWKWARD).1, approval(&user(AWKWARD, Standing::Verified))] {
            assert!(page.contains("<strong>o'hara&amp;co=`x`{}|$!#/?^@x.tld</strong>"), "{page}");
        }
    }

    #[test]
    fn the_secret_is_shown_in_three_ways() {
        let (made, page) = enrolled(AWKWARD);
        let groups = between(&page, "id=\"secret\">", "</code>");
        assert_eq!(groups.matches("<span>").count(), 8);
        let letters = groups.replace("<span>", "").replace("</span>", "").replace("<wbr>", "");
        assert_eq!(&letters, made.secret.expose());
        assert_eq!(&unescaped(between(&page, "<a href=\"", "\"")), made.uri.expose());
        assert_eq!(&unescaped(between(&page, "id=\"uri\">", "</code>")), made.uri.expose());
        assert!(page.contains("<svg xmlns") && !page.contains("<?xml"));
    }

    #[test]
    fn the_longest_address_fits_into_a_qr_code() {
        let domain = ["d".repeat(63), "d".repeat(63), "d".repeat(57), String::from("tld")].join(".");
        let longest = format!("{}@{domain}", "%".repeat(64));
        assert_eq!(longest.len(), crate::config::limits::EMAIL_BYTES);
        assert!(enrolled(&longest).1.contains("<path"));
    }

    #[test]
    fn an_administrator_is_offered_what_would_change_something() {
        let table = Standing::ALL.map(|standing| {
            let page = approval(&user("a@x.tld", standing));
            [Decision::Approve, Decision::Deny]
                .map(|decision| page.contains(&format!(" name=\"decision\" value=\"{}\">", decision.name())))
        });
        assert_eq!(table, [[true, true], [false, false], [true, false], [false, false]]);
    }

    #[test]
    fn a_date_is_readable_whatever_it_is() {
        assert_eq!(
            date(UnixTime(1_755_784_980)).into_string(),
            "<time datetime=\"2025-08-21T14:03:00Z\">21 August 2025, 14:03 UTC</time>"
        );
        assert_eq!(date(UnixTime(u64::MAX)).into_string(), "18446744073709551615 seconds after 1970");
    }
}
